"""Calls of partners that fetch them: what waits, the lease of whoever fetched, and what an acknowledgement is held against.

The same lanes, leases and attempts as for calls that we send (`calls`); only who claims is another. Nothing here touches a
row of the dossier but to read its code.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, text

from engine.exchange.ports import Json, Repeat
from engine.storage.calls import ClaimedCall

_READY = """
    c.partner = :partner AND c.status IN ('pending', 'unknown') AND c.due_at <= now()
    AND (c.lease_until IS NULL OR c.lease_until < now())
    AND NOT EXISTS (SELECT 1 FROM call e WHERE e.partner = c.partner AND e.dossier_id = c.dossier_id
                    AND e.holds AND e.id < c.id)
    AND c.dossier_id NOT IN (SELECT dossier_id FROM suspension)
    AND c.id NOT IN (SELECT call_id FROM call_hold)
    AND NOT EXISTS (SELECT 1 FROM partner p WHERE p.name = c.partner AND p.paused)
    AND NOT EXISTS (SELECT 1 FROM installation i WHERE i.name = 'sending' AND i.value = '"paused"')
"""

_WAITING = text(
    f"""
    SELECT c.id, d.code AS dossier, c.operation, c.key, c.created_at, c.attempt
    FROM call c JOIN dossier d ON d.id = c.dossier_id
    WHERE {_READY} AND c.id > :after ORDER BY c.id LIMIT :limit
    """
)

_FETCH = text(
    f"""
    WITH due AS (SELECT c.id FROM call c WHERE c.id = :id AND {_READY} FOR UPDATE OF c SKIP LOCKED),
    claimed AS (
        UPDATE call c SET status = 'sending', attempt = c.attempt + 1, sends = c.sends + 1, sent_at = now(),
            worker = :holder, lease_until = now() + make_interval(secs => :margin_s
                + coalesce((SELECT CAST(settings -> 'limits' ->> 'total_timeout_s' AS float8) FROM partner
                    WHERE name = c.partner), c.timeout_s))
        FROM due WHERE c.id = due.id RETURNING c.*),
    begun AS (
        INSERT INTO attempt (call_id, ask, number, worker, started_at, partner)
        SELECT id, false, attempt, :holder, now(), partner FROM claimed)
    SELECT id FROM claimed
    """
)

_CALL = text(
    """
    SELECT c.id, c.dossier_id, d.code, c.partner, c.operation, c.key, c.body, c.attempt, c.asks, c.earlier_asks, c.sends,
        c.absents, c.repeat, c.report_seq IS NOT NULL AS report, c.trace, c.status, c.worker, c.lease_until,
        c.lease_until >= now() AS held,
        (SELECT a.outcome FROM attempt a WHERE a.call_id = c.id AND NOT a.ask AND a.number = c.attempt) AS outcome
    FROM call c JOIN dossier d ON d.id = c.dossier_id WHERE c.id = :id AND c.partner = :partner
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCall:
    """A call that may be fetched now."""

    id: int
    dossier: str
    operation: str
    key: str
    created_at: datetime
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxCall:
    """A call as its partner sees it, and what settling it needs; *outcome* is that of its last attempt."""

    call: ClaimedCall
    dossier: str
    status: str
    holder: str | None
    lease_until: datetime | None
    held: bool
    outcome: str | None


def waiting(connection: Connection, partner: str, *, after: int | None, limit: int) -> list[WaitingCall]:
    """The heads of the partner's lanes, oldest first."""
    rows = connection.execute(_WAITING, {"partner": partner, "after": after or 0, "limit": limit})
    return [WaitingCall(**row) for row in rows.mappings()]


def fetch(connection: Connection, partner: str, call: int, *, holder: str, margin_s: float) -> bool:
    """Lease a call to *holder*; False when it is not to be had now."""
    wanted = {"partner": partner, "id": call, "holder": holder, "margin_s": margin_s}
    return connection.execute(_FETCH, wanted).first() is not None


def find(connection: Connection, partner: str, call: int) -> MailboxCall | None:
    """The partner's own call; None for those of others."""
    row = connection.execute(_CALL, {"partner": partner, "id": call}).mappings().one_or_none()
    return None if row is None else _call(row)


def _call(row: RowMapping) -> MailboxCall:
    claimed: dict[str, object] = {
        name: row[name]
        for name in (
            "id",
            "partner",
            "operation",
            "key",
            "attempt",
            "asks",
            "earlier_asks",
            "sends",
            "absents",
            "report",
            "trace",
        )
    }
    body: Json = row["body"]
    call = ClaimedCall(
        dossier=row["dossier_id"],
        body=body,
        repeat=Repeat(str(row["repeat"])),
        ask=False,
        troubled=False,
        **claimed,  # type: ignore[arg-type]
    )
    return MailboxCall(
        call=call,
        dossier=str(row["code"]),
        status=str(row["status"]),
        holder=row["worker"],
        lease_until=row["lease_until"],
        held=bool(row["held"]),
        outcome=row["outcome"],
    )
