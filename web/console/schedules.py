"""The timetable: what fires next and how late, who looks after it; run a row now, change when, switch it off and on."""

from typing import Literal

from flask import Blueprint, Response, request
from pydantic import Field

from engine import errors
from engine.actions import timetable
from engine.queries import diagrams, firings, schedules
from engine.queries.firings import Firing
from engine.storage.database import Connection
from web import conditions
from web.console import rendering
from web.console.access import right, visitor
from web.console.exports import Column, Exported, Listed, plain
from web.console.rendering import View, page, read
from web.container import Container


class SchedulesView(View):
    """The page's address: what of the next firings is shown."""

    kind: Literal["", "schedule", "timer", "legal-timer"] = ""
    procedure: str = Field(default="", max_length=32)


def add(blueprint: Blueprint, container: Container) -> None:
    """``/lich`` and the acts on one row."""

    @blueprint.get("/lich")
    @right("see")
    def schedule_list() -> str:
        return _shown(container, read(SchedulesView))

    @blueprint.post("/lich/<string:name>")
    @right("schedules")
    def act_on_schedule(name: str) -> Response:
        try:
            _act(container, name)
        except (errors.RequestInvalid, errors.ScheduleInvalid, errors.PreconditionFailed) as problem:
            again = _shown(container, SchedulesView(), refused=name, problem=problem)
            return Response(again, status=problem.status, content_type="text/html; charset=utf-8")
        return rendering.returned("/lich")


def _shown(
    container: Container,
    view: SchedulesView,
    *,
    refused: str = "",
    problem: errors.LienthongError | None = None,
) -> str:
    """The page; what was typed for the *refused* row stands in it again, beside what the row says by now."""
    with container.store.reading() as connection:
        rows = schedules.list_schedules(connection)
        if problem is not None and refused not in {row.name for row in rows}:
            raise problem  # there is no row to show what was typed in
        values = {
            "schedulers": firings.running(connection, "scheduler"),
            "lateness": firings.lateness(connection),
            "coming": _labelled(connection, _coming(connection, container, view)),
        }
    return page(
        "schedules.html",
        container,
        view=view,
        rows=[(row, conditions.tag(row.name, row.trigger, row.enabled)) for row in rows],
        most=firings.MOST,
        looked_at=firings.FIRED_MOST,
        refused=refused,
        problem=problem,
        typed=request.form,
        **values,
    )


def _coming(connection: Connection, container: Container, view: SchedulesView) -> list[Firing]:
    return firings.next_firings(
        connection,
        now=container.clock.now(),
        kind=view.kind or None,
        procedure=view.procedure or None,
        unit=visitor().unit,
    )


def _labelled(connection: Connection, coming: list[Firing]) -> list[tuple[Firing, str]]:
    """Each firing with what people call it."""
    labels = diagrams.labels_of(connection, {one.deployment for one in coming if one.deployment})
    return [(one, labels.get(one.deployment or 0, {}).get(one.name, one.name)) for one in coming]


def _act(container: Container, name: str) -> None:
    """Raises: RequestInvalid, ScheduleNotFound, ScheduleInvalid; PreconditionFailed: the row changed meanwhile."""
    action, by, why = request.form.get("action", ""), visitor().name, rendering.reason()
    if action == "run":
        timetable.run_now(container.store, name, by=by, reason=why)
        return
    if action not in ("enable", "disable", "edit"):
        raise errors.RequestInvalid(reason="this is no act on a schedule")
    if container.next_fire is None:
        raise errors.ScheduleInvalid(trigger="", reason="this web has no timetable")

    def seen(row: schedules.ScheduleLine) -> None:
        if conditions.tag(row.name, row.trigger, row.enabled) != request.form.get("seen"):
            raise errors.PreconditionFailed(etag=row.trigger)

    timetable.edit(
        container.store,
        name,
        trigger=request.form.get("trigger", "").strip()[:100] or None if action == "edit" else None,
        enabled=None if action == "edit" else action == "enable",
        next_fire=container.next_fire,
        by=by,
        reason=why,
        seen=seen,  # type: ignore[arg-type]  # a held row has the same three members
    )


def _listed(container: Container) -> Listed:
    view = read(SchedulesView)
    return Listed(
        find=lambda connection, _after, _limit: _coming(connection, container, view),
        bound=view.bound,
        key=None,
    )


EXPORT = Exported(
    path="/lich",
    right="see",
    columns=(*plain("at"), Column("kind", "firing"), *plain("name", "dossier", "procedure")),
    listed=_listed,
)
