"""Batches over REST: one act about many in three steps (choose, see what exactly would be done, confirm), and what became."""

from collections import Counter
from urllib.parse import urlencode

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from engine import errors
from engine.actions import batch_control, lengthen
from engine.actions import batches as acts
from engine.actions.lengthen import Lengthening
from engine.queries import batches
from engine.queries.batches import BatchFilter
from web import conditions, cursors, freezing
from web.api import batch_choice
from web.api import batch_models as shapes
from web.api.batch_choice import Able
from web.api.models import Paged, answer, blueprint, listing, page
from web.auth import needs, principal
from web.container import Container
from web.freezing import Frozen
from web.idempotency import idempotent

SUBJECTS = ("incident", "dossier", "call")
_HIDDEN = ("name",)  # of a filter: personal data


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about batches."""
    api = blueprint("batches", "One act about many, seen before it is done.")
    _add_making(api, container)
    _add_reading(api, container)
    _add_items(api, container)
    _add_acting(api, container)
    return api


def _add_making(api: APIBlueprint, container: Container) -> None:
    @api.post(
        "/batches/preview", summary="See what an act about many would do", responses={200: shapes.Preview}
    )
    @needs("batches", of_all_units=True)
    @idempotent(container)
    def preview_batch(body: shapes.PreviewRequest) -> Response:
        batch_choice.require(body.subject, body.action)
        with container.store.reading() as connection:
            if body.items is not None:
                ids, matched = batch_choice.chosen(connection, body.subject, body.items)
            else:
                ids, matched = batch_choice.matching(connection, body.subject, body.filter or {})
            due = _due(body, lengthen.last_event(connection))
            able = batch_choice.able(connection, body.subject, body.action, ids, due)
        frozen = Frozen(
            action=body.action,
            ids=tuple(one.id for one in able),
            ignored=min(matched, freezing.MOST) - len(able),
            total=matched,
            target=_in_words(body),
            given=due.as_json() if due is not None else {},
        )
        return answer(_previewed(container, body, frozen, able))

    @api.post("/batches", summary="Confirm what a preview showed", responses={202: shapes.Batch})
    @needs("batches", of_all_units=True)
    @idempotent(container)
    def create_batch(body: shapes.BatchRequest) -> Response:
        subject, frozen = _thaw(container, body.frozen)
        batch_choice.require(subject, frozen.action)
        if body.count != len(frozen.ids):
            fields = [{"field": "count", "reason": f"is not {len(frozen.ids)}"}]
            raise errors.BodyInvalid(reason=f"type the number {len(frozen.ids)} to confirm", fields=fields)
        batch = acts.create(
            container.store,
            frozen.action,
            frozen.ids,
            subject=subject,
            by=principal().name,
            reason=body.reason,
            target=frozen.target,
            confirmed=frozen.mark,
            given=frozen.given,
        )
        return _told(container, batch, 202, Location=f"/api/v1/batches/{batch}")


def _due(body: shapes.PreviewRequest, seen: int) -> Lengthening | None:
    """The due date that `extend` is to give; None: it is another act. Raises: RequestInvalid."""
    if body.due is None:
        return None
    return lengthen.wanted({**body.due.model_dump(mode="json"), "seen": seen})


def _previewed(
    container: Container, body: shapes.PreviewRequest, frozen: Frozen, able: list[Able]
) -> shapes.Preview:
    return shapes.Preview(
        subject=body.subject,
        action=body.action,
        count=len(able),
        ignored=frozen.ignored,
        matched=frozen.total,
        cut=frozen.cut,
        by_state=Counter(one.state for one in able),
        by_partner=Counter(one.partner for one in able if one.partner),
        samples=[shapes.Sample.model_validate(one) for one in able[: freezing.SAMPLES]],
        about_s=frozen.about_s,
        cannot_be_undone=freezing.typed_above(body.action) == 0,
        frozen=_freeze(container, body.subject, frozen) if able else None,
    )


def _freeze(container: Container, subject: str, frozen: Frozen) -> str:
    return f"{subject}.{freezing.freeze(container, subject, principal().id, frozen)}"


def _thaw(container: Container, text: str) -> tuple[str, Frozen]:
    """What the caller saw, and what it is a list of. Raises: BodyInvalid."""
    subject, _, signed = text.partition(".")
    try:
        if subject in SUBJECTS:
            return subject, freezing.thaw(container, subject, principal().id, signed)
    except errors.FormStale as exc:
        raise errors.BodyInvalid(reason=str(exc.facts["reason"]), fields=_NOT_SEEN) from exc
    raise errors.BodyInvalid(reason="the list that was seen is too old", fields=_NOT_SEEN)


_NOT_SEEN = [{"field": "frozen", "reason": "is of no preview of this key in the last half hour"}]


def _in_words(body: shapes.PreviewRequest) -> str:
    """What was asked for, as the address of the list; what is personal data in it is left out."""
    if body.filter is None:
        return ""
    told = {name: "…" if name in _HIDDEN else str(value) for name, value in body.filter.items()}
    return f"/api/v1/{body.subject}s?{urlencode(told)}"[:500]


def _add_reading(api: APIBlueprint, container: Container) -> None:
    @api.get("/batches", summary="List batches, newest first", responses={200: shapes.Batches})
    @needs("batches", of_all_units=True)
    def list_batches(query: shapes.BatchesQuery) -> Response:
        bound: dict[str, object] = query.model_dump(exclude={"limit", "cursor"})
        after = cursors.read(container, query.cursor, bound)
        with container.store.reading() as connection:
            found = batches.find_batches(connection, _wanted(query), after=after, limit=query.limit + 1)
        rows, more = page(found, query.limit)
        items = [shapes.Batch.model_validate(shapes.members(row)) for row in rows]
        return listing(container, items, last=rows[-1].id if more else None, bound_to=bound)

    @api.get("/batches/<int:id>", summary="Read how far a batch is", responses={200: shapes.BatchWhole})
    @needs("batches", of_all_units=True)
    def get_batch(path: shapes.BatchPath) -> Response:
        with container.store.reading() as connection:
            line = batches.get_batch(connection, path.id)
            came = batches.outcomes(connection, path.id)
        told = shapes.BatchWhole.model_validate(shapes.members(line) | {"outcomes": came})
        return conditions.tagged(answer(told), _tag(path.id, line.state))


def _add_items(api: APIBlueprint, container: Container) -> None:
    @api.get(
        "/batches/<int:id>/items",
        summary="List a batch's items in their order",
        responses={200: shapes.Items},
    )
    @needs("batches", of_all_units=True)
    def list_batch_items(path: shapes.BatchPath, query: Paged) -> Response:
        bound: dict[str, object] = {"of": path.id}
        after = cursors.read(container, query.cursor, bound)
        with container.store.reading() as connection:
            batches.get_batch(connection, path.id)
            found = batches.items_of(connection, path.id, after=after, limit=query.limit + 1)
        rows, more = page(found, query.limit)
        items = [shapes.Item.model_validate(row) for row in rows]
        return listing(container, items, last=rows[-1].item if more else None, bound_to=bound)


def _add_acting(api: APIBlueprint, container: Container) -> None:
    @api.post("/batches/<int:id>/act", summary="Do one of a batch's actions", responses={200: shapes.Batch})
    @needs("batches", of_all_units=True)
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def act_on_batch(path: shapes.BatchPath, body: shapes.BatchActRequest) -> Response:
        batch_control.act(
            container.store,
            path.id,
            body.action,
            by=principal().name,
            reason=body.reason,
            seen=lambda state: conditions.check(_tag(path.id, state), required=True),
        )
        return _told(container, path.id, 200)


def _told(container: Container, batch: int, status: int, **headers: str) -> Response:
    with container.store.reading() as connection:
        line = batches.get_batch(connection, batch)
    told = shapes.Batch.model_validate(shapes.members(line))
    return conditions.tagged(answer(told, status, **headers), _tag(batch, line.state))


def _wanted(query: shapes.BatchesQuery) -> BatchFilter:
    return BatchFilter(
        action=query.action,
        subject=query.subject,
        who=query.who,
        standing=query.standing,
        since=query.created_from,
        until=query.created_before,
    )


def _tag(batch: int, state: str) -> str:
    """Of what an act changes; the counts move by themselves."""
    return conditions.tag(batch, state)
