"""Dossiers per second of the engine with its database: everything from claiming an event to the commit of what it led to.

The world's own writing (what arrives) is not counted; no HTTP takes part.
"""

from collections.abc import Callable, Mapping

from engine.storage.database import Store
from tests.benchmarks import world
from tests.benchmarks.appliers import processes
from tests.benchmarks.place import Place

DOSSIERS = 600
WARM_UP = 60
LONGEST_S = 30.0


def measure(place: Place) -> Mapping[str, float]:
    """The speed with one and with two processes."""
    return {
        "engine_dossiers_per_s_1": rate(place, processes_=1),
        "engine_dossiers_per_s_2": rate(place, processes_=2),
    }


def rate(place: Place, *, processes_: int, group: int = 50, dossiers: int = DOSSIERS) -> float:
    """Dossiers per second through all their events."""
    url = place.database()
    store = Store(url)
    try:
        with processes(url, processes_, group=group) as appliers:
            walk(store, appliers.drain, WARM_UP, first=0)
            return dossiers / walk(store, appliers.drain, dossiers, first=WARM_UP)
    finally:
        store.close()
        place.drop(url)


def walk(store: Store, drain: Callable[[], float], dossiers: int, *, first: int) -> float:
    """Take *dossiers* from their submission to their end; the seconds spent in *drain*."""
    before = world.ended(store)
    world.hand_in(store, dossiers, first=first)
    spent = 0.0
    while True:
        while world.pending(store):
            spent += drain()
        if not world.answer(store):
            break
        if spent > LONGEST_S:
            break
    if world.ended(store) - before != dossiers:
        raise AssertionError(f"{world.ended(store) - before} of {dossiers} dossiers came to their end")
    return spent
