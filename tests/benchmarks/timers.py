"""How late timers fire: from the moment that one is due to the event that tells of it, swept by the real processes."""

import time
from collections.abc import Mapping

from sqlalchemy import text

from engine.storage.database import Store
from tests.benchmarks import world
from tests.benchmarks.appliers import applier, drain
from tests.benchmarks.place import Place
from tests.benchmarks.running import system

TIMERS = 400
FROM_S, SPREAD_S = 8.0, 8.0
LONGEST_S = 45.0

_SET = text("UPDATE timer SET due_at = now() + make_interval(secs => :start + random() * :spread)")
_LATE = text(
    "SELECT extract(epoch FROM created_at - CAST(payload ->> 'due_at' AS timestamptz)) FROM event WHERE kind = 'timer'"
)


def measure(place: Place) -> Mapping[str, float]:
    """Seconds, the slowest of a hundred; one worker and one scheduler, as shipped."""
    url = place.database()
    store = Store(url)
    try:
        one = applier(store)
        world.hand_in(store, TIMERS)
        drain(one)
        world.answer(store)
        drain(one)
        with system(url, place.folder, workers=1, scheduler=True):
            with store.transaction() as connection:
                connection.execute(_SET, {"start": FROM_S, "spread": SPREAD_S})
            late = _fired(store)
    finally:
        store.close()
        place.drop(url)
    return {"timer_lateness_p99_s": late[int(len(late) * 0.99)]}


def _fired(store: Store) -> list[float]:
    until = time.monotonic() + LONGEST_S
    while time.monotonic() < until:
        with store.reading() as connection:
            late = sorted(float(row[0]) for row in connection.execute(_LATE))
        if len(late) >= TIMERS:
            return late
        time.sleep(0.2)
    raise TimeoutError(f"{len(late)} of {TIMERS} timers fired")
