"""Rows of batches and their items: frozen when the batch is made, taken one by one, settled with what came of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.exchange.ports import Json
from engine.storage.database import json_text, plain_text

_ADD = text(
    "INSERT INTO batch (action, subject, reason, who, target, confirmed, given)"
    " VALUES (:action, :subject, :reason, :who, :target, :confirmed, CAST(:given AS jsonb))"
    " ON CONFLICT (confirmed) DO NOTHING RETURNING id"
)
_OF_CONFIRMED = text("SELECT id FROM batch WHERE confirmed = :confirmed")
_ITEMS = text(
    "INSERT INTO batch_item (batch_id, incident_id) SELECT :batch, unnest(CAST(:items AS bigint[]))"
)
_TAKE = text(
    """
    SELECT t.batch_id AS batch, b.subject, t.incident_id AS id, b.action, b.who, b.reason, b.given,
        (SELECT i.closed_by FROM incident i WHERE b.subject = 'incident' AND i.id = t.incident_id) AS closed_by,
        (SELECT d.code FROM dossier d WHERE b.subject = 'dossier' AND d.id = t.incident_id) AS dossier
    FROM batch_item t JOIN batch b ON b.id = t.batch_id
    WHERE t.status = 'waiting' AND b.state = 'running' ORDER BY t.batch_id, t.incident_id LIMIT 1 FOR UPDATE OF t SKIP LOCKED
    """
)
_HOLD = text("SELECT state FROM batch WHERE id = :id FOR UPDATE")
_STATE = text("UPDATE batch SET state = :state WHERE id = :id")
_GIVE_UP = text(
    "UPDATE batch_item SET status = 'skipped', detail = :detail, done_at = now() WHERE batch_id = :id AND status = 'waiting'"
)
_AGAIN = text(
    "UPDATE batch_item SET status = 'waiting', detail = '', done_at = NULL WHERE batch_id = :id AND status = 'failed'"
)
_SETTLE = text(
    "UPDATE batch_item SET status = :status, detail = :detail, done_at = now()"
    " WHERE batch_id = :batch AND incident_id = :id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item held by this transaction, with what its batch wants; *id* is of the *subject*, *dossier* a code."""

    batch: int
    subject: str
    id: int
    action: str
    who: str
    reason: str
    closed_by: str | None
    dossier: str | None
    given: Mapping[str, Json]


def add(
    connection: Connection,
    action: str,
    items: Sequence[int],
    *,
    subject: str,
    who: str,
    reason: str,
    target: str,
    confirmed: str | None = None,
    given: Mapping[str, Json],
) -> tuple[int, bool]:
    """A batch's id, and whether it is new: what was *confirmed* before has its batch."""
    values = {
        "action": action,
        "subject": subject,
        "who": who,
        "reason": reason,
        "target": plain_text(target, 500),
        "confirmed": confirmed,
        "given": json_text(dict(given)),
    }
    batch: int | None = connection.execute(_ADD, values).scalar_one_or_none()
    if batch is None:
        return connection.execute(_OF_CONFIRMED, values).scalar_one(), False
    connection.execute(_ITEMS, {"batch": batch, "items": list(items)})
    return batch, True


def take(connection: Connection) -> Item | None:
    """The next waiting item that nobody holds."""
    row = connection.execute(_TAKE).mappings().one_or_none()
    return None if row is None else Item(**row)


def settle(connection: Connection, item: Item, status: str, detail: str) -> None:
    connection.execute(
        _SETTLE,
        {
            "batch": item.batch,
            "id": item.id,
            "status": status,
            "detail": plain_text(detail, 500),
        },
    )


def hold(connection: Connection, batch: int) -> str | None:
    """The batch's state, held by this transaction; None when there is no such batch."""
    state: str | None = connection.scalar(_HOLD, {"id": batch})
    return state


def set_state(connection: Connection, batch: int, state: str) -> None:
    """Items under way are finished; what waits is taken only while the batch is running."""
    connection.execute(_STATE, {"id": batch, "state": state})


def give_up(connection: Connection, batch: int, detail: str) -> int:
    """Skip what still waits; how many items."""
    return connection.execute(_GIVE_UP, {"id": batch, "detail": plain_text(detail, 500)}).rowcount


def again(connection: Connection, batch: int) -> int:
    """Let what failed wait once more; how many items."""
    return connection.execute(_AGAIN, {"id": batch}).rowcount
