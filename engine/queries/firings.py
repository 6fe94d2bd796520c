"""What fires next (rows of the timetable and dossiers' timers), how late timers were, and who looks at the timetable."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

MOST = 100
FIRED_MOST = 50_000
"""Of the last day's timers, the newest so many are looked at."""
SILENT_S = 10.0
"""A process that was not heard of for so long counts as gone; it tells of itself every two seconds."""

# Timers go by the (demo) clock, the timetable by the database's own: both are put in order by how far off they are.
_NEXT = text(
    """
    SELECT * FROM (
        (SELECT 'schedule' AS kind, name, next_at AS at, CAST(extract(epoch FROM next_at - now()) AS float8) AS wait_s,
            CAST(NULL AS text) AS dossier, CAST(NULL AS text) AS procedure, CAST(NULL AS bigint) AS deployment
        FROM schedule WHERE enabled AND next_at IS NOT NULL AND :schedules ORDER BY next_at LIMIT :limit)
        UNION ALL
        (SELECT CASE WHEN t.legal_from IS NULL THEN 'timer' ELSE 'legal-timer' END, t.element, t.due_at,
            extract(epoch FROM t.due_at - CAST(:now AS timestamptz)), d.code, d.procedure_code, d.deployment_id
        FROM timer t JOIN dossier d ON d.id = t.dossier_id
        WHERE NOT t.fired AND :timers AND (CAST(:legal AS boolean) IS NULL OR :legal = (t.legal_from IS NOT NULL))
            AND (CAST(:procedure AS text) IS NULL OR d.procedure_code = :procedure)
            AND (CAST(:unit AS text) IS NULL OR :unit IN (d.receiving_unit, d.competent_unit, d.returning_unit))
        ORDER BY t.due_at LIMIT :limit)
    ) found ORDER BY wait_s, name LIMIT :limit
    """
)

_LATENESS = text(
    """
    SELECT count(*) AS fired, percentile_cont(0.99) WITHIN GROUP (ORDER BY late_s) AS p99_s, max(late_s) AS most_s FROM (
        SELECT greatest(0, extract(epoch FROM
            coalesce(CAST(payload ->> 'at' AS timestamptz), created_at) - CAST(payload ->> 'due_at' AS timestamptz))) AS late_s
        FROM event WHERE kind = 'timer' AND created_at > now() - interval '24 hours'
        ORDER BY created_at DESC LIMIT :most) day
    """
)

_RUNNING = text(
    "SELECT name, role, host, pid, version, draining, started_at, seen_at,"
    " CAST(extract(epoch FROM now() - seen_at) AS float8) AS silent_s"
    " FROM presence WHERE role = :role ORDER BY started_at, name"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """What fires *at* a moment, in *wait_s* seconds (negative: it is late). A timer has an element, a row a name."""

    kind: str  # schedule | timer | legal-timer
    name: str
    at: datetime
    wait_s: float
    dossier: str | None
    procedure: str | None
    deployment: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """Of the timers that *fired* in 24 hours: how late they did, in seconds; None where none did."""

    fired: int
    p99_s: float | None
    most_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningProcess:
    """A process as it tells of itself; *silent_s* since it last did, by the database's time."""

    name: str
    role: str
    host: str
    pid: int
    version: str
    draining: bool
    started_at: datetime
    seen_at: datetime
    silent_s: float

    @property
    def alive(self) -> bool:
        return self.silent_s < SILENT_S


def next_firings(
    connection: Connection, *, now: datetime, kind: str | None, procedure: str | None, unit: str | None
) -> list[Firing]:
    """The next `MOST`, soonest first; each row of the timetable once. *unit* narrows timers to the dossiers of a unit."""
    wanted = {
        "schedules": kind in (None, "schedule") and procedure is None,
        "timers": kind != "schedule",
        "legal": None if kind in (None, "schedule") else kind == "legal-timer",
        "procedure": procedure,
        "unit": unit,
        "now": now,
        "limit": MOST,
    }
    return [Firing(**row) for row in connection.execute(_NEXT, wanted).mappings()]


def lateness(connection: Connection) -> Lateness:
    """How late the timers of the last 24 hours fired, by their own clock."""
    row = connection.execute(_LATENESS, {"most": FIRED_MOST}).one()
    return Lateness(
        fired=row.fired,
        p99_s=None if row.p99_s is None else float(row.p99_s),
        most_s=None if row.most_s is None else float(row.most_s),
    )


def running(connection: Connection, role: str) -> list[RunningProcess]:
    """Processes of a *role* (worker or scheduler), the longest running first; also those that fell silent."""
    return [RunningProcess(**row) for row in connection.execute(_RUNNING, {"role": role}).mappings()]
