"""Call rows and their attempts: claim, settle, and the sweep of expired leases.

A claim and its attempt row are committed before anything is sent. A settlement counts only for the attempt that it
belongs to. Nothing here touches a row of the dossier (design §1 rules 2-4).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.exchange.ports import Answer, Json, Repeat
from engine.storage.database import json_text, plain_text

CHANNEL = "lienthong_call"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedCall:
    """A call to send (or to ask after) now; the lease outlasts the operation's total time-out."""

    id: int
    dossier: int
    partner: str
    operation: str
    key: str
    body: Json
    attempt: int
    asks: int
    sends: int
    absents: int
    ask: bool
    repeat: Repeat
    report: bool
    trace: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a call becomes: the new state of its row, in the database's own time."""

    status: str
    holds: bool
    wait_s: float = 0.0
    absents: int = 0
    spent: bool = True  # the attempt may have reached the partner: it counts


_CLAIM = text(
    """
    WITH due AS (
        SELECT c.id, c.status = 'unknown' AND c.repeat = 'queryable' AS ask
        FROM partner p
        JOIN jsonb_each_text(CAST(:free AS jsonb)) f ON f.key = p.name
        CROSS JOIN LATERAL (
            SELECT c.id, c.status, c.repeat FROM call c
            WHERE c.partner = p.name AND c.status IN ('pending', 'unknown') AND c.due_at <= now()
              AND (c.lease_until IS NULL OR c.lease_until < now())
              AND NOT EXISTS (SELECT 1 FROM call e WHERE e.partner = c.partner AND e.dossier_id = c.dossier_id
                              AND e.holds AND e.id < c.id)
            ORDER BY c.due_at, c.id LIMIT CAST(f.value AS integer) FOR UPDATE OF c SKIP LOCKED) c
        WHERE NOT p.paused AND (p.breaker = 'closed' OR p.name = ANY(:probing))
          AND NOT EXISTS (SELECT 1 FROM installation i WHERE i.name = 'sending' AND i.value = '"paused"')),
    claimed AS (
        UPDATE call c
        SET status = CASE WHEN due.ask THEN c.status ELSE 'sending' END,
            attempt = c.attempt + CASE WHEN due.ask THEN 0 ELSE 1 END,
            sends = c.sends + CASE WHEN due.ask THEN 0 ELSE 1 END,
            asks = c.asks + CASE WHEN due.ask THEN 1 ELSE 0 END,
            sent_at = CASE WHEN due.ask THEN c.sent_at ELSE now() END,
            worker = :worker, lease_until = now() + make_interval(secs => c.timeout_s + :margin_s)
        FROM due WHERE c.id = due.id
        RETURNING c.*, due.ask AS asked),
    begun AS (
        INSERT INTO attempt (call_id, ask, number, worker, started_at)
        SELECT id, asked, CASE WHEN asked THEN asks ELSE attempt END, :worker, now() FROM claimed)
    SELECT id, dossier_id, partner, operation, key, body, attempt, asks, sends, absents, asked, repeat,
           report_seq IS NOT NULL, trace
    FROM claimed
    """
)

_SETTLE = text(
    """
    UPDATE call
    SET status = :status, holds = :holds, due_at = now() + make_interval(secs => :wait_s), lease_until = NULL,
        worker = NULL, absents = :absents, sends = sends - CASE WHEN :spent THEN 0 ELSE 1 END,
        reply = CAST(:reply AS jsonb), fault = :fault, detail = :detail,
        settled_at = CASE WHEN :status IN ('done', 'refused') THEN now() END
    WHERE id = :id AND attempt = :attempt AND status IN ('sending', 'unknown', 'incident') AND (NOT :ask OR asks = :asks)
    RETURNING dossier_id, task, report_seq, step, wanted, partner, operation, element
    """
)

_ENDED = text(
    """
    UPDATE attempt SET ended_at = now(), outcome = :outcome, http_status = :http_status, detail = :detail,
        request = :request, reply = :reply, contract_hash = :contract
    WHERE call_id = :id AND ask = :ask AND number = :number
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
    connection: Connection, free: Mapping[str, int], *, probing: tuple[str, ...], worker: str, margin_s: float
) -> list[ClaimedCall]:
    """Lease due heads of lanes: of each partner at most as many as *free* says.

    Partners whose breaker is open give nothing unless they are *probing*.
    """
    rows = connection.execute(
        _CLAIM,
        {
            "free": json_text({name: count for name, count in free.items() if count > 0}),
            "probing": list(probing),
            "worker": worker,
            "margin_s": margin_s,
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
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledCall:
    """Whose call it was."""

    dossier: int
    task: str | None
    report_seq: int | None
    step: str | None
    wanted: bool
    partner: str
    operation: str
    element: str


def settle(
    connection: Connection, call: ClaimedCall, answer: Answer, settlement: Settlement
) -> SettledCall | None:
    """Write an attempt's outcome to its call; None when the call went on without this attempt (its reply came late)."""
    row = connection.execute(
        _SETTLE,
        {
            "id": call.id,
            "attempt": call.attempt,
            "ask": call.ask,
            "asks": call.asks,
            "status": settlement.status,
            "holds": settlement.holds,
            "wait_s": settlement.wait_s,
            "absents": settlement.absents,
            "spent": settlement.spent or call.ask,
            "reply": json_text(answer.reply),
            "fault": answer.fault,
            "detail": plain_text(answer.detail),
        },
    ).one_or_none()
    if row is None:
        return None
    return SettledCall(
        dossier=row[0],
        task=row[1],
        report_seq=row[2],
        step=row[3],
        wanted=row[4],
        partner=row[5],
        operation=row[6],
        element=row[7],
    )


def end_attempt(connection: Connection, call: ClaimedCall, answer: Answer) -> None:
    """Keep what went over the wire, and how it was read, with the attempt."""
    connection.execute(
        _ENDED,
        {
            "id": call.id,
            "ask": call.ask,
            "number": call.asks if call.ask else call.attempt,
            "outcome": answer.outcome.value,
            "http_status": answer.http_status,
            "detail": plain_text(answer.detail),
            "request": answer.request_bytes,
            "reply": answer.reply_bytes,
            "contract": answer.contract_hash,
        },
    )


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
