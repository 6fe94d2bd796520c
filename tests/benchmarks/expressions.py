"""FEEL: microseconds for the reference condition once it is compiled, and to compile it."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count

from engine import feel
from tests.benchmarks.place import Place

CONDITION = 'amount > 100 and dossier.kind = "A"'
ROUNDS = 25
NUMBERS = count(1_000)


def measure(_place: Place) -> Mapping[str, float]:
    """The best of several rounds, in this process."""
    compiled = feel.compile(CONDITION)
    context = {"amount": feel.from_json(150), "dossier": {"kind": "A"}}
    now = datetime.now(UTC)
    if compiled(context, clock=lambda: now) is not True:
        raise AssertionError("the condition holds")
    return {
        "feel_us": best_us(lambda: compiled(context), 3_000),
        "feel_compile_us": best_us(_compile_anew, 200),
    }


def _compile_anew() -> None:
    """The condition with another number each time: nothing is remembered of it."""
    feel.compile(CONDITION.replace("100", str(next(NUMBERS))))


def best_us(action: Callable[[], object], times: int) -> float:
    """Microseconds of one *action*, best of `ROUNDS` rounds of *times*."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(times):
            action()
        best = min(best, (time.perf_counter() - start) / times)
    return best * 1e6
