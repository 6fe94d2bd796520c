"""Whether the database is there and of our version, and what /metrics shows: counts of rows, and tallies over time."""

from datetime import datetime

from sqlalchemy import Connection, text

from engine.clock import SystemClock
from engine.dossiers.statuses import Status

_SILENT_S = 30.0  # without a heartbeat; a worker tells one every two seconds
_FINAL = [status.value for status in Status if status.is_final]

_REVISION = text("SELECT version_num FROM alembic_version")

_TALLIES = text("SELECT metric, one, two, bound, value FROM tally ORDER BY metric, one, two, bound")

_COUNTS = text(
    """
    SELECT 'dossiers' AS metric, CAST(status AS text) AS one, procedure_code AS two, CAST(count(*) AS float8) AS value
    FROM dossier GROUP BY status, procedure_code
    UNION ALL
    SELECT 'outbox', status, partner, count(*)
    FROM call WHERE status IN ('pending', 'sending', 'unknown', 'incident') GROUP BY status, partner
    UNION ALL
    SELECT 'unknown', p.name, '', count(c.id)
    FROM partner p LEFT JOIN call c ON c.partner = p.name AND c.status = 'unknown' GROUP BY p.name
    UNION ALL
    SELECT 'events_pending', '', '', count(*) FROM event WHERE status = 'pending'
    UNION ALL
    SELECT 'events_oldest', '', '', coalesce(extract(epoch FROM now() - min(created_at)), 0)
    FROM event WHERE status = 'pending'
    UNION ALL
    SELECT 'incidents_open', cause, '', count(*) FROM incident WHERE status <> 'closed' GROUP BY cause
    UNION ALL
    SELECT 'work_items_open', unit, '', count(*) FROM work_item WHERE status = 'open' GROUP BY unit
    UNION ALL
    SELECT 'messages_kept', status, '', count(*) FROM message WHERE status <> 'delivered' GROUP BY status
    UNION ALL
    SELECT 'overdue', competent_unit, procedure_code, count(*) FROM dossier
    WHERE due_at < :now AND NOT status = ANY(CAST(:final AS smallint[])) GROUP BY competent_unit, procedure_code
    UNION ALL
    SELECT 'outbox_oldest', partner, '', extract(epoch FROM now() - min(created_at))
    FROM call WHERE status IN ('pending', 'sending', 'unknown', 'incident') GROUP BY partner
    UNION ALL
    SELECT 'partner_open', name, '', CAST(breaker = 'open' AS integer) FROM partner
    UNION ALL
    SELECT 'certificate', name, '', extract(epoch FROM certificate_until) FROM partner WHERE certificate_until IS NOT NULL
    UNION ALL
    SELECT 'partner_drift', p.name, '', count(d.partner)
    FROM partner p LEFT JOIN drift d ON d.partner = p.name AND d.standing = 'differs' GROUP BY p.name
    UNION ALL
    SELECT 'partner_paused', name, '', CAST(paused AS integer) FROM partner
    UNION ALL
    SELECT 'events_set_aside', '', '', count(*) FROM event WHERE status = 'set_aside'
    UNION ALL
    SELECT 'timers_late', '', '', greatest(coalesce(extract(epoch FROM CAST(:now AS timestamptz) - min(due_at)), 0), 0)
    FROM timer WHERE NOT fired
    UNION ALL
    SELECT 'schedule_late', '', '', greatest(coalesce(extract(epoch FROM now() - min(next_at)), 0), 0)
    FROM schedule WHERE enabled
    UNION ALL
    SELECT 'jobs', CAST(status AS text), '', count(*) FROM procrastinate_jobs GROUP BY status
    UNION ALL
    SELECT 'jobs_stalled', '', '', count(*) FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
    WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => :silent))
    UNION ALL
    SELECT 'workers', '', '', count(*) FROM procrastinate_workers WHERE last_heartbeat >= now() - make_interval(secs => :silent)
    UNION ALL
    SELECT 'heartbeat', '', '', extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers
    HAVING count(*) > 0
    UNION ALL
    SELECT 'unstamped', '', '', CASE WHEN (SELECT max(changed_at) FROM dossier) > a.at
        THEN extract(epoch FROM now() - a.at) ELSE 0 END
    FROM (SELECT CAST(CAST(convert_from(body, 'UTF8') AS jsonb) ->> 'at' AS timestamptz) AS at
        FROM anchor ORDER BY number DESC LIMIT 1) a
    UNION ALL
    SELECT 'backup_verified', '', '', coalesce(extract(epoch FROM b.at), 0)
    FROM (SELECT max(taken_at) AS at FROM backup WHERE status = 'done' AND verified_at IS NOT NULL) b
    WHERE b.at IS NOT NULL OR EXISTS (SELECT 1 FROM schedule WHERE name = 'backup')
    UNION ALL
    SELECT 'clock_offset', '', '', extract(epoch FROM CAST(:process AS timestamptz) - clock_timestamp())
    UNION ALL
    SELECT 'database_size', '', '', pg_database_size(current_database())
    """
)


def revision(connection: Connection) -> str:
    """The schema's revision. Raises: StoreError when the database does not answer or was never migrated."""
    return str(connection.scalar(_REVISION))


def counts(connection: Connection, now: datetime) -> list[tuple[str, str, str, float]]:
    """(metric, first label, second label, value) rows; what is overdue and late is so at *now*, the (demo) clock's."""
    given = {"now": now, "final": _FINAL, "silent": _SILENT_S, "process": SystemClock().now()}
    found = connection.execute(_COUNTS, given)
    return [(row[0], row[1], row[2], float(row[3])) for row in found]


def tallies(connection: Connection) -> list[tuple[str, str, str, float, float]]:
    """(metric, first label, second label, bound in seconds, value) rows of what only grows, in this order."""
    return [(row[0], row[1], row[2], float(row[3]), float(row[4])) for row in connection.execute(_TALLIES)]
