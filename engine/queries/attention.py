"""What needs somebody's attention now: each count by what it counts, in one statement."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

_COUNTS = text(
    """
    WITH mine AS (SELECT i.cause, i.dossier_id FROM incident i LEFT JOIN dossier d ON d.id = i.dossier_id
        WHERE i.status <> 'closed' AND (CAST(:unit AS text) IS NULL
            OR :unit IN (d.receiving_unit, d.competent_unit, d.returning_unit))),
    due AS (SELECT due_at FROM dossier WHERE finished_at IS NULL AND due_at < :soon
        AND (CAST(:unit AS text) IS NULL OR :unit IN (receiving_unit, competent_unit, returning_unit))),
    lost AS (SELECT c.status FROM call c JOIN dossier d ON d.id = c.dossier_id WHERE c.status IN ('unknown', 'incident')
        AND (CAST(:unit AS text) IS NULL OR :unit IN (d.receiving_unit, d.competent_unit, d.returning_unit)))
    SELECT 'incidents' AS kind, cause AS name, count(*) FROM mine GROUP BY cause
    UNION ALL SELECT 'calls', status, count(*) FROM lost GROUP BY status
    UNION ALL SELECT 'due', CASE WHEN due_at < :now THEN 'late' ELSE 'soon' END, count(*) FROM due GROUP BY 2
    UNION ALL SELECT 'items', 'open', count(*) FROM work_item WHERE status = 'open'
        AND (CAST(:unit AS text) IS NULL OR unit = :unit)
    UNION ALL SELECT 'messages', status, count(*) FROM message WHERE status IN ('unclaimed', 'ambiguous') GROUP BY status
    UNION ALL SELECT 'partners', CASE WHEN paused THEN 'paused' ELSE 'open' END, count(*) FROM partner
        WHERE paused OR breaker = 'open' GROUP BY 2
    UNION ALL SELECT 'events', 'old', count(*) FROM event WHERE status = 'pending' AND created_at < now() - interval '1 minute'
    UNION ALL SELECT 'schedules', 'late', count(*) FROM schedule WHERE enabled AND next_at < now() - interval '1 minute'
    """
)


def counts(connection: Connection, *, now: datetime, unit: str | None) -> dict[str, dict[str, int]]:
    """Kind → name → how many, for a visitor of *unit* (None: of all). What is not there counts nothing."""
    found: dict[str, dict[str, int]] = {}
    for kind, name, number in connection.execute(
        _COUNTS, {"now": now, "soon": now + timedelta(days=1), "unit": unit}
    ):
        if number:
            found.setdefault(kind, {})[name] = number
    return found
