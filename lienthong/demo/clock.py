"""Demo time: a run begins on a Monday at 08:00 in Vietnam, and days pass when somebody must wait for them.

This is what an administrator of a simulated system does; the demo's people only live in it.
"""

import threading
from datetime import UTC, datetime, timedelta

from engine.actions import demo_clock
from engine.clock import VIETNAM, Clock
from engine.storage.database import Store

FIRST_MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=VIETNAM)
NOTICED_S = 0.6  # every process of the system reads the offset again within this time


class DemoTime:
    """The demo's hand on the clock of a running system."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._pause = threading.Event()

    def begin(self) -> datetime:
        """Let it be the first Monday that was not lived through yet, at 08:00."""
        moment = demo_clock.begin_at(self._store, FIRST_MONDAY)
        self._pause.wait(NOTICED_S)
        return moment

    def now(self) -> datetime:
        """The present demo time."""
        return self._clock.now()

    def next_morning(self) -> datetime:
        """Go on to 08:30 of the next day that is no weekend."""
        day = self.now().astimezone(VIETNAM).date() + timedelta(days=1)
        while day.weekday() >= 5:
            day += timedelta(days=1)
        return self.move_to(datetime(day.year, day.month, day.day, 8, 30, tzinfo=VIETNAM))

    def move_to(self, moment: datetime) -> datetime:
        """Go on to *moment*; the time that it is then."""
        reached = demo_clock.move_to(self._store, moment.astimezone(UTC))
        self._pause.wait(NOTICED_S)
        return reached
