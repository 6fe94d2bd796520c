"""Refusal rows: messages that were not taken, each once however often it came again. Nothing of what they say is kept."""

from sqlalchemy import Connection, text

from engine.exchange.ports import Refusal
from engine.storage.database import plain_text
from engine.storage.messages import CAME_UNDER

MOST = 10_000
"""How many rows one sender may fill; what comes after them is only logged."""

_NOTE = text(
    """
    INSERT INTO refusal (source, operation, code, reason, body_sha256, size_bytes, trace)
    SELECT :source, :operation, :code, :reason, :body_sha256, :size_bytes, :trace
    WHERE (SELECT count(*) FROM (SELECT 1 FROM refusal WHERE source = :source LIMIT :most) r) < :most
    ON CONFLICT (source, operation, code, body_sha256) DO UPDATE
    SET repeats = refusal.repeats + 1, repeated_at = now(), reason = excluded.reason
    """
)
_FORGET = text("DELETE FROM refusal WHERE coalesce(repeated_at, at) < now() - make_interval(days => :days)")


def note(connection: Connection, refusal: Refusal) -> None:
    """Write *refusal* down, or count it again."""
    given = {name: getattr(refusal, name) for name in Refusal.__dataclass_fields__}
    reason = plain_text(refusal.reason, 500)
    connection.execute(_NOTE, {**given, "reason": reason, "trace": CAME_UNDER.get(), "most": MOST})


def forget(connection: Connection, *, days: int) -> int:
    """Drop what did not come again for *days*; how many."""
    return connection.execute(_FORGET, {"days": days}).rowcount
