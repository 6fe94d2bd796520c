"""How much one event may use before it is rolled back whole."""

import time
from dataclasses import dataclass

from engine.errors import LimitExceeded


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Budgets of one event: element runs, nested scopes, open tokens, seconds, and bytes of state."""

    steps: int = 5_000
    depth: int = 32
    tokens: int = 2_000
    seconds: float = 10.0
    state_bytes: int = 2 * 1024 * 1024


class Budget:
    """What is left of the limits during one event."""

    __slots__ = ("_deadline", "_steps", "limits")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._steps = 0
        self._deadline = time.monotonic() + limits.seconds

    def step(self) -> None:
        """Account for one element that runs.

        Raises:
            LimitExceeded: too many steps, or too long.
        """
        self._steps += 1
        if self._steps > self.limits.steps:
            raise LimitExceeded(instance="", limit=self.limits.steps, what="steps")
        if self._steps & 63 == 0 and time.monotonic() > self._deadline:
            raise LimitExceeded(instance="", limit=self.limits.seconds, what="seconds")

    def check(self, what: str, value: int, limit: int) -> None:
        """Raises: LimitExceeded when *value* is above *limit*."""
        if value > limit:
            raise LimitExceeded(instance="", limit=limit, what=what)
