"""What was asked of due dates, as events: whether one came after a list was seen."""

from sqlalchemy import Connection, text

_LAST = text("SELECT coalesce(max(id), 0) FROM event")
_SINCE = text(
    "SELECT EXISTS (SELECT 1 FROM event WHERE dossier_id = :dossier AND id > :seen AND kind = 'extended')"
)


def last_event(connection: Connection) -> int:
    """The number of the last event; 0: there is none."""
    number: int = connection.execute(_LAST).scalar_one()
    return number


def extended_since(connection: Connection, dossier: int, seen: int) -> bool:
    """Whether an extension of the dossier was asked for after the event *seen*."""
    return bool(connection.scalar(_SINCE, {"dossier": dossier, "seen": seen}))
