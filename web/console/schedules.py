"""The timetable: when each background job ran and runs next; run it now, change when, switch it off and on."""

from flask import Blueprint, Response, request

from engine import errors
from engine.actions import timetable
from engine.queries import schedules
from web import conditions
from web.console import rendering
from web.console.access import right, visitor
from web.console.exports import Exported, Listed, plain
from web.console.rendering import View, back, page, read
from web.container import Container


def add(blueprint: Blueprint, container: Container) -> None:
    """``/lich`` and the acts on one row."""

    def shown(problem: errors.LienthongError | None = None) -> str:
        with container.store.reading() as connection:
            rows = schedules.list_schedules(connection)
        return page(
            "schedules.html",
            container,
            rows=[(row, conditions.tag(row.name, row.trigger, row.enabled)) for row in rows],
            problem=problem,
            typed=request.form if problem else {},
        )

    @blueprint.get("/lich")
    @right("see")
    def schedule_list() -> str:
        read(View)
        return shown()

    @blueprint.post("/lich/<string:name>")
    @right("schedules")
    def act_on_schedule(name: str) -> Response:
        try:
            _act(container, name)
        except (errors.RequestInvalid, errors.ScheduleInvalid, errors.FormStale) as problem:
            return Response(shown(problem), status=problem.status, content_type="text/html; charset=utf-8")
        return back("/lich", "done")


def _act(container: Container, name: str) -> None:
    """Raises: RequestInvalid, ScheduleNotFound, ScheduleInvalid; FormStale: the row changed meanwhile."""
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
            raise errors.FormStale(reason=f"{name} was changed meanwhile: it is `{row.trigger}` now")

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


def _listed(_container: Container) -> Listed:
    return Listed(
        find=lambda connection, _after, _limit: schedules.list_schedules(connection),
        bound=read(View).bound,
        key=None,
    )


EXPORT = Exported(
    path="/lich",
    right="see",
    columns=plain("name", "trigger", "planned", "enabled", "next_at", "last_at"),
    listed=_listed,
)
