"""The timetable over REST: list, run now, edit."""

from datetime import datetime

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field

from engine import errors
from engine.actions import timetable
from engine.queries import schedules
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
    """A row of the timetable; *planned* is what the settings say where an admin changed *trigger*."""

    name: str
    job: str
    trigger: str
    enabled: bool
    planned: str
    next_at: datetime | None
    last_at: datetime | None


class Schedules(Told):
    items: list[Schedule]


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about the timetable."""
    api = blueprint("schedules", "The timetable of background jobs.")

    @api.get("/schedules", summary="List the timetable", responses={200: Schedules})
    @needs("schedules")
    def list_schedules() -> Response:
        with container.store.reading() as connection:
            found = schedules.list_schedules(connection)
        return answer(Schedules(items=[Schedule.model_validate(one) for one in found]))

    @api.get("/schedules/<string:name>", summary="Read a row of the timetable", responses={200: Schedule})
    @needs("schedules")
    def get_schedule(path: SchedulePath) -> Response:
        return _told(container, path.name)

    @api.post("/schedules/<string:name>/run", summary="Run a row of the timetable now", responses={202: Done})
    @needs("schedules")
    @idempotent(container)
    def run_schedule(path: SchedulePath, body: ReasonRequest) -> Response:
        timetable.run_now(container.store, path.name, by=principal().name, reason=body.reason)
        return answer(Done(), 202)

    @api.patch("/schedules/<string:name>", summary="Edit a row of the timetable", responses={200: Schedule})
    @needs("schedules")
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


def _told(container: Container, name: str) -> Response:
    with container.store.reading() as connection:
        found = schedules.get_schedule(connection, name)
    return conditions.tagged(answer(Schedule.model_validate(found)), _tag(found))


def _tag(row: ScheduleLine | HeldRow) -> str:
    return conditions.tag(row.name, row.trigger, row.enabled)
