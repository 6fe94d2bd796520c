"""What needs attention: counts that lead to the lists behind them, and nothing else."""

from datetime import datetime, timedelta

from flask import Blueprint, Response, request
from pydantic import Field

from engine import errors
from engine.actions import snoozing
from engine.clock import VIETNAM
from engine.queries import attention, deployments, procedures
from engine.queries.clock import Clocks
from engine.storage.database import Connection
from web.console.access import right, visitor
from web.console.rendering import View, back, language, own_path, page, read, reason
from web.container import Container


class HomeView(View):
    """The page's address."""

    unit: str = Field(default="", max_length=32)
    procedure: str = Field(default="", max_length=32)


def add(blueprint: Blueprint, container: Container) -> None:
    """``/``."""
    clocks = Clocks()

    @blueprint.get("/")
    @right("see")
    def home() -> str:
        return _shown(container, clocks, read(HomeView))

    @blueprint.post("/nhac-sau")
    @right("act")
    def put_off() -> Response:
        form = request.form
        given = form.get("hours", "")
        snoozing.put_off(
            container.store,
            form.get("kind", ""),
            form.get("name", ""),
            int(given) if given.isascii() and given.isdigit() and len(given) < 4 else -1,
            by=visitor().name,
            reason=reason(),
        )
        return back(own_path(form.get("next", "/")), "done")


def _shown(container: Container, clocks: Clocks, view: HomeView) -> str:
    now = container.clock.now()
    of = {"unit": visitor().narrowed(view.unit), "procedure": view.procedure or None}
    with container.store.reading() as connection:
        soon = _one_working_day(clocks, connection, now)
    counts, unknown = _counted(container, now, soon, of)
    with container.store.reading() as connection:
        snoozed = attention.snoozed(connection)
        offered = procedures.list_procedures(connection)
        newest = deployments.find_deployments(
            connection, procedure=of["procedure"], active=None, after=None, limit=1
        )
        since = [attention.incidents_since(connection, one.id, one.deployed_at, **of) for one in newest]
    vietnamese = language() == "vi"
    return page(
        "home.html",
        container,
        view=view,
        counts=counts,
        unknown=unknown,
        apart=attention.OF_EVERYBODY if any(of.values()) else frozenset(),
        snoozed=snoozed,
        hours=snoozing.HOURS,
        newest=zip(newest, since, strict=True),
        soon=(soon - timedelta(days=1)).strftime("%Y-%m-%d"),
        names={one.code: one.name_vi if vietnamese else one.name_en for one in offered},
    )


def _counted(
    container: Container, now: datetime, soon: datetime, of: dict[str, str | None]
) -> tuple[dict[str, dict[str, int]], list[str]]:
    """What is counted, in one statement; where that fails each kind by itself, and the kinds that cannot be counted."""
    try:
        with container.store.reading() as connection:
            return _counts(connection, now, soon, of, old_h=container.backup_old_h), []
    except errors.StoreError:
        return _counted_singly(container, now, soon, of)


def _counted_singly(
    container: Container, now: datetime, soon: datetime, of: dict[str, str | None]
) -> tuple[dict[str, dict[str, int]], list[str]]:
    found: dict[str, dict[str, int]] = {}
    unknown: list[str] = []
    for kind in attention.kinds():
        try:
            with container.store.reading() as connection:
                found |= _counts(connection, now, soon, of, old_h=container.backup_old_h, kind=kind)
        except errors.StoreError:
            unknown.append(kind)
    return found, unknown


def _counts(
    connection: Connection,
    now: datetime,
    soon: datetime,
    of: dict[str, str | None],
    *,
    old_h: float,
    kind: str | None = None,
) -> dict[str, dict[str, int]]:
    return attention.counts(connection, now=now, soon=soon, kind=kind, backup_old_h=old_h, **of)


def _one_working_day(clocks: Clocks, connection: Connection, now: datetime) -> datetime:
    """The end of the next working day's date: what is due before is due within one. By the calendar that most units have."""
    calendar = clocks.calendar(connection, "default", attention.calendar_version(connection))
    tomorrow = now.astimezone(VIETNAM).date() + timedelta(days=1)
    day = calendar.next_working_day(tomorrow)
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM) + timedelta(days=1)
