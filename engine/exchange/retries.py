"""How long to wait before a call is tried again, as a value; the trying is done by the engine's actions.

It knows attempts and seconds only, never what went wrong.
"""

from dataclasses import dataclass

MORE_THAN_ENOUGH = 64  # doublings; beyond it any back-off has reached its longest wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Waits in seconds between attempts; the last one repeats for ever."""

    waits_s: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.waits_s or any(wait < 0 for wait in self.waits_s):
            raise ValueError("a back-off needs at least one wait, and none below zero")

    def wait_s(self, attempt: int, *, asked_s: float | None = None) -> float:
        """The wait after the *attempt*-th attempt (from 1); at least what the partner asked for (Retry-After)."""
        wait = self.waits_s[min(max(attempt, 1), len(self.waits_s)) - 1]
        return max(wait, asked_s or 0.0)


def doubling(first_s: float, most_s: float) -> Backoff:
    """Waits that double from *first_s* until *most_s*."""
    waits = [first_s]
    while first_s > 0 and waits[-1] < most_s and len(waits) < MORE_THAN_ENOUGH:
        waits.append(min(waits[-1] * 2, most_s))
    return Backoff(waits_s=tuple(waits))
