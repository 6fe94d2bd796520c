"""Rows of batches and their items: frozen when the batch is made, taken one by one, settled with what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.storage.database import plain_text

_ADD = text(
    "INSERT INTO batch (action, reason, who, target) VALUES (:action, :reason, :who, :target) RETURNING id"
)
_ITEMS = text(
    "INSERT INTO batch_item (batch_id, incident_id) SELECT :batch, unnest(CAST(:incidents AS bigint[]))"
)
_TAKE = text(
    """
    SELECT t.batch_id AS batch, t.incident_id AS incident, b.action, b.who, b.reason,
        (SELECT i.closed_by FROM incident i WHERE i.id = t.incident_id) AS closed_by
    FROM batch_item t JOIN batch b ON b.id = t.batch_id
    WHERE t.status = 'waiting' ORDER BY t.batch_id, t.incident_id LIMIT 1 FOR UPDATE OF t SKIP LOCKED
    """
)
_SETTLE = text(
    "UPDATE batch_item SET status = :status, detail = :detail, done_at = now()"
    " WHERE batch_id = :batch AND incident_id = :incident"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item held by this transaction, with what its batch wants."""

    batch: int
    incident: int
    action: str
    who: str
    reason: str
    closed_by: str | None


def add(
    connection: Connection, action: str, incidents: Sequence[int], *, who: str, reason: str, target: str
) -> int:
    """A new batch's id."""
    given = {"action": action, "who": who, "reason": reason, "target": plain_text(target, 500)}
    batch: int = connection.execute(_ADD, given).scalar_one()
    connection.execute(_ITEMS, {"batch": batch, "incidents": list(incidents)})
    return batch


def take(connection: Connection) -> Item | None:
    """The next waiting item that nobody holds."""
    row = connection.execute(_TAKE).mappings().one_or_none()
    return None if row is None else Item(**row)


def settle(connection: Connection, item: Item, status: str, detail: str) -> None:
    connection.execute(
        _SETTLE,
        {
            "batch": item.batch,
            "incident": item.incident,
            "status": status,
            "detail": plain_text(detail, 500),
        },
    )
