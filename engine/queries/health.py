"""Whether the database is there and of our version, and the counts that /metrics shows."""

from sqlalchemy import Connection, text

_REVISION = text("SELECT version_num FROM alembic_version")

_COUNTS = text(
    """
    SELECT 'dossiers' AS metric, CAST(status AS text) AS one, procedure_code AS two, count(*) AS value
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
    """
)


def revision(connection: Connection) -> str:
    """The schema's revision. Raises: StoreError when the database does not answer or was never migrated."""
    return str(connection.scalar(_REVISION))


def counts(connection: Connection) -> list[tuple[str, str, str, float]]:
    """(metric, first label, second label, value) rows."""
    return [(row[0], row[1], row[2], float(row[3])) for row in connection.execute(_COUNTS)]
