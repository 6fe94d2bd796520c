"""What needs somebody's attention now: each count by what it counts, in one statement."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_MINE = (
    "(CAST(:unit AS text) IS NULL OR :unit IN (d.receiving_unit, d.competent_unit, d.returning_unit))"
    " AND (CAST(:procedure AS text) IS NULL OR d.procedure_code = :procedure)"
)
_SILENT_S = 30

_COUNTS = text(
    f"""
    WITH mine AS (SELECT i.cause FROM incident i LEFT JOIN dossier d ON d.id = i.dossier_id
        WHERE i.status <> 'closed' AND {_MINE}),
    due AS (SELECT due_at FROM dossier d WHERE finished_at IS NULL AND due_at < :soon AND {_MINE}),
    lost AS (SELECT c.status FROM call c JOIN dossier d ON d.id = c.dossier_id
        WHERE c.status IN ('unknown', 'incident') AND {_MINE})
    SELECT 'incidents' AS kind, cause AS name, count(*) FROM mine GROUP BY cause
    UNION ALL SELECT 'calls', status, count(*) FROM lost GROUP BY status
    UNION ALL SELECT 'due', CASE WHEN due_at < :now THEN 'late' ELSE 'soon' END, count(*) FROM due GROUP BY 2
    UNION ALL SELECT 'dossiers', 'suspended', count(*) FROM suspension s JOIN dossier d ON d.id = s.dossier_id
        WHERE {_MINE}
    UNION ALL SELECT 'items', 'open', count(*) FROM work_item w JOIN dossier d ON d.id = w.dossier_id
        WHERE w.status = 'open' AND (CAST(:unit AS text) IS NULL OR w.unit = :unit)
        AND (CAST(:procedure AS text) IS NULL OR d.procedure_code = :procedure)
    UNION ALL SELECT 'messages', status, count(*) FROM message WHERE status IN ('unclaimed', 'ambiguous') GROUP BY status
    UNION ALL SELECT 'partners', CASE WHEN paused THEN 'paused' ELSE 'open' END, count(*) FROM partner
        WHERE paused OR breaker = 'open' GROUP BY 2
    UNION ALL SELECT 'events', 'old', count(*) FROM event WHERE status = 'pending' AND created_at < now() - interval '1 minute'
    UNION ALL SELECT 'schedules', 'late', count(*) FROM schedule WHERE enabled AND next_at < now() - interval '1 minute'
    UNION ALL SELECT 'jobs', 'stuck', count(*) FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
        WHERE j.status = 'failed' OR j.status = 'doing'
        AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => :silent))
    """
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
    connection: Connection, *, now: datetime, soon: datetime, unit: str | None, procedure: str | None
) -> dict[str, dict[str, int]]:
    """Kind → name → how many, of a *unit* and a *procedure* (None: of all). What is not there counts nothing.

    What is due before *soon* counts as due soon. Messages, partners, events and schedules are of no unit.
    """
    given = {"now": now, "soon": soon, "unit": unit, "procedure": procedure, "silent": _SILENT_S}
    found: dict[str, dict[str, int]] = {}
    for kind, name, number in connection.execute(_COUNTS, given):
        if number:
            found.setdefault(kind, {})[name] = number
    return found


def incidents_since(
    connection: Connection, deployment: int, since: datetime, *, unit: str | None, procedure: str | None
) -> int:
    """Incidents of dossiers that run on *deployment*, opened *since* then, closed ones too."""
    given = {"deployment": deployment, "since": since, "unit": unit, "procedure": procedure}
    return int(connection.scalar(_SINCE, given) or 0)


def calendar_version(connection: Connection) -> int:
    """The present version of the calendar that units have unless another is named."""
    return int(connection.scalar(_VERSION) or 0)
