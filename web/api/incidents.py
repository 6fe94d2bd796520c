"""Incidents over REST: what a person must decide, and the act."""

from datetime import datetime
from typing import Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import AwareDatetime, Field, JsonValue

from engine import errors
from engine.actions import resolve
from engine.queries import dossiers
from engine.queries import incidents as reading
from engine.queries.incidents import IncidentFilter
from web import conditions, cursors
from web.api.models import Asked, Done, Paged, Told, answer, blueprint, conditional, listing, page
from web.auth import check_unit, needs, principal
from web.container import Container
from web.idempotency import idempotent


class IncidentsQuery(Paged):
    status: Literal["open", "acting", "closed"] | None = "open"
    cause: str | None = Field(default=None, max_length=64)
    partner: str | None = Field(default=None, max_length=64)
    dossier: str | None = Field(default=None, max_length=64)
    procedure: str | None = Field(default=None, max_length=32)
    opened_from: AwareDatetime | None = None
    opened_before: AwareDatetime | None = None


class IncidentPath(Asked):
    id: int = Field(ge=1, lt=2**63)


class ActRequest(Asked):
    """One of the incident's `actions`, and why."""

    action: str = Field(min_length=1, max_length=64, examples=["retry"])
    reason: str = Field(min_length=1, max_length=2000)
    data: dict[str, JsonValue] = Field(default_factory=dict)


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


class Incidents(Told):
    items: list[Incident]
    next: str | None


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about incidents."""
    api = blueprint("incidents", "What a person must decide.")
    _add_reading(api, container)
    _add_acting(api, container)
    return api


def wanted_by(query: IncidentsQuery) -> IncidentFilter:
    """What a list narrows to, for this caller."""
    return IncidentFilter(unit=principal().unit, **query.model_dump(exclude={"limit", "cursor"}))


def _find(container: Container, incident: int) -> reading.Incident:
    """The incident, if the caller's unit has to do with it; one without a dossier is for keys of no unit."""
    with container.store.reading() as connection:
        found = reading.find_incident(connection, incident)
        if found is None:
            raise errors.IncidentNotFound(incident=incident)
        units = dossiers.get_brief(connection, found.dossier).units if found.dossier else frozenset[str]()
    check_unit(units, "use incidents")
    return found


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
    @idempotent(container)
    def act(path: IncidentPath, body: ActRequest) -> Response:
        conditions.check(_tag(Incident.model_validate(_find(container, path.id))))
        resolve.act(
            container.store,
            path.id,
            body.action,
            body.data,
            by=principal().name,
            reason=body.reason,
        )
        return answer(Done(), 202)


def _tag(told: Incident) -> str:
    return conditions.tag(told.model_dump(mode="json"))
