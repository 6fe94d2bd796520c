"""Working calendars as rows: read once a version, seeded once, edited by admins."""

from collections.abc import Iterable
from datetime import date

import orjson
from sqlalchemy import Connection, text

from engine import errors
from engine.dossiers.calendar import OFFICE_HOURS, WorkingCalendar
from engine.dossiers.holidays import CalendarDay

DEFAULT = "default"

_SEED = text(
    "INSERT INTO calendar (code, hours) VALUES (:code, CAST(:hours AS jsonb)) ON CONFLICT DO NOTHING RETURNING code"
)
_SEED_DAYS = text(
    "INSERT INTO calendar_day (calendar_code, day, working, name) SELECT :code, day, working, name"
    " FROM jsonb_to_recordset(CAST(:days AS jsonb)) AS r(day date, working boolean, name text) ON CONFLICT DO NOTHING"
)
_EDIT = text(
    "INSERT INTO calendar_day (calendar_code, day, working, name) VALUES (:code, :day, :working, :name)"
    " ON CONFLICT (calendar_code, day) DO UPDATE SET working = excluded.working, name = excluded.name"
)
_BUMP = text("UPDATE calendar SET version = version + 1 WHERE code = :code RETURNING version")
_HOURS = text("SELECT hours FROM calendar WHERE code = :code")
_DAYS = text("SELECT day, working FROM calendar_day WHERE calendar_code = :code")


def seed(connection: Connection, code: str, days: Iterable[CalendarDay]) -> bool:
    """Have the calendar *code* with office hours and *days*; True when it is new. An existing one is left alone."""
    hours = [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in OFFICE_HOURS]
    if connection.scalar(_SEED, {"code": code, "hours": orjson.dumps(hours).decode()}) is None:
        return False
    rows = [{"day": day.day, "working": day.working, "name": day.name} for day in days]
    connection.execute(_SEED_DAYS, {"code": code, "days": orjson.dumps(rows).decode()})
    return True


def edit_day(connection: Connection, code: str, day: date, *, working: bool, name: str) -> int:
    """Say whether *day* is worked; the calendar's new version. Raises: CalendarUnknown."""
    version: int | None = connection.scalar(_BUMP, {"code": code})
    if version is None:
        raise errors.CalendarUnknown(calendar=code)
    connection.execute(_EDIT, {"code": code, "day": day, "working": working, "name": name})
    return version


class CalendarShelf:
    """The calendars that a process has read, by code and version; a new version is read when it is first met."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], WorkingCalendar] = {}

    def get(self, connection: Connection, code: str, version: int) -> WorkingCalendar:
        """The calendar *code*; plain office hours where it is not stored."""
        known = self._known.get((code, version))
        if known is None:
            known = self._known[code, version] = _read(connection, code)
        return known


def _read(connection: Connection, code: str) -> WorkingCalendar:
    hours = connection.scalar(_HOURS, {"code": code})
    if hours is None:
        return WorkingCalendar()
    days = {row[0].isoformat(): row[1] for row in connection.execute(_DAYS, {"code": code})}
    return WorkingCalendar.from_json({"hours": hours, "days": days})
