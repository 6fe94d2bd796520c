"""Work item rows as people change them: claimed, released, decided. Appliers open and close them."""

from collections.abc import Mapping

from sqlalchemy import Connection, text

from engine.exchange.ports import Json
from engine.storage.database import json_text

_DECIDE = text(
    """
    UPDATE work_item SET status = 'taken', decided_by = :by, data = CAST(:data AS jsonb)
    WHERE id = :id AND status = 'open' AND coalesce(claimed_by, :by) = :by RETURNING dossier_id
    """
)

_CLAIM = text(
    "UPDATE work_item SET claimed_by = :by WHERE id = :id AND status = 'open' AND coalesce(claimed_by, :by) = :by"
    " RETURNING id"
)

_RELEASE = text(
    "UPDATE work_item SET claimed_by = NULL WHERE id = :id AND status = 'open' AND coalesce(claimed_by, :by) = :by"
    " RETURNING id"
)

_LOCK = text("SELECT id FROM work_item WHERE id = :id FOR NO KEY UPDATE")

_DECIDED_BY_EVENT = text(
    "SELECT payload FROM event WHERE external_id = :external AND kind = 'work-item'"
    " AND payload @> CAST(:work_item AS jsonb)"
)


def lock(connection: Connection, work_item: int) -> None:
    """Hold the item, if there is one, until the end of the transaction."""
    connection.execute(_LOCK, {"id": work_item})


def decide(connection: Connection, work_item: int, data: Mapping[str, Json], *, by: str) -> bool:
    """Take the decision if nobody has taken it and nobody else has claimed the item."""
    parameters = {"id": work_item, "by": by, "data": json_text(dict(data))}
    return connection.scalar(_DECIDE, parameters) is not None


def claim(connection: Connection, work_item: int, *, by: str) -> bool:
    """Reserve an open item; again for the same *by* is fine."""
    return connection.scalar(_CLAIM, {"id": work_item, "by": by}) is not None


def release(connection: Connection, work_item: int, *, by: str) -> bool:
    """Give an open item back; one that nobody holds is fine."""
    return connection.scalar(_RELEASE, {"id": work_item, "by": by}) is not None


def was_decided_by(connection: Connection, work_item: int, external_id: str) -> bool:
    """Whether the decision was taken by the very request that now comes again."""
    wanted = {"external": external_id, "work_item": json_text({"work_item": work_item})}
    return connection.execute(_DECIDED_BY_EVENT, wanted).first() is not None
