"""Unit rows: the offices at which dossiers are handed in, decided on and fetched."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from engine import errors

_ENSURE = text(
    "INSERT INTO unit (code, name, calendar_code) VALUES (:code, :name, :calendar) ON CONFLICT (code) DO NOTHING"
)

_LIST = text("SELECT code, name, calendar_code, valid_from, valid_to FROM unit ORDER BY code")
_THERE = text("SELECT 1 FROM unit WHERE code = :code")
_PUT = text(
    "INSERT INTO unit (code, name, calendar_code, valid_from, valid_to)"
    " VALUES (:code, :name, :calendar, :valid_from, :valid_to) ON CONFLICT (code) DO UPDATE SET name = excluded.name,"
    " calendar_code = excluded.calendar_code, valid_from = excluded.valid_from, valid_to = excluded.valid_to"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUnit:
    """An office, and the days from and up to (not with) which its code holds."""

    code: str
    name: str
    calendar: str
    valid_from: date
    valid_to: date | None = None


def put(connection: Connection, unit: StoredUnit) -> None:
    """Add an office, or change what is said of it. Raises: CalendarUnknown."""
    if connection.scalar(text("SELECT 1 FROM calendar WHERE code = :code"), {"code": unit.calendar}) is None:
        raise errors.CalendarUnknown(calendar=unit.calendar)
    connection.execute(_PUT, {name: getattr(unit, name) for name in StoredUnit.__dataclass_fields__})


def require(connection: Connection, code: str | None) -> None:
    """Have *code* be an office's, or nothing.

    Raises:
        RequestInvalid: no office has it, so what belongs to it would see nothing and nobody would know why.
    """
    if code is not None and connection.scalar(_THERE, {"code": code}) is None:
        raise errors.RequestInvalid(reason=f"there is no unit {code}; `lienthong units list` shows them")


def list_all(connection: Connection) -> list[StoredUnit]:
    """Every office, by code."""
    return [
        StoredUnit(code=row[0], name=row[1], calendar=row[2], valid_from=row[3], valid_to=row[4])
        for row in connection.execute(_LIST)
    ]


def ensure(connection: Connection, code: str, name: str, *, calendar: str) -> None:
    """Have the unit *code* with the working *calendar*; one that is there is left alone."""
    connection.execute(_ENSURE, {"code": code, "name": name, "calendar": calendar})
