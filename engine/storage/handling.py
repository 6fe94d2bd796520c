"""Calls as an admin takes them in hand: held for the transaction, and made due."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.storage import calls
from engine.storage.database import notify

_CALL = text(
    """
    SELECT dossier_id, partner, operation, status, repeat,
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
    ORDER BY id FOR NO KEY UPDATE OF c
    """
)
_DUE = text("UPDATE call SET due_at = now() WHERE id = :id AND status IN ('pending', 'unknown')")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCall:
    """A call held by this transaction."""

    dossier_id: int
    partner: str
    operation: str
    status: str
    repeat: str
    has_incident: bool
    suspended: bool


def hold_call(connection: Connection, call: int) -> HeldCall | None:
    row = connection.execute(_CALL, {"id": call}).mappings().one_or_none()
    return None if row is None else HeldCall(**row)


def waiting_calls(connection: Connection, dossier: int) -> list[int]:
    """The calls of a dossier that wait to be sent, asked after or sent again, held; no incident asks about them."""
    return [row[0] for row in connection.execute(_WAITING, {"dossier": dossier})]


def make_due(connection: Connection, call: int) -> None:
    """Let a waiting call go on now, without its back-off; what it does next is what its state says."""
    connection.execute(_DUE, {"id": call})
    notify(connection, calls.CHANNEL)
