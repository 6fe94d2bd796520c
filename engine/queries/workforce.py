"""Who works and what waits for them: what each worker has in hand, each queue's depth and pace, jobs that nobody ends."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

NEWEST = 20_000
"""How many of the newest rows are looked at for what came and went within a minute."""
STALLED_S = 30.0
"""A background job whose runner was not heard of for so long is nobody's."""

_IN_HAND = text(
    """
    SELECT worker, CAST(sum(events) AS integer) AS events, CAST(sum(calls) AS integer) AS calls, max(until) AS until FROM (
        SELECT worker, count(*) AS events, 0 AS calls, max(lease_until) AS until FROM event
        WHERE status = 'pending' AND worker IS NOT NULL AND lease_until > now() GROUP BY worker
        UNION ALL
        SELECT worker, 0, count(*), max(lease_until) FROM call
        WHERE status = 'sending' AND worker IS NOT NULL GROUP BY worker) held
    GROUP BY worker
    """
)

# Ids are given in the order of coming, so the newest rows are at the end of the key's index.
_QUEUES = text(
    """
    WITH fresh_events AS (SELECT created_at, applied_at FROM event ORDER BY id DESC LIMIT :newest),
    fresh_calls AS (SELECT partner, created_at FROM call ORDER BY id DESC LIMIT :newest),
    waiting AS (
        SELECT partner, count(*) AS depth, min(created_at) AS oldest_at FROM call WHERE status = 'pending' GROUP BY partner),
    came AS (
        SELECT partner, count(*) AS came FROM fresh_calls WHERE created_at > now() - interval '1 minute' GROUP BY partner)
    SELECT 'events' AS kind, '' AS name, e.depth, e.oldest_at,
        (SELECT count(*) FROM fresh_events WHERE created_at > now() - interval '1 minute') AS came,
        (SELECT count(*) FROM fresh_events WHERE applied_at > now() - interval '1 minute') AS went,
        e.depth >= :newest AS at_least
    FROM (SELECT count(*) AS depth, min(created_at) AS oldest_at FROM event WHERE status = 'pending') e
    UNION ALL
    SELECT 'calls', p.name, coalesce(w.depth, 0), w.oldest_at, coalesce(c.came, 0),
        (SELECT count(*) FROM attempt a WHERE a.partner = p.name AND a.started_at > now() - interval '15 minutes'
            AND a.ended_at > now() - interval '1 minute'), coalesce(c.came, 0) >= :newest
    FROM partner p LEFT JOIN waiting w ON w.partner = p.name LEFT JOIN came c ON c.partner = p.name
    UNION ALL
    SELECT 'jobs', queue_name, count(*) FILTER (WHERE status = 'todo'), NULL, NULL, NULL, false
    FROM procrastinate_jobs WHERE status IN ('todo', 'doing') GROUP BY queue_name
    ORDER BY 1 DESC, 2
    """
)

_RUNNERS = text(
    """
    SELECT w.id, w.last_heartbeat AS seen_at, CAST(extract(epoch FROM now() - w.last_heartbeat) AS float8) AS silent_s,
        coalesce(array_agg(j.task_name ORDER BY j.task_name) FILTER (WHERE j.id IS NOT NULL), '{}') AS jobs
    FROM procrastinate_workers w LEFT JOIN procrastinate_jobs j ON j.worker_id = w.id AND j.status = 'doing'
    GROUP BY w.id, w.last_heartbeat ORDER BY w.id
    """
)

_STALLED = text(
    """
    SELECT j.id, j.task_name AS job, j.queue_name AS queue, j.attempts, w.last_heartbeat AS seen_at
    FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
    WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => :stalled))
    ORDER BY j.id LIMIT 100
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InHand:
    """What a worker has begun and not ended; *until*: when the last of its leases runs out."""

    worker: str
    events: int
    calls: int
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What waits, and how many *came* and *went* within the last minute; None: that is not kept.

    *at_least*: there may have been more, for only the newest rows are looked at.
    """

    kind: str  # events | calls | jobs
    name: str
    depth: int
    oldest_at: datetime | None
    came: int | None
    went: int | None
    at_least: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Who runs background jobs in a worker, and which it runs now."""

    id: int
    seen_at: datetime
    silent_s: float
    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StalledJob:
    """A job that was begun, and whose runner is gone; the next sweep of any worker runs it again."""

    id: int
    job: str
    queue: str
    attempts: int
    seen_at: datetime | None


def in_hand(connection: Connection) -> dict[str, InHand]:
    """By worker, also those that do not run any more: until their leases end."""
    return {row["worker"]: InHand(**row) for row in connection.execute(_IN_HAND).mappings()}


def queues(connection: Connection) -> list[Queue]:
    """Background jobs by queue, events, calls by partner."""
    return [Queue(**row) for row in connection.execute(_QUEUES, {"newest": NEWEST}).mappings()]


def runners(connection: Connection) -> list[Runner]:
    """Of all workers, those that fell silent too."""
    return [Runner(**{**row, "jobs": tuple(row["jobs"])}) for row in connection.execute(_RUNNERS).mappings()]


def stalled(connection: Connection) -> list[StalledJob]:
    """The oldest hundred."""
    return [StalledJob(**row) for row in connection.execute(_STALLED, {"stalled": STALLED_S}).mappings()]
