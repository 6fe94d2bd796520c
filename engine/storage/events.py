"""Event rows: appended by whoever saw something happen, claimed in groups by appliers.

A claim counts the start before the work begins (a worker that dies of an event leaves a trace) and is the fence: whoever
applies an event must find it pending with the very number of starts that the claim gave.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.exchange.ports import Json
from engine.storage.database import json_text, notify
from engine.storage.statements import Statement

CHANNEL = "lienthong_event"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedEvent:
    """An event that this worker may apply until its lease ends."""

    id: int
    dossier: int
    starts: int
    lone_starts: int


_APPEND = text(
    f"""
    WITH e AS (INSERT INTO event (dossier_id, kind, payload, external_id, trace)
        VALUES (:dossier, :kind, CAST(:payload AS jsonb), :external, :trace)
        ON CONFLICT (external_id) DO NOTHING RETURNING id)
    SELECT id, pg_notify('{CHANNEL}', '') FROM e
    """
)

# `p.id + 0`: the earlier events of a dossier are few, those of all dossiers with a smaller id may be very many.
_FOR_CALENDAR = text(
    """
    INSERT INTO event (dossier_id, kind, payload)
    SELECT d.id, 'calendar-changed', jsonb_build_object('calendar', CAST(:calendar AS text))
    FROM dossier d JOIN unit u ON u.code = d.competent_unit LEFT JOIN instance i ON i.dossier_id = d.id
    WHERE u.calendar_code = :calendar AND coalesce(i.status, 'running') = 'running' ORDER BY d.id
    """
)

_CLAIM = Statement(
    """
    WITH due AS (
        SELECT e.id, e.starts > 0 AS begun FROM event e
        WHERE e.status = 'pending' AND (e.lease_until IS NULL OR e.lease_until < now())
          AND e.dossier_id NOT IN (SELECT dossier_id FROM suspension)
          AND NOT EXISTS (SELECT 1 FROM event p
                          WHERE p.dossier_id = e.dossier_id AND p.status = 'pending' AND p.id + 0 < e.id)
        ORDER BY e.id LIMIT :limit FOR UPDATE OF e SKIP LOCKED),
    taken AS (
        SELECT id FROM due WHERE id = (SELECT min(id) FROM due WHERE begun)
            OR NOT EXISTS (SELECT 1 FROM due WHERE begun)),
    unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    UPDATE event e
    SET starts = e.starts + 1, lone_starts = e.lone_starts + CASE WHEN e.starts > 0 THEN 1 ELSE 0 END,
        worker = :worker, lease_until = now() + make_interval(secs => :lease_s)
    FROM taken, unhurried WHERE e.id = taken.id
    RETURNING e.id, e.dossier_id, e.starts, e.lone_starts
    """
)

_RELEASE = text(
    "UPDATE event SET lease_until = now() + make_interval(secs => :wait_s),"
    " lone_starts = greatest(lone_starts - :forgive, 0)"
    " WHERE id = ANY(:ids) AND status = 'pending' AND worker = :worker"
)

_SET_ASIDE = text(
    "UPDATE event SET status = 'set_aside', lease_until = NULL WHERE id = :id AND status = 'pending' RETURNING dossier_id"
)


def append(
    connection: Connection,
    dossier: int,
    kind: str,
    payload: Json,
    *,
    external_id: str | None = None,
    trace: str | None = None,
) -> int | None:
    """Write an event and wake the appliers at commit; None when *external_id* was there already."""
    event: int | None = connection.scalar(
        _APPEND,
        {
            "dossier": dossier,
            "kind": kind,
            "payload": json_text(payload),
            "external": external_id,
            "trace": trace,
        },
    )
    return event


def append_for_calendar(connection: Connection, calendar: str) -> int:
    """Write a ``calendar-changed`` event for every running dossier that *calendar* counts for; how many.

    One whose instance is not there yet may be counted by the old calendar at this very moment: it is told, too.
    """
    written = connection.execute(_FOR_CALENDAR, {"calendar": calendar}).rowcount
    notify(connection, CHANNEL)
    return written


def claim(connection: Connection, *, worker: str, limit: int, lease_s: float) -> list[ClaimedEvent]:
    """The oldest pending event of each of up to *limit* dossiers, leased to *worker*; in event order. Those of suspended
    dossiers wait.

    An event with an unfinished start behind it is claimed alone: its next start must not be counted against others.
    The claim's commit need not reach the disk: after a crash of the database nothing of it was acted on.
    """
    rows = _CLAIM.send(connection, {"worker": worker, "limit": limit, "lease_s": lease_s})
    claimed = [ClaimedEvent(id=row[0], dossier=row[1], starts=row[2], lone_starts=row[3]) for row in rows]
    return sorted(claimed, key=lambda event: event.id)


def release(connection: Connection, ids: Sequence[int], *, worker: str, wait_s: float, forgive: bool) -> None:
    """Give events back, due again after *wait_s*; *forgive* takes the last lone start back (it was not their fault)."""
    connection.execute(
        _RELEASE, {"ids": list(ids), "worker": worker, "wait_s": wait_s, "forgive": 1 if forgive else 0}
    )


def set_aside(connection: Connection, event: int) -> int | None:
    """Take a poisonous event out of the queue; its dossier's id, or None when it was applied meanwhile."""
    dossier: int | None = connection.scalar(_SET_ASIDE, {"id": event})
    return dossier
