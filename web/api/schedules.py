"""The timetable over REST: list, what fires next and who looks after it, run now, edit."""

from datetime import datetime
from typing import Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field

from engine import errors
from engine.actions import timetable
from engine.queries import firings, schedules
from engine.queries.schedules import ScheduleLine
from engine.storage.schedules import HeldRow
from web import conditions
from web.api.models import Asked, Done, ReasonRequest, Told, answer, blueprint
from web.auth import needs, principal
from web.container import Container
from web.idempotency import idempotent


class SchedulePath(Asked):
    name: str = Field(min_length=1, max_length=64)


class ScheduleEditRequest(Asked):
    """What to change; what is left out stays. *trigger* is `every 10 s` or a cron line in Vietnamese time."""

    trigger: str | None = Field(default=None, min_length=1, max_length=100)
    enabled: bool | None = None
    reason: str = Field(min_length=1, max_length=2000)


class Schedule(Told):
    """A row of the timetable; *planned* is what the settings say where an admin changed *trigger*; *late_s*: how
    long after its moment it fired last, in seconds."""

    name: str
    job: str
    trigger: str
    enabled: bool
    planned: str
    next_at: datetime | None
    last_at: datetime | None
    late_s: float | None


class Schedules(Told):
    items: list[Schedule]


class FiringsQuery(Asked):
    kind: Literal["schedule", "timer", "legal-timer"] | None = None
    procedure: str | None = Field(default=None, min_length=1, max_length=32)


class Firing(Told):
    """What fires next: a row of the timetable by its name, or a dossier's timer by its element. *wait_s* below 0: late."""

    kind: str
    name: str
    at: datetime
    wait_s: float
    dossier: str | None
    procedure: str | None


class Lateness(Told):
    """Timers that fired in 24 hours, the newest 50,000; how late, in seconds: null where none did."""

    fired: int
    p99_s: float | None
    most_s: float | None


class Scheduler(Told):
    """A scheduler; `alive` where it was heard of in the last ten seconds. All that are alive share the work."""

    name: str
    host: str
    version: str
    started_at: datetime
    seen_at: datetime
    alive: bool


class Firings(Told):
    """The next 100, soonest first."""

    items: list[Firing]
    lateness: Lateness
    schedulers: list[Scheduler]


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about the timetable."""
    api = blueprint("schedules", "The timetable of background jobs.")

    @api.get("/schedules", summary="List the timetable", responses={200: Schedules})
    @needs("schedules")
    def list_schedules() -> Response:
        with container.store.reading() as connection:
            found = schedules.list_schedules(connection)
        return answer(Schedules(items=[Schedule.model_validate(one) for one in found]))

    @api.get("/firings", summary="List what fires next", responses={200: Firings})
    @needs("schedules")
    def list_firings(query: FiringsQuery) -> Response:
        return answer(_firings(container, query))

    @api.get("/schedules/<string:name>", summary="Read a row of the timetable", responses={200: Schedule})
    @needs("schedules")
    def get_schedule(path: SchedulePath) -> Response:
        return _told(container, path.name)

    @api.post("/schedules/<string:name>/run", summary="Run a row of the timetable now", responses={202: Done})
    @needs("schedules", of_all_units=True)
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def run_schedule(path: SchedulePath, body: ReasonRequest) -> Response:
        timetable.run_now(
            container.store,
            path.name,
            by=principal().name,
            reason=body.reason,
            seen=lambda row: conditions.check(_tag(row)),
        )
        return answer(Done(), 202)

    @api.patch("/schedules/<string:name>", summary="Edit a row of the timetable", responses={200: Schedule})
    @needs("schedules", of_all_units=True)
    @conditions.matched(conditions.REQUIRED)
    def edit_schedule(path: SchedulePath, body: ScheduleEditRequest) -> Response:
        if container.next_fire is None:
            raise errors.ScheduleInvalid(trigger=body.trigger or "", reason="this web has no timetable")
        timetable.edit(
            container.store,
            path.name,
            trigger=body.trigger,
            enabled=body.enabled,
            next_fire=container.next_fire,
            by=principal().name,
            reason=body.reason,
            seen=lambda row: conditions.check(_tag(row), required=True),
        )
        return _told(container, path.name)

    return api


def _firings(container: Container, query: FiringsQuery) -> Firings:
    with container.store.reading() as connection:
        coming = firings.next_firings(
            connection,
            now=container.clock.now(),
            kind=query.kind,
            procedure=query.procedure,
            unit=principal().unit,
        )
        late, running = firings.lateness(connection), firings.running(connection, "scheduler")
    return Firings(
        items=[Firing.model_validate(one) for one in coming],
        lateness=Lateness.model_validate(late),
        schedulers=[Scheduler.model_validate(one) for one in running],
    )


def _told(container: Container, name: str) -> Response:
    with container.store.reading() as connection:
        found = schedules.get_schedule(connection, name)
    return conditions.tagged(answer(Schedule.model_validate(found)), _tag(found))


def _tag(row: ScheduleLine | HeldRow) -> str:
    return conditions.tag(row.name, row.trigger, row.enabled)
