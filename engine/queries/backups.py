"""Backups as people look at them: the newest runs, and whether they can be relied on now."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

MOST = 50
JOB = "backup"
"""The row of the timetable by which backups are made; not there: nobody configured any."""

_LIST = text(
    """
    SELECT id, status, who, host, folder, file, size_bytes, dossiers, taken_at, started_at, ended_at, verified_at, checked,
        detail, CAST(extract(epoch FROM coalesce(ended_at, now()) - started_at) AS float8) AS took_s
    FROM backup ORDER BY id DESC LIMIT :limit
    """
)
_NOW = f"""
    SELECT EXISTS (SELECT 1 FROM schedule WHERE name = '{JOB}') AS planned,
        (SELECT max(taken_at) FROM backup WHERE status = 'done') AS taken_at,
        (SELECT max(taken_at) FROM backup WHERE status = 'done' AND verified_at IS NOT NULL) AS verified_of,
        coalesce((SELECT status = 'failed' FROM backup WHERE status <> 'running' ORDER BY id DESC LIMIT 1), false) AS failed
"""
_STANDING = text(_NOW)
TROUBLES = f"""
    SELECT t.name, 1 AS number FROM ({_NOW}) s
    CROSS JOIN LATERAL (SELECT now() - make_interval(secs => :backup_old_s) AS least) l
    CROSS JOIN LATERAL (VALUES ('failed', s.failed), ('old', s.planned AND NOT coalesce(s.taken_at > l.least, false)),
        ('unverified', s.planned AND coalesce(s.taken_at > l.least, false) AND NOT coalesce(s.verified_of > l.least, false))
    ) AS t(name, holds) WHERE t.holds
"""
"""What is wrong with the backups, as the first page counts it: the last run failed; none is young enough where the timetable
makes them; none that is young enough was ever restored and compared."""
_TROUBLES = text(TROUBLES)
_SAMPLE = text(
    """
    (SELECT id, code FROM dossier ORDER BY id DESC LIMIT :many)
    UNION (SELECT id, code FROM dossier ORDER BY random() LIMIT :many)
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRun:
    """A backup that was begun; *took_s* is until now where it goes on."""

    id: int
    status: str  # running | done | failed
    who: str
    host: str
    folder: str
    file: str
    size_bytes: int | None
    dossiers: int | None
    taken_at: datetime | None
    started_at: datetime
    ended_at: datetime | None
    verified_at: datetime | None
    checked: int | None
    detail: str
    took_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupStanding:
    """What could be restored now: the data of *taken_at*, and those of *verified_of* for certain. *failed*: the last run did.
    *planned*: the timetable makes them."""

    planned: bool
    taken_at: datetime | None
    verified_of: datetime | None
    failed: bool


def newest(connection: Connection) -> list[BackupRun]:
    """The last `MOST` runs, newest first."""
    return [BackupRun(**row) for row in connection.execute(_LIST, {"limit": MOST}).mappings()]


def standing(connection: Connection) -> BackupStanding:
    """How it is now."""
    return BackupStanding(**connection.execute(_STANDING).mappings().one())


def troubles(connection: Connection, old_h: float) -> list[str]:
    """What is wrong: failed, old, unverified; a backup becomes old after so many hours."""
    return list(connection.scalars(_TROUBLES, {"backup_old_s": old_h * 3600}))


def sample(connection: Connection, many: int) -> list[tuple[int, str]]:
    """(id, code) of the newest *many* dossiers, and of as many others by chance."""
    return [(row[0], row[1]) for row in connection.execute(_SAMPLE, {"many": many})]
