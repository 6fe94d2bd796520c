"""One look at the timetable: rows that are due give a background job each, once, however many look."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

import structlog

from engine.errors import ScheduleInvalid
from engine.exchange.ports import Json
from engine.storage import incidents, schedules
from engine.storage.database import Connection, Store
from engine.storage.schedules import Due

log = structlog.get_logger(__name__)

NextFire: TypeAlias = Callable[[str, datetime, datetime], datetime]
Defer: TypeAlias = Callable[[Connection, str, Mapping[str, Json]], None]


def defer_due(store: Store, *, next_fire: NextFire, defer: Defer) -> tuple[str, ...]:
    """The names of the rows that were due; each is planned anew and its job deferred in one transaction.

    A row with a trigger that is none is taken out of the timetable and becomes an incident; the others go on.
    """
    with store.transaction() as connection:
        due = [row for row in schedules.claim_due(connection) if _plan(connection, row, next_fire)]
        for row in due:
            defer(connection, row.job, row.arguments)
    return tuple(row.name for row in due)


def _plan(connection: Connection, row: Due, next_fire: NextFire) -> bool:
    try:
        next_at = next_fire(row.trigger, row.next_at, row.now)
    except ScheduleInvalid as exc:
        log.warning("schedule_disabled", schedule=row.name, reason=exc.message)
        schedules.disable(connection, row.name)
        incidents.open_incident(
            connection,
            "schedule-invalid",
            f"schedule {row.name} was disabled: {exc.message}",
            facts={"name": row.name},
            actions=["close"],
        )
        return False
    schedules.plan_next(connection, row.name, next_at)
    return True
