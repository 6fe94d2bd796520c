"""How often a caller may ask: one bucket each, kept in this process, that fills again steadily.

A limit for many web processes together is the reverse proxy's business; here no caller can starve the others of this one.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

MOST_CALLERS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """*per_s* requests a second in the long run, *burst* at once."""

    per_s: float
    burst: int


class Buckets:
    """The buckets of all callers under one rate; safe to share between threads.

    A bucket is the moment at which it is full again. Those that are full are forgotten, so memory holds who is active.
    """

    def __init__(self, rate: Rate, now: Callable[[], float] = time.monotonic) -> None:
        self._step_s, self._room_s = 1.0 / rate.per_s, rate.burst / rate.per_s
        self._now = now
        self._full_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, caller: str) -> float:
        """0.0 and one token is taken; or the seconds until there is one again."""
        with self._lock:
            now = self._now()
            full_at = max(self._full_at.get(caller, now), now) + self._step_s
            wait_s = full_at - now - self._room_s
            if wait_s > 1e-9:
                return wait_s
            if len(self._full_at) >= MOST_CALLERS and caller not in self._full_at:
                self._forget(now)
            self._full_at[caller] = full_at
            return 0.0

    def _forget(self, now: float) -> None:
        """Forget full buckets; where all are in use, the one that is nearest to it."""
        self._full_at = {caller: moment for caller, moment in self._full_at.items() if moment > now}
        if len(self._full_at) >= MOST_CALLERS:
            del self._full_at[min(self._full_at, key=self._full_at.__getitem__)]
