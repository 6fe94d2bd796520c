"""Sweeps: due timers become events, kept messages become unclaimed. Any number of workers may sweep at once."""

from datetime import datetime

from engine.storage import messages, timers
from engine.storage.database import Store


def fire_timers(store: Store, *, now: datetime, limit: int = 500) -> int:
    """Write an event for each timer that is due, at most *limit*; how many."""
    with store.transaction() as connection:
        return timers.fire(connection, now=now, limit=limit)


def list_unclaimed(store: Store, *, now: datetime) -> int:
    """Messages that nobody fetched in time become unclaimed; how many."""
    with store.transaction() as connection:
        return messages.list_unclaimed(connection, now)
