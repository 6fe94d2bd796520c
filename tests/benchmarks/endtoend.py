"""Dossiers per second through everything: two workers, agencies that validate over HTTP and SOAP in a process of their own.

A handful of people hand in, decide and answer in groups; two hundred dossiers are under way at a time.
"""

import time
from collections.abc import Mapping

from engine.storage.database import Store
from tests.benchmarks import world
from tests.benchmarks.place import Place
from tests.benchmarks.running import system

DOSSIERS = 800
WARM_UP = 60
UNDER_WAY = 200
CALLS = 6
LONGEST_S = 60.0
LOOK_S = 0.02


def measure(place: Place, *, workers: int = 2, dossiers: int = DOSSIERS) -> Mapping[str, float]:
    """Dossiers and calls per second."""
    url = place.database()
    store = Store(url)
    try:
        with system(url, place.folder, workers=workers):
            through(store, WARM_UP, first=0)
            seconds = through(store, dossiers, first=WARM_UP)
    finally:
        store.close()
        place.drop(url)
    return {"e2e_dossiers_per_s": dossiers / seconds, "e2e_calls_per_s": dossiers * CALLS / seconds}


def through(store: Store, dossiers: int, *, first: int) -> float:
    """Have *dossiers* go their way, at most `UNDER_WAY` at a time; seconds until the last has ended."""
    start = time.perf_counter()
    before, handed_in, done = world.ended(store), 0, 0
    while done < dossiers:
        more = min(dossiers - handed_in, UNDER_WAY - (handed_in - done))
        if more > 0:
            world.hand_in(store, more, first=first + handed_in)
            handed_in += more
        time.sleep(LOOK_S)
        world.answer(store, calls=False)
        done = world.ended(store) - before
        if time.perf_counter() - start > LONGEST_S:
            raise TimeoutError(f"{done} of {dossiers} dossiers ended in {LONGEST_S} s")
    return time.perf_counter() - start
