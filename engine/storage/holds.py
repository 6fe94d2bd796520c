"""Calls that an operator holds: a row each, and a time to be sent that never comes.

Those who claim look for the row (`calls`, `mailbox`), as for suspended dossiers; the time that never comes keeps them from
walking over held calls to find the others. Whoever makes a call due by hand (`handling`) leaves held ones out. A hold ends
with the call: one whose task is gone is withdrawn, held or not. A held call is pending, or unknown after a backup was restored.
"""

from sqlalchemy import Connection, text

from engine.storage import calls
from engine.storage.database import notify, plain_text

_NEVER = "interval '1000 years'"
_ADD = text("INSERT INTO call_hold (call_id, who, reason) VALUES (:call, :who, :reason)")
_PUT_OFF = text(f"UPDATE call SET due_at = now() + {_NEVER} WHERE id = :call AND status = 'pending'")
_REMOVE = text("DELETE FROM call_hold WHERE call_id = :call")
_FREE = text("UPDATE call SET due_at = now() WHERE id = :call AND status IN ('pending', 'unknown')")


def add(connection: Connection, call: int, *, who: str, reason: str) -> None:
    """Keep a pending call, which this transaction holds locked, from being claimed; its lane waits behind it."""
    connection.execute(_ADD, {"call": call, "who": who, "reason": plain_text(reason, 2000)})
    connection.execute(_PUT_OFF, {"call": call})


def remove(connection: Connection, call: int) -> None:
    """Let a held call be sent now."""
    connection.execute(_REMOVE, {"call": call})
    connection.execute(_FREE, {"call": call})
    notify(connection, calls.CHANNEL)
