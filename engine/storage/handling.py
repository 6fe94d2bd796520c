"""Calls as an admin takes them in hand: held for the transaction, and made due."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.exchange.ports import Json
from engine.storage import calls
from engine.storage.database import notify, plain_text

_CALL = text(
    """
    SELECT dossier_id, partner, operation, status, repeat, attempt, task, report_seq, step, body,
        EXISTS (SELECT 1 FROM call_hold h WHERE h.call_id = c.id) AS held,
        NOT EXISTS (SELECT 1 FROM attempt a WHERE a.call_id = c.id
            AND coalesce(a.outcome, '') NOT IN ('not_sent', 'refused')) AS certain,
        EXISTS (SELECT 1 FROM suspension s WHERE s.dossier_id = c.dossier_id) AS suspended, EXISTS (
        SELECT 1 FROM incident i WHERE i.call_id = c.id AND i.status <> 'closed') AS has_incident
    FROM call c WHERE id = :id FOR NO KEY UPDATE OF c
    """
)
_WAITING = text(
    """
    SELECT id FROM call c WHERE dossier_id = :dossier
      AND (status = 'pending' OR status = 'unknown' AND repeat <> 'neither')
      AND NOT EXISTS (SELECT 1 FROM incident i WHERE i.call_id = c.id AND i.status <> 'closed')
      AND NOT EXISTS (SELECT 1 FROM call_hold h WHERE h.call_id = c.id)
    ORDER BY id FOR NO KEY UPDATE OF c
    """
)
_DUE = text("UPDATE call SET due_at = now() WHERE id = :id AND status IN ('pending', 'unknown')")
_WITHDRAW = text(
    "UPDATE call SET status = 'withdrawn', holds = false, settled_at = now(), detail = :detail WHERE id = :id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCall:
    """A call locked by this transaction. *held*: an operator holds it. *certain*: no attempt of it can have had an effect."""

    dossier_id: int
    partner: str
    operation: str
    status: str
    repeat: str
    attempt: int
    task: str | None
    report_seq: int | None
    step: str | None
    body: Json
    held: bool
    certain: bool
    has_incident: bool
    suspended: bool


def hold_call(connection: Connection, call: int) -> HeldCall | None:
    row = connection.execute(_CALL, {"id": call}).mappings().one_or_none()
    return None if row is None else HeldCall(**row)


def waiting_calls(connection: Connection, dossier: int) -> list[int]:
    """The calls of a dossier that wait to be sent, asked after or sent again, locked; those held or in an incident are not."""
    return [row[0] for row in connection.execute(_WAITING, {"dossier": dossier})]


def make_due(connection: Connection, call: int) -> None:
    """Let a waiting call go on now, without its back-off; what it does next is what its state says."""
    connection.execute(_DUE, {"id": call})
    notify(connection, calls.CHANNEL)


def withdraw(connection: Connection, call: int, detail: str) -> None:
    """Take a call out of its lane for good, and let the next one of it go on."""
    connection.execute(_WITHDRAW, {"id": call, "detail": plain_text(detail, 500)})
    notify(connection, calls.CHANNEL)
