"""Editing a working calendar: the day, the audit line, and an event for every running dossier whose time it changes."""

from datetime import date

from engine.storage import access, calendars, events
from engine.storage.database import Store


def edit_day(
    store: Store, calendar: str, day: date, *, working: bool, name: str, by: str, reason: str
) -> int:
    """Say whether *day* is worked; how many running dossiers will count their due dates and legal timers anew.

    Raises:
        CalendarUnknown.
    """
    with store.transaction() as connection:
        version = calendars.edit_day(connection, calendar, day, working=working, name=name)
        touched = events.append_for_calendar(connection, calendar)
        access.audit(
            connection,
            by,
            "calendar-edited",
            facts={"calendar": calendar, "day": day.isoformat(), "working": working, "version": version},
            reason=reason,
        )
    return touched
