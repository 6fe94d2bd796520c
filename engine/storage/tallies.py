"""Counts that only grow: attempts by partner and outcome, and how long steps took, added up from rows that have ended.

Each row is counted once: what ended before the mark is counted, and the mark never passes a transaction that may still
commit with an earlier moment.
"""

from sqlalchemy import Connection, text

# Seconds: from an answer at once to a legal term of weeks.
BOUNDS = (1, 10, 60, 600, 3600, 6 * 3600, 86400, 3 * 86400, 7 * 86400, 30 * 86400)

_ALLOW = text("SET LOCAL enable_bitmapscan = on; SET LOCAL enable_hashjoin = on")
_HOLD = text("SELECT upto FROM tally_mark WHERE name = 'rows' FOR UPDATE SKIP LOCKED")
# now() of a transaction that runs is its beginning; five seconds are for one that began and did not say so yet.
_UPTO = text(
    """
    SELECT least(now(), min(xact_start)) - interval '5 s' FROM pg_stat_activity WHERE datname = current_database()
    """
)
_COUNT = text(
    """
    WITH steps AS (
        SELECT d.procedure_code AS procedure, 'service' AS kind,
            extract(epoch FROM c.settled_at - c.created_at) AS seconds
        FROM call c JOIN dossier d ON d.id = c.dossier_id
        WHERE c.settled_at >= :since AND c.settled_at < :upto AND c.task IS NOT NULL
        UNION ALL
        SELECT d.procedure_code, 'user', greatest(extract(epoch FROM w.closed_at - w.opened_at), 0)
        FROM work_item w JOIN dossier d ON d.id = w.dossier_id
        WHERE w.closed_at >= :since AND w.closed_at < :upto AND w.status = 'done'),
    fresh AS (
        SELECT 'attempts' AS metric, c.partner AS one, a.outcome AS two, CAST(0 AS float8) AS bound, count(*) AS value
        FROM attempt a JOIN call c ON c.id = a.call_id
        WHERE a.ended_at >= :since AND a.ended_at < :upto AND NOT a.ask GROUP BY c.partner, a.outcome
        UNION ALL
        SELECT 'steps', procedure, kind, b.bound, count(*) FILTER (WHERE seconds <= b.bound)
        FROM steps CROSS JOIN unnest(CAST(:bounds AS float8[])) AS b(bound) GROUP BY procedure, kind, b.bound
        UNION ALL
        SELECT 'steps', procedure, kind, 'infinity', count(*) FROM steps GROUP BY procedure, kind
        UNION ALL
        SELECT 'steps-sum', procedure, kind, 0, sum(seconds) FROM steps GROUP BY procedure, kind),
    marked AS (UPDATE tally_mark SET upto = :upto WHERE name = 'rows')
    INSERT INTO tally (metric, one, two, bound, value) SELECT metric, one, two, bound, value FROM fresh
    ON CONFLICT (metric, one, two, bound) DO UPDATE SET value = tally.value + excluded.value
    """
)


def advance(connection: Connection) -> int:
    """Add what has ended since the last time; how many counts grew. Another worker at it: nothing."""
    since = connection.scalar(_HOLD)
    upto = connection.scalar(_UPTO) if since is not None else None
    if since is None or upto is None or upto <= since:
        return 0
    connection.execute(_ALLOW)
    return connection.execute(_COUNT, {"since": since, "upto": upto, "bounds": list(BOUNDS)}).rowcount
