"""What an admin does with the timetable: run a row now, give it another trigger, take it out or put it back.

How a trigger is read is the scheduler's business: it is handed in as `NextFire`.
"""

from collections.abc import Callable

from engine import errors
from engine.actions.tick import NextFire
from engine.storage import access, schedules
from engine.storage.database import Connection, Store
from engine.storage.schedules import HeldRow

Seen = Callable[[HeldRow], None]
"""Given the row under its lock; raises when that is not what the caller has seen."""


def run_now(store: Store, name: str, *, by: str, reason: str, seen: Seen | None = None) -> None:
    """Let the row be due at once; the ticker does the rest.

    Raises:
        ScheduleNotFound; ScheduleInvalid: it is out of the timetable.
    """
    with store.transaction() as connection:
        row = _hold(connection, name)
        if seen is not None:
            seen(row)
        if not schedules.due_now(connection, name):
            raise errors.ScheduleInvalid(trigger=row.trigger, reason=f"{name} is out of the timetable")
        access.audit(connection, by, "schedule-run", facts={"schedule": name}, reason=reason)


def edit(
    store: Store,
    name: str,
    *,
    trigger: str | None,
    enabled: bool | None,
    next_fire: NextFire,
    by: str,
    reason: str,
    seen: Seen | None = None,
) -> None:
    """Change the trigger, or whether the row is in the timetable; None leaves as it is.

    Raises:
        ScheduleNotFound; ScheduleInvalid: the trigger is none.
    """
    with store.transaction() as connection:
        row = _hold(connection, name)
        if seen is not None:
            seen(row)
        wanted, on = trigger or row.trigger, row.enabled if enabled is None else enabled
        next_at = next_fire(wanted, row.now, row.now)
        anew = wanted != row.trigger or (on and not row.enabled)
        schedules.edit(connection, name, trigger=wanted, enabled=on, next_at=next_at if anew else None)
        access.audit(
            connection,
            by,
            "schedule-edited",
            facts={
                "schedule": name,
                "before": {"trigger": row.trigger, "enabled": row.enabled},
                "after": {"trigger": wanted, "enabled": on},
            },
            reason=reason,
        )


def _hold(connection: Connection, name: str) -> HeldRow:
    row = schedules.hold(connection, name)
    if row is None:
        raise errors.ScheduleNotFound(schedule=name)
    return row
