"""Incidents over REST: what a person must decide, and the act."""

from datetime import datetime
from typing import Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import AwareDatetime, Field, JsonValue

from engine import errors
from engine.actions import care, resolve
from engine.actions.conditions import Seen, as_it_stands
from engine.queries import dossiers
from engine.queries import incidents as reading
from engine.queries.incidents import IncidentFilter
from engine.storage.database import Connection
from web import conditions, cursors
from web.api.dossiers import find as find_dossier
from web.api.models import Asked, Done, Paged, Told, answer, blueprint, conditional, listing, page
from web.auth import check_own, narrowed, needs, principal
from web.container import Container
from web.idempotency import idempotent

NOBODY = "-"
"""As an owner: of nobody."""


class IncidentsQuery(Paged):
    status: Literal["open", "acting", "closed"] | None = "open"
    cause: str | None = Field(default=None, max_length=64)
    partner: str | None = Field(default=None, max_length=64)
    dossier: str | None = Field(default=None, max_length=64)
    procedure: str | None = Field(default=None, max_length=32)
    element: str | None = Field(default=None, max_length=200, description="The step's id in the model.")
    unit: str | None = Field(default=None, max_length=32, description="Of this unit's dossiers.")
    owner: str | None = Field(default=None, max_length=64, description="Who looks after it; `-`: nobody.")
    opened_from: AwareDatetime | None = None
    opened_before: AwareDatetime | None = None


class IncidentPath(Asked):
    id: int = Field(ge=1, lt=2**63)


class ActRequest(Asked):
    """One of the incident's `actions`, and why."""

    action: str = Field(min_length=1, max_length=64, examples=["retry"])
    reason: str = Field(min_length=1, max_length=2000)
    data: dict[str, JsonValue] = Field(default_factory=dict)


class CareRequest(Asked):
    """Who looks after it (an account's name), a note, a ticket's number or address; null: none. All three are set."""

    owner: str | None = Field(max_length=64)
    note: str | None = Field(max_length=care.MOST_NOTE)
    ticket: str | None = Field(max_length=care.MOST_TICKET)


class Incident(Told):
    id: int
    cause: str
    title: str
    dossier: str | None
    partner: str | None
    call: int | None
    event: int | None
    task: str | None
    element: str | None
    facts: dict[str, JsonValue]
    actions: list[str]
    status: str
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    resolution: str | None
    owner: str | None
    note: str | None
    ticket: str | None


class Incidents(Told):
    items: list[Incident]
    next: str | None


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about incidents."""
    api = blueprint("incidents", "What a person must decide.")
    _add_reading(api, container)
    _add_acting(api, container)
    _add_care(api, container)
    return api


def wanted_by(query: IncidentsQuery) -> IncidentFilter:
    """What a list narrows to, for this caller."""
    return IncidentFilter(
        unit=narrowed(query.unit, "incidents"),
        owner="" if query.owner == NOBODY else query.owner,
        **query.model_dump(exclude={"limit", "cursor", "unit", "owner"}),
    )


def _find(container: Container, incident: int) -> reading.Incident:
    """The incident, if the caller's unit has to do with it; one without a dossier is for keys of no unit.

    Raises: IncidentNotFound, also where it has not.
    """
    with container.store.reading() as connection:
        found = reading.find_incident(connection, incident)
        if found is None:
            raise errors.IncidentNotFound(incident=incident)
        units = dossiers.get_brief(connection, found.dossier).units if found.dossier else frozenset[str]()
    check_own(units, errors.IncidentNotFound(incident=incident))
    return found


def _seen(incident: int) -> Seen | None:
    """What looks at the incident once it is locked; None: the caller sets no condition."""

    def current(connection: Connection) -> tuple[str, ...]:
        return (_tag(Incident.model_validate(reading.find_incident(connection, incident))),)

    return conditions.seen(current)


def _add_reading(api: APIBlueprint, container: Container) -> None:
    @api.get("/incidents", summary="List incidents, newest first", responses={200: Incidents})
    @needs("incidents")
    def list_incidents(query: IncidentsQuery) -> Response:
        bound: dict[str, object] = query.model_dump(exclude={"limit", "cursor"})
        wanted = wanted_by(query)
        after = cursors.read(container, query.cursor, bound)
        with container.store.reading() as connection:
            found = reading.find_incidents(connection, wanted, after=after, limit=query.limit + 1)
        rows, more = page(found, query.limit)
        items = [Incident.model_validate(row) for row in rows]
        return listing(container, items, last=rows[-1].id if more else None, bound_to=bound)

    @api.get("/incidents/<int:id>", summary="Read an incident", responses={200: Incident})
    @needs("incidents")
    def get_incident(path: IncidentPath) -> Response:
        told = Incident.model_validate(_find(container, path.id))
        return conditional(conditions.tagged(answer(told), _tag(told)))


def _add_acting(api: APIBlueprint, container: Container) -> None:
    @api.post("/incidents/<int:id>/act", summary="Do one of an incident's actions", responses={202: Done})
    @needs("incidents")
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def act(path: IncidentPath, body: ActRequest) -> Response:
        _find(container, path.id)
        if body.action == "deliver":
            find_dossier(container, str(body.data.get("dossier") or ""))
        resolve.act(
            container.store,
            path.id,
            body.action,
            body.data,
            by=principal().name,
            reason=body.reason,
            seen=_seen(path.id) or as_it_stands,
        )
        return answer(Done(), 202)


def _add_care(api: APIBlueprint, container: Container) -> None:
    @api.post(
        "/incidents/<int:id>/care",
        summary="Say who looks after an incident, note something, name a ticket",
        responses={200: Incident},
    )
    @needs("incidents")
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def look_after(path: IncidentPath, body: CareRequest) -> Response:
        told = Incident.model_validate(_find(container, path.id))
        conditions.check(_tag(told), required=True)
        care.look_after(
            container.store,
            path.id,
            owner=body.owner or "",
            note=body.note or "",
            ticket=body.ticket or "",
            by=principal().name,
            seen=lambda stands: _check_same(told, stands),
        )
        now = Incident.model_validate(_find(container, path.id))
        return conditions.tagged(answer(now), _tag(now))


def _check_same(told: Incident, stands: care.Cared) -> None:
    """Raises: PreconditionFailed: somebody was faster than this request."""
    if stands != (told.owner, told.note, told.ticket):
        owner, note, ticket = stands
        now = told.model_copy(update={"owner": owner, "note": note, "ticket": ticket})
        raise errors.PreconditionFailed(etag=_tag(now))


def _tag(told: Incident) -> str:
    return conditions.tag(told.model_dump(mode="json"))
