"""Rows of the timetable: what is due, and when it is due again. Moments are the database's own time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from sqlalchemy import Connection, text

from engine.exchange.ports import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A row to have: the background job *job* runs by *trigger*, with *arguments*."""

    name: str
    job: str
    trigger: str
    arguments: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due(Planned):
    """A row that is due, held by this transaction."""

    next_at: datetime
    now: datetime


_ENSURE = text(
    """
    INSERT INTO schedule (name, job, trigger, planned, arguments, next_at)
    VALUES (:name, :job, :trigger, :trigger, CAST(:arguments AS jsonb), now())
    ON CONFLICT (name) DO UPDATE SET job = excluded.job, arguments = excluded.arguments,
        trigger = excluded.trigger, planned = excluded.planned, next_at = now()
    WHERE (schedule.job, coalesce(schedule.planned, schedule.trigger), schedule.arguments)
        IS DISTINCT FROM (excluded.job, excluded.planned, excluded.arguments)
    """
)

_CLAIM = text(
    """
    SELECT name, job, trigger, arguments, next_at, now() FROM schedule
    WHERE enabled AND next_at <= now() ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED
    """
)

_NEXT = text(
    "UPDATE schedule SET next_at = :next_at, last_at = now(), late_s = extract(epoch FROM now() - next_at)"
    " WHERE name = :name"
)

_HOLD = text(
    "SELECT name, job, trigger, enabled, coalesce(planned, trigger) AS planned, next_at, now() AS now"
    " FROM schedule WHERE name = :name FOR UPDATE"
)

_EDIT = text(
    "UPDATE schedule SET planned = coalesce(planned, trigger), trigger = :trigger, enabled = :enabled,"
    " next_at = CASE WHEN CAST(:next_at AS timestamptz) IS NULL THEN next_at ELSE :next_at END WHERE name = :name"
)

_NOW = text("UPDATE schedule SET next_at = now() WHERE name = :name AND enabled")

_DROP = text("DELETE FROM schedule WHERE name = ANY(:names)")

_DISABLE = text("UPDATE schedule SET enabled = false WHERE name = :name")


def ensure(connection: Connection, rows: Iterable[Planned]) -> None:
    """Have these rows among others; one that the settings changed is due at once, an admin's edit stays otherwise."""
    for row in rows:
        connection.execute(
            _ENSURE,
            {
                "name": row.name,
                "job": row.job,
                "trigger": row.trigger,
                "arguments": orjson.dumps(dict(row.arguments)).decode(),
            },
        )


def drop(connection: Connection, names: Iterable[str]) -> None:
    """Have none of these rows: what they run is not wanted any more."""
    connection.execute(_DROP, {"names": list(names)})


def claim_due(connection: Connection, limit: int = 100) -> tuple[Due, ...]:
    """Rows that are due and that no other transaction holds, oldest first; ours until the transaction ends."""
    return tuple(
        Due(name=name, job=job, trigger=trigger, arguments=arguments, next_at=next_at, now=now)
        for name, job, trigger, arguments, next_at, now in connection.execute(_CLAIM, {"limit": limit})
    )


def plan_next(connection: Connection, name: str, next_at: datetime) -> None:
    """Note that a row ran now and runs again at *next_at*."""
    connection.execute(_NEXT, {"name": name, "next_at": next_at})


def disable(connection: Connection, name: str) -> None:
    """Take a row out of the timetable until somebody mends it."""
    connection.execute(_DISABLE, {"name": name})


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """A row of the timetable, held by this transaction."""

    name: str
    job: str
    trigger: str
    enabled: bool
    planned: str
    next_at: datetime | None
    now: datetime


def hold(connection: Connection, name: str) -> HeldRow | None:
    """Lock a row; None when there is none of this name."""
    row = connection.execute(_HOLD, {"name": name}).mappings().one_or_none()
    return None if row is None else HeldRow(**row)


def edit(
    connection: Connection, name: str, *, trigger: str, enabled: bool, next_at: datetime | None = None
) -> None:
    """Give a row another trigger, or take it out of the timetable; without *next_at* it is due as before."""
    connection.execute(_EDIT, {"name": name, "trigger": trigger, "enabled": enabled, "next_at": next_at})


def due_now(connection: Connection, name: str) -> bool:
    """Let a row be due at once; False when it is out of the timetable."""
    return connection.execute(_NOW, {"name": name}).rowcount == 1
