"""Dossiers over REST: hand in, list, read with who holds them now, answer a draft, withdraw."""

from collections.abc import Callable

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from engine import errors
from engine.actions import intake, receive, suspend
from engine.actions.conditions import Seen, as_it_stands
from engine.actions.documents import Upload
from engine.actions.receive import Desk
from engine.dossiers import media
from engine.dossiers.indexing import searchable
from engine.exchange.ports import Json
from engine.queries import dossiers, timelines
from engine.queries import evidence as proofs
from engine.queries.dossiers import DossierBrief, DossierFilter, Held
from engine.storage import access
from engine.storage.database import Connection
from web import conditions, cursors, tracing, variables
from web.api import dossier_models as shapes
from web.api import evidence
from web.api.models import Done, Paged, answer, blueprint, conditional, listing, page
from web.auth import check_desk, check_own, needs, principal
from web.container import Container
from web.idempotency import external_id, idempotent, replay, reply, request_digest


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about dossiers."""
    api = blueprint("dossiers", "Hand in dossiers, follow them, withdraw them.")
    _add_writing(api, container)
    _add_answering(api, container)
    _add_holding(api, container)
    _add_reading(api, container)
    _add_history(api, container)
    return api


def find(container: Container, code: str) -> DossierBrief:
    """The dossier, if the caller's unit has to do with it. Raises: DossierNotFound, also where it has not."""
    with container.store.reading() as connection:
        brief = dossiers.get_brief(connection, code)
    check_own(brief.units, errors.DossierNotFound(dossier=code))
    return brief


def seen(code: str) -> Seen | None:
    """What looks at the dossier once it is locked; None: the caller sets no condition."""
    return conditions.seen(lambda connection: _now(connection, code))


def seen_now(code: str) -> Seen:
    """`seen` where the caller must set a condition. It raises PreconditionMissing where there is none."""
    return conditions.seen_now(lambda connection: _now(connection, code))


def _now(connection: Connection, code: str) -> tuple[str, str]:
    brief = dossiers.get_brief(connection, code)
    return _tags(connection, brief, dossiers.held_by(connection, brief.id))


def _tags(connection: Connection, brief: DossierBrief, held: list[Held]) -> tuple[str, str]:
    """The ETags of a dossier as it stands, with what came in for it: without and with its personal data."""
    came = dossiers.last_come(connection, brief.id)
    whole = conditions.tag(shapes.whole(brief, held).model_dump(mode="json"), came)
    return whole, f"{whole}-data"


def wanted_by(connection: Connection, query: shapes.DossiersQuery) -> DossierFilter:
    """What a list narrows to, for this caller. Raises: RequestInvalid: a variable is none of the procedure."""
    return DossierFilter(
        variables=variables.wanted(connection, query.procedure, query.variables),
        unit=principal().unit,
        of_unit=query.unit,
        code_part=query.code,
        name_part=searchable(query.name) if query.name else None,
        **query.model_dump(exclude={"limit", "cursor", "unit", "code", "name", "variables"}),
    )


def uploads(documents: list[shapes.NewDocument]) -> list[Upload]:
    """The papers of a request, as the engine takes them."""
    return [
        Upload(code=one.code, name=one.name, media_type=media.canonical(one.media_type), content=one.content)
        for one in documents
    ]


def _desk(body: shapes.NewDossierRequest) -> Desk:
    check_desk(body.receiving_unit)
    return Desk(
        receiving=body.receiving_unit,
        competent=body.competent_unit or body.receiving_unit,
        returning=body.returning_unit or body.receiving_unit,
        delivery=body.delivery,
    )


def _add_writing(api: APIBlueprint, container: Container) -> None:
    @api.post("/dossiers", summary="Hand in a dossier", responses={201: shapes.Accepted})
    @needs("dossiers:write")
    @idempotent(container, kept_within=True)
    def hand_in(body: shapes.NewDossierRequest) -> Response:
        raw: dict[str, Json] = {"channel": body.channel, "applicant": body.applicant, "data": body.data}
        taken = intake.hand_in(
            container.store,
            body.procedure,
            raw,
            uploads(body.documents),
            _desk(body),
            now=container.clock.now(),
            by=principal().name,
            external_id=external_id(),
            limit_bytes=container.max_document_bytes,
            request=request_digest(),
            trace=tracing.traceparent(),
            reply=reply(_accepted),
        )
        return replay(taken.answer) if taken.answer else _accepted(taken.code, taken.access_code)


def _accepted(code: str, access_code: str) -> Response:
    href = f"/api/v1/dossiers/{code}"
    told = shapes.Accepted(code=code, status=1, access_code=access_code, href=href)
    return answer(told, 201, Location=href)


def _add_answering(api: APIBlueprint, container: Container) -> None:
    @api.post(
        "/dossiers/<string:code>/draft-confirmation",
        summary="Agree to a draft, or send it back",
        responses={202: Done},
    )
    @needs("dossiers:write")
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def confirm_draft(path: shapes.DossierPath, body: shapes.DraftConfirmationRequest) -> Response:
        find(container, path.code)
        intake.confirm_draft(
            container.store,
            path.code,
            confirmed=body.confirmed,
            draft=body.draft,
            note=body.note,
            now=container.clock.now(),
            by=principal().name,
            external_id=external_id(),
            keep_days=container.message_keep_days,
            seen=seen(path.code),
        )
        return answer(Done(), 202)

    @api.post("/dossiers/<string:code>/withdrawal", summary="Withdraw a dossier", responses={202: Done})
    @needs("dossiers:write")
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def withdraw(path: shapes.DossierPath, body: shapes.WithdrawalRequest) -> Response:
        find(container, path.code)
        receive.withdraw(
            container.store,
            path.code,
            reason=body.reason,
            by=principal().name,
            now=container.clock.now(),
            external_id=external_id(),
            request=request_digest(),
            seen=seen(path.code),
        )
        return answer(Done(), 202)


def _add_holding(api: APIBlueprint, container: Container) -> None:
    def act(what: Callable[..., None], code: str, reason: str) -> Response:
        find(container, code)
        look = seen(code) or as_it_stands
        what(
            container.store,
            code,
            by=principal().name,
            reason=reason,
            now=container.clock.now(),
            seen=look,
        )
        return answer(Done(), 200)

    @api.post(
        "/dossiers/<string:code>/suspension",
        summary="Hold a dossier still: nothing of it is applied or sent",
        responses={200: Done},
    )
    @needs("dossiers:suspend")
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def suspend_dossier(path: shapes.DossierPath, body: shapes.SuspensionRequest) -> Response:
        return act(suspend.suspend, path.code, body.reason)

    @api.post(
        "/dossiers/<string:code>/resumption",
        summary="Let a suspended dossier go on: what waited is applied in its order",
        responses={200: Done},
    )
    @needs("dossiers:suspend")
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def resume_dossier(path: shapes.DossierPath, body: shapes.SuspensionRequest) -> Response:
        return act(suspend.resume, path.code, body.reason)


def _add_reading(api: APIBlueprint, container: Container) -> None:
    @api.get("/dossiers", summary="List dossiers, newest first", responses={200: shapes.Dossiers})
    @needs("dossiers:read")
    def list_dossiers(query: shapes.DossiersQuery) -> Response:
        bound: dict[str, object] = query.model_dump(exclude={"limit", "cursor"})
        after = cursors.read(container, query.cursor, bound)
        with container.store.reading() as connection:
            wanted = wanted_by(connection, query)
            found = dossiers.find_dossiers(connection, wanted, after=after, limit=query.limit + 1)
        rows, more = page(found, query.limit)
        last = rows[-1].id if more else None
        return listing(container, [shapes.line(row) for row in rows], last=last, bound_to=bound)

    @api.get(
        "/dossiers/<string:code>",
        summary="Read a dossier and who holds it now",
        responses={200: shapes.Dossier},
    )
    @needs("dossiers:read")
    def get_dossier(path: shapes.DossierPath, query: shapes.DossierQuery) -> Response:
        brief = find(container, path.code)
        with container.store.reading() as connection:
            held = dossiers.held_by(connection, brief.id)
            tags = _tags(connection, brief, held)
        personal = _personal(container, brief) if query.include == "data" else {}
        response = conditions.tagged(answer(shapes.whole(brief, held, **personal)), tags[bool(personal)])
        return conditional(response)


def _add_history(api: APIBlueprint, container: Container) -> None:
    @api.get(
        "/dossiers/<string:code>/timeline",
        summary="Read a dossier's history, oldest first",
        responses={200: shapes.Timeline},
    )
    @needs("dossiers:read")
    def get_timeline(path: shapes.DossierPath, query: Paged) -> Response:
        brief = find(container, path.code)
        bound: dict[str, object] = {"of": brief.code}
        after = cursors.read(container, query.cursor, bound) or 0
        with container.store.reading() as connection:
            found = timelines.entries(connection, brief.id, after=after, limit=query.limit + 1)
        rows, more = page(found, query.limit)
        last = rows[-1].seq if more else None
        return listing(
            container, [shapes.Entry.model_validate(row) for row in rows], last=last, bound_to=bound
        )

    @api.get(
        "/dossiers/<string:code>/evidence",
        summary="Read the proof that a dossier's history is unaltered",
        responses={200: shapes.Evidence},
    )
    @needs("dossiers:read")
    def get_evidence(path: shapes.DossierPath) -> Response:
        brief = find(container, path.code)
        with container.store.reading() as connection:
            proof = proofs.prove(connection, brief.code, brief.id)
        return answer(evidence.told(proof))


def _personal(container: Container, brief: DossierBrief) -> dict[str, object]:
    """Applicant and data; that they were read is written down first."""
    with container.store.transaction() as connection:
        access.audit(connection, principal().name, "personal-data-read", dossier=brief.id)
        person = dossiers.get_person(connection, brief.id)
    return {"applicant": dict(person.applicant), "data": dict(person.data)}
