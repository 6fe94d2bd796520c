"""A line of the timeline that no event brings: what an admin does to the dossier itself, under the dossier's lock."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, text

from engine.dossiers import timeline
from engine.exchange.ports import Json

_HEAD = text("SELECT timeline_seq, timeline_head FROM dossier WHERE id = :id FOR NO KEY UPDATE")
_ADD = text("INSERT INTO timeline (dossier_id, seq, body, hash) VALUES (:id, :seq, :body, :hash)")
_MOVE = text(
    "UPDATE dossier SET timeline_seq = :seq, timeline_head = :hash, changed_at = now() WHERE id = :id"
)


def tell(connection: Connection, dossier: int, at: datetime, kind: str, facts: Mapping[str, Json]) -> None:
    """Append an entry to the chain of a dossier that exists."""
    seq, head = connection.execute(_HEAD, {"id": dossier}).one()
    body = timeline.entry_bytes(seq + 1, at, kind, facts)
    given = {"id": dossier, "seq": seq + 1, "body": body, "hash": timeline.chain(bytes(head), body)}
    connection.execute(_ADD, given)
    connection.execute(_MOVE, {name: given[name] for name in ("id", "seq", "hash")})
