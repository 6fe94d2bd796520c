"""What needs somebody's attention now: each count by what it counts, in one statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine.queries.backups import TROUBLES

_MINE = (
    "(CAST(:unit AS text) IS NULL OR :unit IN (d.receiving_unit, d.competent_unit, d.returning_unit))"
    " AND (CAST(:procedure AS text) IS NULL OR d.procedure_code = :procedure)"
)
_SILENT_S = 30

_COUNTERS: Mapping[str, str] = {
    "incidents": f"""SELECT i.cause AS name, count(*) AS number FROM incident i LEFT JOIN dossier d ON d.id = i.dossier_id
        WHERE i.status = 'open' AND {_MINE} GROUP BY 1""",
    "calls": f"""SELECT c.status AS name, count(*) AS number FROM call c JOIN dossier d ON d.id = c.dossier_id
        WHERE c.status IN ('unknown', 'incident') AND {_MINE} GROUP BY 1""",
    "due": f"""SELECT CASE WHEN due_at < :now THEN 'late' ELSE 'soon' END AS name, count(*) AS number FROM dossier d
        WHERE finished_at IS NULL AND due_at < :soon AND {_MINE} GROUP BY 1""",
    "dossiers": f"""SELECT 'suspended' AS name, count(*) AS number FROM suspension s JOIN dossier d ON d.id = s.dossier_id
        WHERE {_MINE}""",
    "items": """SELECT 'open' AS name, count(*) AS number FROM work_item w JOIN dossier d ON d.id = w.dossier_id
        WHERE w.status = 'open' AND (CAST(:unit AS text) IS NULL OR w.unit = :unit)
        AND (CAST(:procedure AS text) IS NULL OR d.procedure_code = :procedure)""",
    "messages": "SELECT status AS name, count(*) AS number FROM message WHERE status IN ('unclaimed', 'ambiguous') GROUP BY 1",
    "partners": """SELECT CASE WHEN paused THEN 'paused' ELSE 'open' END AS name, count(*) AS number FROM partner
        WHERE paused OR breaker = 'open' GROUP BY 1""",
    "certificates": """SELECT 'soon' AS name, count(*) AS number FROM partner
        WHERE certificate_until < now() + interval '30 days'""",
    "drift": "SELECT kind AS name, count(DISTINCT partner) AS number FROM drift WHERE standing = 'differs' GROUP BY 1",
    "events": """SELECT 'old' AS name, count(*) AS number FROM event
        WHERE status = 'pending' AND created_at < now() - interval '1 minute'""",
    "schedules": """SELECT 'late' AS name, count(*) AS number FROM schedule
        WHERE enabled AND next_at < now() - interval '1 minute'""",
    "processes": f"""SELECT role AS name, 1 AS number FROM unnest(ARRAY['worker', 'scheduler']) role
        WHERE NOT EXISTS (SELECT 1 FROM presence p WHERE p.role = role.role AND NOT p.draining
        AND p.seen_at > now() - make_interval(secs => {_SILENT_S}))""",
    "jobs": f"""SELECT 'stuck' AS name, count(*) AS number FROM procrastinate_jobs j
        LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
        WHERE j.status = 'failed' OR j.status = 'doing'
        AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => {_SILENT_S}))""",
    "backups": TROUBLES,
    "sending": """SELECT 'paused' AS name, 1 AS number FROM installation WHERE name = 'sending' AND value = '"paused"'""",
}
OF_EVERYBODY = frozenset(
    {
        *("messages", "partners", "certificates", "drift", "events", "schedules", "jobs", "processes"),
        *("backups", "sending"),
    }
)
"""Kinds that are of no unit and no procedure: a narrower view does not narrow them."""

_COUNTS = text(
    " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, name, number FROM ({sql}) AS {kind}" for kind, sql in _COUNTERS.items()
    )
)
_SNOOZED = text("SELECT kind, name, until, reason, who FROM snooze WHERE until > now()")
_VERSION = text("SELECT version FROM calendar WHERE code = 'default'")
_SINCE = text(
    f"""
    SELECT count(*) FROM incident i JOIN dossier d ON d.id = i.dossier_id
    WHERE d.deployment_id = :deployment AND i.opened_at >= :since AND {_MINE}
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """A count that somebody put off."""

    kind: str
    name: str
    until: datetime
    reason: str
    who: str


def snoozed(connection: Connection) -> dict[tuple[str, str], Snooze]:
    """What is put off now, by kind and name."""
    found = [Snooze(**row) for row in connection.execute(_SNOOZED).mappings()]
    return {(one.kind, one.name): one for one in found}


def counts(
    connection: Connection,
    *,
    now: datetime,
    soon: datetime,
    unit: str | None,
    procedure: str | None,
    kind: str | None = None,
    backup_old_h: float = 30.0,
) -> dict[str, dict[str, int]]:
    """Kind → name → how many, of a *unit* and a *procedure* (None: of all). What is not there counts nothing.

    What is due before *soon* counts as due soon, a backup as old after so many hours. With *kind* only that one is counted.
    """
    given = {
        "now": now,
        "soon": soon,
        "unit": unit,
        "procedure": procedure,
        "backup_old_s": backup_old_h * 3600,
    }
    statement = (
        _COUNTS if kind is None else text(f"SELECT '{kind}', name, number FROM ({_COUNTERS[kind]}) AS one")
    )
    found: dict[str, dict[str, int]] = {}
    for of, name, number in connection.execute(statement, given):
        if number:
            found.setdefault(of, {})[name] = number
    return found


def kinds() -> tuple[str, ...]:
    """Everything that is counted."""
    return tuple(_COUNTERS)


def incidents_since(
    connection: Connection, deployment: int, since: datetime, *, unit: str | None, procedure: str | None
) -> int:
    """Incidents of dossiers that run on *deployment*, opened *since* then, closed ones too."""
    given = {"deployment": deployment, "since": since, "unit": unit, "procedure": procedure}
    return int(connection.scalar(_SINCE, given) or 0)


def calendar_version(connection: Connection) -> int:
    """The present version of the calendar that units have unless another is named."""
    return int(connection.scalar(_VERSION) or 0)
