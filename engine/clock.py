"""Where time comes from: a port, the system's clock and demo time.

Legal arithmetic over working calendars belongs to `engine.dossiers`; leases, retries and heartbeats use the
database's own time and never this clock, so that demo time cannot expire them.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


class Clock(Protocol):
    """Tells the present moment to whoever asks."""

    def now(self) -> datetime:
        """The present moment as an aware UTC datetime."""
        ...


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class DemoClock:
    """The machine's time moved by an offset that is read anew on every look.

    The offset is stored in the database, so every process of one system agrees on the demo's day. *offset* is
    asked each time; caching, if any, is its own business.
    """

    def __init__(self, offset: Callable[[], timedelta], base: Clock | None = None) -> None:
        self._offset = offset
        self._base: Clock = base or SystemClock()

    def now(self) -> datetime:
        return self._base.now() + self._offset()


class FixedClock:
    """A clock that stands still until it is set or moved; for simulated walks and scenarios."""

    def __init__(self, start: datetime) -> None:
        self._now = _aware(start)

    def now(self) -> datetime:
        return self._now

    def set(self, moment: datetime) -> None:
        """Stand at *moment*, which may lie in the past."""
        self._now = _aware(moment)

    def advance(self, by: timedelta) -> None:
        """Move on by *by*."""
        self._now += by


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a clock needs an aware datetime")
    return moment.astimezone(UTC)
