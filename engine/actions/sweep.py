"""Sweeps: due timers become events, kept messages become unclaimed. Any number of workers may sweep at once."""

from datetime import datetime

from sqlalchemy import text

from engine.storage import messages
from engine.storage.database import Store, notify
from engine.storage.events import CHANNEL

_FIRE = text(
    """
    WITH due AS (
        SELECT dossier_id, task FROM timer WHERE NOT fired AND due_at <= :now
        ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED),
    fired AS (
        UPDATE timer t SET fired = true FROM due WHERE t.dossier_id = due.dossier_id AND t.task = due.task
        RETURNING t.dossier_id, t.task, t.due_at)
    INSERT INTO event (dossier_id, kind, payload)
    SELECT dossier_id, 'timer', jsonb_build_object('task', task, 'due_at', due_at) FROM fired ORDER BY due_at
    """
)


def fire_timers(store: Store, *, now: datetime, limit: int = 500) -> int:
    """Write an event for each timer that is due, at most *limit*; how many."""
    with store.transaction() as connection:
        fired = connection.execute(_FIRE, {"now": now, "limit": limit}).rowcount
        if fired:
            notify(connection, CHANNEL)
    return fired


def list_unclaimed(store: Store, *, now: datetime) -> int:
    """Messages that nobody fetched in time become unclaimed; how many."""
    with store.transaction() as connection:
        return messages.list_unclaimed(connection, now)
