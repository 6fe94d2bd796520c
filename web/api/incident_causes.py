"""Causes of incidents over REST: how many are open of each, and muting one for a time. What is muted stays in every list."""

from collections.abc import Callable
from datetime import datetime

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field

from engine.actions import snoozing
from engine.queries import attention, incident_groups
from engine.queries.attention import Snooze
from engine.queries.incidents import IncidentFilter
from engine.storage.database import Connection
from web import conditions
from web.api.models import Asked, ReasonRequest, Told, answer, blueprint
from web.auth import needs, principal
from web.container import Container
from web.idempotency import idempotent


class CausePath(Asked):
    cause: str = Field(min_length=1, max_length=64)


class MuteRequest(Asked):
    """For how many hours from now, and why."""

    hours: int = Field(ge=1, le=snoozing.MOST_DAYS * 24)
    reason: str = Field(min_length=1, max_length=2000)


class Muted(Told):
    until: datetime
    who: str
    reason: str


class Cause(Told):
    """`open` counts the open incidents of the caller's unit, or of all; `muted` null: it is not muted."""

    cause: str
    open: int
    muted: Muted | None


class Causes(Told):
    """Those with open incidents, most first, then those that are muted."""

    items: list[Cause]


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about causes."""
    api = blueprint("incident causes", "Why a person must decide, and what need not remind of it for a time.")
    _add_reading(api, container)
    _add_muting(api, container)
    return api


def _add_reading(api: APIBlueprint, container: Container) -> None:
    @api.get("/incident-causes", summary="List causes with their open incidents", responses={200: Causes})
    @needs("incidents")
    def list_causes() -> Response:
        with container.store.reading() as connection:
            counts, muted = _counts(connection), _muted(connection)
        names = [*counts, *sorted(muted.keys() - counts.keys())]
        return answer(Causes(items=[_cause(name, counts, muted) for name in names]))

    @api.get(
        "/incident-causes/<string:cause>", summary="Read whether a cause is muted", responses={200: Cause}
    )
    @needs("incidents")
    def get_cause(path: CausePath) -> Response:
        return _told(container, path.cause)


def _add_muting(api: APIBlueprint, container: Container) -> None:
    def mute(cause: str, hours: int, reason: str) -> Response:
        snoozing.mute_for(
            container.store, cause, hours, by=principal().name, reason=reason, seen=_seen(cause)
        )
        return _told(container, cause)

    @api.post("/incident-causes/<string:cause>/mute", summary="Mute a cause", responses={200: Cause})
    @needs("incidents", of_all_units=True)
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def mute_cause(path: CausePath, body: MuteRequest) -> Response:
        return mute(path.cause, body.hours, body.reason)

    @api.post(
        "/incident-causes/<string:cause>/unmute", summary="Mute a cause no longer", responses={200: Cause}
    )
    @needs("incidents", of_all_units=True)
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def unmute_cause(path: CausePath, body: ReasonRequest) -> Response:
        return mute(path.cause, 0, body.reason)


def _told(container: Container, name: str) -> Response:
    with container.store.reading() as connection:
        counts, muted = _counts(connection, name), _muted(connection)
    told = _cause(name, counts, muted)
    return conditions.tagged(answer(told), _tag(name, muted.get(name)))


def _counts(connection: Connection, cause: str | None = None) -> dict[str, int]:
    wanted = IncidentFilter(status="open", cause=cause, unit=principal().unit)
    return incident_groups.by_cause(connection, wanted)


def _muted(connection: Connection) -> dict[str, Snooze]:
    found = attention.snoozed(connection)
    return {name: one for (kind, name), one in found.items() if kind == "incidents"}


def _cause(name: str, counts: dict[str, int], muted: dict[str, Snooze]) -> Cause:
    of_it = Muted.model_validate(muted[name]) if name in muted else None
    return Cause(cause=name, open=counts.get(name, 0), muted=of_it)


def _seen(cause: str) -> Callable[[Connection], None]:
    """Raises PreconditionMissing or PreconditionFailed where the caller has not seen whether the cause is muted."""
    return lambda connection: conditions.check(_tag(cause, _muted(connection).get(cause)), required=True)


def _tag(cause: str, muted: Snooze | None) -> str:
    """Of whether it is muted; the count moves by itself."""
    return conditions.tag(cause, muted and (muted.until.isoformat(), muted.who, muted.reason))
