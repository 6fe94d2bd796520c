"""Suspended dossiers as rows. While one is there, no event of its dossier is claimed or applied and no call is claimed.

Those who claim look for the row by themselves (`events`, `calls`, `mailbox`, `groups`): whoever writes it holds the
dossier's lock, so that an event is applied either before it or after it is gone.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine.storage import calls, events
from engine.storage.database import notify

_HOLD = text(
    """
    SELECT d.id, d.status, coalesce(i.status, 'running') = 'running' AS running, s.dossier_id IS NOT NULL AS suspended
    FROM dossier d LEFT JOIN instance i ON i.dossier_id = d.id LEFT JOIN suspension s ON s.dossier_id = d.id
    WHERE d.id = :id
    """
)
_LOCK = text("SELECT id FROM dossier WHERE code = :code FOR NO KEY UPDATE")
_ADD = text("INSERT INTO suspension (dossier_id, who, reason) VALUES (:id, :who, :reason)")
_REMOVE = text("DELETE FROM suspension WHERE dossier_id = :id")
_FREE = text(
    "UPDATE event SET lease_until = NULL, lone_starts = 0 WHERE dossier_id = :id AND status = 'pending'"
)
_FIND = text("SELECT at, who, reason FROM suspension WHERE dossier_id = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDossier:
    """A dossier held by this transaction."""

    id: int
    status: int
    running: bool
    suspended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """Since when, by whom and why a dossier is suspended."""

    at: datetime
    who: str
    reason: str


def hold(connection: Connection, code: str) -> HeldDossier | None:
    """Lock the dossier with this code, as appliers do, then read it; None when there is none."""
    id_ = connection.scalar(_LOCK, {"code": code})
    if id_ is None:
        return None
    return HeldDossier(**connection.execute(_HOLD, {"id": id_}).mappings().one())


def add(connection: Connection, dossier: int, *, who: str, reason: str) -> None:
    connection.execute(_ADD, {"id": dossier, "who": who, "reason": reason})


def remove(connection: Connection, dossier: int) -> None:
    """Let it go on: what waited is due at once, in its order, and an applier that was kept from it counts nothing."""
    connection.execute(_REMOVE, {"id": dossier})
    connection.execute(_FREE, {"id": dossier})
    notify(connection, events.CHANNEL)
    notify(connection, calls.CHANNEL)


def find(connection: Connection, dossier: int) -> Suspension | None:
    """The dossier's suspension; None: it goes on."""
    row = connection.execute(_FIND, {"id": dossier}).mappings().one_or_none()
    return None if row is None else Suspension(**row)
