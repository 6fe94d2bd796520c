"""The timetable as lists show it: what runs when, and whether somebody changed it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine import errors

_COLUMNS = "name, job, trigger, enabled, coalesce(planned, trigger) AS planned, next_at, last_at, late_s"

_LIST = text(f"SELECT {_COLUMNS} FROM schedule ORDER BY name")

_ONE = text(f"SELECT {_COLUMNS} FROM schedule WHERE name = :name")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLine:
    """A row of the timetable; *planned* is the trigger that the settings give it, *late_s* how
    long after its moment it fired last, in seconds."""

    name: str
    job: str
    trigger: str
    enabled: bool
    planned: str
    next_at: datetime | None
    last_at: datetime | None
    late_s: float | None


def list_schedules(connection: Connection) -> list[ScheduleLine]:
    """Every row by name; there are a dozen."""
    return [ScheduleLine(**row) for row in connection.execute(_LIST).mappings()]


def get_schedule(connection: Connection, name: str) -> ScheduleLine:
    """Raises: ScheduleNotFound."""
    row = connection.execute(_ONE, {"name": name}).mappings().first()
    if row is None:
        raise errors.ScheduleNotFound(schedule=name)
    return ScheduleLine(**row)
