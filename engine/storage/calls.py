"""Call rows and their attempts: the claim, and the sweep of expired leases; how they are settled is in `settlements`.

A claim and its attempt row are committed before anything is sent. Nothing here touches a row of the dossier (design §1
rules 2-4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from sqlalchemy import Connection, text

from engine.exchange import limits
from engine.exchange.limits import Limits
from engine.exchange.ports import Json, Repeat
from engine.storage.database import json_text
from engine.storage.statements import Statement

CHANNEL = "lienthong_call"


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedCall:
    """A call to send (or to ask after) now; the lease outlasts the operation's total time-out.

    *send_before*: on the clock of whoever claimed it, when it is too late to begin.
    """

    id: int
    dossier: int
    partner: str
    operation: str
    key: str
    body: Json
    attempt: int
    asks: int
    earlier_asks: int
    sends: int
    absents: int
    ask: bool
    repeat: Repeat
    report: bool
    trace: str | None
    troubled: bool  # failures are on its partner's account: a success must be told
    limits: Limits = NO_LIMITS  # as a person had set them when it was claimed
    send_before: float = inf


_CLAIM = Statement(
    """
    WITH probing AS (
        UPDATE partner SET probe_at = now() + make_interval(secs => :open_s), opened_reason = NULL
        WHERE breaker = 'open' AND probe_at <= now() AND NOT paused AND CAST(:free AS jsonb) ? name RETURNING name),
    due AS (
        SELECT c.id, c.status = 'unknown' AND c.repeat = 'queryable' AS ask,
            p.failures > 0 OR p.breaker = 'open' AS troubled, p.settings -> 'limits' AS limits
        FROM partner p
        JOIN jsonb_each_text(CAST(:free AS jsonb)) f ON f.key = p.name
        CROSS JOIN LATERAL (
            SELECT c.id, c.status, c.repeat FROM call c
            WHERE c.partner = p.name AND c.status IN ('pending', 'unknown') AND c.due_at <= now()
              AND (c.lease_until IS NULL OR c.lease_until < now())
              AND c.dossier_id NOT IN (SELECT dossier_id FROM suspension) AND c.id NOT IN (SELECT call_id FROM call_hold)
              AND NOT EXISTS (SELECT 1 FROM call e WHERE e.partner = c.partner AND e.dossier_id = c.dossier_id
                              AND e.holds AND e.id < c.id)
            ORDER BY c.due_at, c.id LIMIT CASE WHEN p.breaker = 'open' THEN 1 ELSE CAST(f.value AS integer) END
            FOR UPDATE OF c SKIP LOCKED) c
        WHERE NOT p.paused AND (p.breaker = 'closed' OR p.name IN (SELECT name FROM probing))
          AND NOT EXISTS (SELECT 1 FROM installation i WHERE i.name = 'sending' AND i.value = '"paused"')),
    claimed AS (
        UPDATE call c
        SET status = CASE WHEN due.ask THEN c.status ELSE 'sending' END,
            attempt = c.attempt + CASE WHEN due.ask THEN 0 ELSE 1 END,
            sends = c.sends + CASE WHEN due.ask THEN 0 ELSE 1 END,
            asks = c.asks + CASE WHEN due.ask THEN 1 ELSE 0 END,
            sent_at = CASE WHEN due.ask THEN c.sent_at ELSE now() END,
            worker = :worker, lease_until = now() + make_interval(
                secs => coalesce(CAST(due.limits ->> 'total_timeout_s' AS float8), c.timeout_s) + :margin_s)
        FROM due WHERE c.id = due.id
        RETURNING c.*, due.ask AS asked, due.troubled, due.limits),
    begun AS (
        INSERT INTO attempt (call_id, ask, number, worker, started_at, partner)
        SELECT id, asked, CASE WHEN asked THEN earlier_asks + asks ELSE attempt END, :worker, now(), partner FROM claimed)
    SELECT id, dossier_id, partner, operation, key, body, attempt, asks, sends, absents, asked, repeat,
           report_seq IS NOT NULL, trace, troubled, earlier_asks, limits
    FROM claimed
    """
)

_EXPIRE = text(
    """
    WITH expired AS (
        SELECT id FROM call WHERE status = 'sending' AND lease_until < now()
        ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED)
    UPDATE call c SET status = 'unknown', worker = NULL, lease_until = NULL, due_at = now(),
        detail = 'the lease of the worker that sent it ran out'
    FROM expired WHERE c.id = expired.id
    RETURNING c.id, c.partner, c.operation, c.repeat, c.dossier_id, c.element, c.task
    """
)

_UNKNOWN_TO = text(
    "UPDATE call SET status = :status, due_at = now() + make_interval(secs => :wait_s)"
    " WHERE id = :id AND status = 'unknown'"
)


def claim(
    connection: Connection,
    free: Mapping[str, int],
    *,
    open_s: float,
    worker: str,
    margin_s: float,
    send_before: float = inf,
) -> list[ClaimedCall]:
    """Lease due heads of lanes: of each partner at most as many as *free* says.

    Partners whose breaker is open give one call every *open_s*, to one worker, and nothing in between.
    """
    rows = _CLAIM.send(
        connection,
        {
            "free": json_text({name: count for name, count in free.items() if count > 0}),
            "open_s": float(open_s),
            "worker": worker,
            "margin_s": float(margin_s),
        },
    )
    return [
        ClaimedCall(
            id=row[0],
            dossier=row[1],
            partner=row[2],
            operation=row[3],
            key=row[4],
            body=row[5],
            attempt=row[6],
            asks=row[7],
            sends=row[8],
            absents=row[9],
            ask=row[10],
            repeat=Repeat(row[11]),
            report=row[12],
            trace=row[13],
            troubled=row[14],
            earlier_asks=row[15],
            limits=limits.stored(row[16]) if row[16] else NO_LIMITS,
            send_before=send_before,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiredCall:
    """A call whose sender went away: nobody knows whether it reached the partner."""

    id: int
    partner: str
    operation: str
    repeat: Repeat
    dossier: int
    element: str
    task: str | None


def expire_leases(connection: Connection) -> list[ExpiredCall]:
    """Make every sending call whose lease ran out unknown."""
    return [
        ExpiredCall(
            id=row[0],
            partner=row[1],
            operation=row[2],
            repeat=Repeat(row[3]),
            dossier=row[4],
            element=row[5],
            task=row[6],
        )
        for row in connection.execute(_EXPIRE)
    ]


def decide_unknown(connection: Connection, call: int, *, status: str, wait_s: float = 0.0) -> None:
    """Say what happens next with an unknown call: ``unknown`` (asked or resent when due) or ``incident``."""
    connection.execute(_UNKNOWN_TO, {"id": call, "status": status, "wait_s": wait_s})
