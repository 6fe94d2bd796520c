"""Whether the database is there and of our version, and the counts that /metrics shows."""

from datetime import datetime

from sqlalchemy import Connection, text

from engine.dossiers.statuses import Status

_FINAL = [status.value for status in Status if status.is_final]

_REVISION = text("SELECT version_num FROM alembic_version")

_COUNTS = text(
    """
    SELECT 'dossiers' AS metric, CAST(status AS text) AS one, procedure_code AS two, CAST(count(*) AS float8) AS value
    FROM dossier GROUP BY status, procedure_code
    UNION ALL
    SELECT 'calls_open', status, partner, count(*)
    FROM call WHERE status IN ('pending', 'sending', 'unknown', 'incident') GROUP BY status, partner
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
    SELECT 'dossiers_overdue', procedure_code, '', count(*) FROM dossier
    WHERE due_at < :now AND NOT status = ANY(CAST(:final AS smallint[])) GROUP BY procedure_code
    UNION ALL
    SELECT 'calls_oldest', partner, '', extract(epoch FROM now() - min(created_at))
    FROM call WHERE status IN ('pending', 'sending', 'unknown', 'incident') GROUP BY partner
    UNION ALL
    SELECT 'partner_open', name, '', CAST(breaker = 'open' AS integer) FROM partner
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
    SELECT 'database_size', '', '', pg_database_size(current_database())
    """
)


def revision(connection: Connection) -> str:
    """The schema's revision. Raises: StoreError when the database does not answer or was never migrated."""
    return str(connection.scalar(_REVISION))


def counts(connection: Connection, now: datetime) -> list[tuple[str, str, str, float]]:
    """(metric, first label, second label, value) rows; what is overdue and late is so at *now*, the (demo) clock's."""
    found = connection.execute(_COUNTS, {"now": now, "final": _FINAL})
    return [(row[0], row[1], row[2], float(row[3])) for row in found]
