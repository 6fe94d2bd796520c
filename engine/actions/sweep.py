"""Sweeps: due timers become events, kept messages become unclaimed, what ended is counted. Any number of workers may
sweep at once.
"""

from datetime import datetime

from engine.storage import messages, tallies, timers
from engine.storage.database import Store


def fire_timers(store: Store, *, now: datetime, limit: int = 500) -> int:
    """Write an event for each timer that is due, at most *limit*; how many."""
    with store.transaction() as connection:
        return timers.fire(connection, now=now, limit=limit)


def list_unclaimed(store: Store, *, now: datetime) -> int:
    """Messages that nobody fetched in time become unclaimed; how many."""
    with store.transaction() as connection:
        return messages.list_unclaimed(connection, now)


def take_tallies(store: Store) -> int:
    """Add what has ended since the last time to the counts that /metrics shows; how many of them grew."""
    with store.transaction() as connection:
        return tallies.advance(connection)
