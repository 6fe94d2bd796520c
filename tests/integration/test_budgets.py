"""Three of the budgets of design §7 as gates, at half: what a change must not cost unnoticed. `make bench` measures all."""

from collections.abc import Iterator

import pytest

from engine.storage.database import Store
from tests.benchmarks import bare, growth, place, world
from tests.benchmarks.appliers import applier
from tests.support.statements import counting

TRIES = 3  # the machine is shared: a slow moment is no slow engine
GROUP = 50
STATEMENTS_PER_GROUP = 8  # claim, lock, read, messages, write, commit, wake


@pytest.fixture(scope="module")
def ground() -> Iterator[place.Place]:
    """A server that waits for its disk, as in production: without that, ratios mean nothing."""
    with place.opened() as found:
        yield found


def statements(store: Store, dossiers: int) -> list[int]:
    """How many statements each group of a walk took."""
    with counting(store) as sent:
        return _walk(store, dossiers, sent)


def _walk(store: Store, dossiers: int, sent: list[str]) -> list[int]:
    one = applier(store)
    world.hand_in(store, dossiers)
    taken = []
    while True:
        while True:
            sent.clear()
            if not one.apply_waiting():
                break
            taken.append(len(sent))
        if not world.answer(store):
            return taken[1:]  # the first reads the deployment and the calendar


def test_a_group_of_events_takes_no_more_statements_than_one_event(ground: place.Place) -> None:
    for dossiers in (1, GROUP):
        store = Store(ground.database(), steady=True)
        taken = statements(store, dossiers)
        store.close()
        assert len(taken) >= 9
        assert min(taken) >= 5  # claim, lock, read, write, commit: all are counted
        assert max(taken) <= 2 * STATEMENTS_PER_GROUP
        assert sum(taken) / len(taken) <= STATEMENTS_PER_GROUP


def test_the_thousandth_step_costs_what_the_tenth_does(ground: place.Place) -> None:
    ratios = (growth.steps(ground) for _ in range(TRIES))
    assert any(ratio <= 2 * 1.5 for ratio in ratios)


def test_engine_keeps_up_with_bare_statements(ground: place.Place) -> None:
    tried = []
    for _ in range(TRIES):
        tried.append(bare.measure(ground, grouped=150, ungrouped=30, rounds=1)["engine_vs_bare"])
        if tried[-1] >= 1.2 / 2:
            return
    raise AssertionError(tried)
