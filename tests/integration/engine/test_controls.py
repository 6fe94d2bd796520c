"""Controls of the kill test: with one protection taken away, the same check must go red; with it, it stays green.

A check that cannot fail proves nothing (`docs/reliability.md`).
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.actions import receive, send
from engine.actions.apply import Applier, ApplyPolicy
from engine.actions.deploy import DeploymentShelf
from engine.runtime.interpreter import SpiffInterpreter
from engine.runtime.progress import Happening, InstanceRef, Progress, View
from engine.storage.partners import BreakerPolicy
from tests.support import witness
from tests.support.exchange import DATA, Setup
from tests.support.kill_worker import FATAL
from tests.support.killed_walk import NotEnded, Walk
from tests.support.killing import Blow, Stable
from tests.support.killing_ground import Ground
from tests.support.procedures import DESK, NOON, submission

BAO = "Bao"  # may neither be repeated nor asked after


@pytest.fixture(scope="module")
def ground(postgres, new_database: Callable[[], object], tmp_path_factory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("controls")
    with Ground(postgres, new_database().name, folder, "control").opened() as place:
        place.survey()
        yield place


def struck_after_the_effect(walk: Walk) -> Blow:
    """The worker dies when the partner has done what was asked, and before that is written down."""

    def done(number: int) -> bool:
        return any(line["operation"] == BAO and line.get("effect") for line in walk.journal())

    return Blow(falls=done, after=False)


def try_variant(ground: Ground, variant: str) -> Walk:
    with ground.walk(ground.legs[1], variant) as walk:
        walk.run(struck_after_the_effect(walk))
        assert walk.deaths == 1
        ground.check(walk, variant or "whole")
        return walk


def test_worker_that_is_whole_passes_the_check(ground: Ground) -> None:
    assert try_variant(ground, "").unknown == 1


def test_control_claims_not_committed_before_sending_double_an_effect(ground: Ground) -> None:
    with pytest.raises(AssertionError, match=r"doubled.*'Bao'"):
        try_variant(ground, "claims-uncommitted")


def test_control_without_the_sweep_of_leases_an_effect_is_lost(ground: Ground) -> None:
    with pytest.raises(NotEnded, match="lost"):
        try_variant(ground, "without-sweep")


# -- the dossier's lock --------------------------------------------------------------------------------------


class Held(SpiffInterpreter):
    """An interpreter that stops in the middle of an event until it is let go."""

    def __init__(self, shelf: DeploymentShelf) -> None:
        super().__init__(shelf)
        self.inside, self.let_go = threading.Event(), threading.Event()

    def advance(self, instance: InstanceRef, state: bytes, happening: Happening, view: View) -> Progress:
        self.inside.set()
        assert self.let_go.wait(20)
        return super().advance(instance, state, happening, view)


class Race:
    """Two appliers on one event: the first is slow, and the lease of its claim runs out in the middle."""

    def __init__(self, setup: Setup, *, lock: bool) -> None:
        self.setup = setup
        shelf = DeploymentShelf(setup.store)
        self.slow = Held(shelf)
        self.first = self._applier("slow", self.slow, shelf, lock=lock)
        self.second = self._applier("quick", SpiffInterpreter(shelf), shelf, lock=lock)

    def run(self) -> None:
        slow = threading.Thread(target=self.first.apply_waiting)
        quick = threading.Thread(target=self.second.apply_waiting)
        slow.start()
        assert self.slow.inside.wait(20)
        self.setup.pass_time()
        quick.start()
        while quick.is_alive() and not self._waits_for_a_lock():
            quick.join(0.01)
        self.slow.let_go.set()
        slow.join()
        quick.join()

    def _waits_for_a_lock(self) -> object:
        return self.setup.scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )

    def _applier(
        self, name: str, interpreter: SpiffInterpreter, shelf: DeploymentShelf, *, lock: bool
    ) -> Applier:
        setup = self.setup
        policy = ApplyPolicy(lock=lock, retry_s=0.0)
        return Applier(
            setup.store, interpreter, setup.partners, shelf, setup.clock, worker=name, policy=policy
        )


@pytest.fixture
def at_the_timer(database, tmp_path: Path) -> Iterator[Setup]:
    """A dossier whose timer has just fired; what follows is a call that may not be repeated."""
    setup = Setup(database.url, tmp_path)
    setup.submit()
    setup.run()
    setup.clock.advance(timedelta(hours=2))
    assert setup.worker.fire_timers() == 1
    yield setup
    setup.close()


def send_all(setup: Setup) -> None:
    """Send until nothing is due, as senders do who are quicker than the appliers."""
    breaker = BreakerPolicy(failures=3, open_s=1.0)
    while claimed := send.claim(setup.store, {"archive": 1}, worker="w", margin_s=10.0, breaker=breaker):
        for call in claimed:
            send.settle(setup.store, setup.partners, call, send.send(setup.partners, call))


def effects_after_a_race(setup: Setup, *, lock: bool, second_fence: bool) -> Mapping[witness.Effect, int]:
    """What the partner saw. *second_fence*: the timeline's key, which would refuse the second writing too."""
    if not second_fence:
        with setup.store.transaction() as connection:
            connection.execute(text("ALTER TABLE timeline DROP CONSTRAINT timeline_pkey"))
    Race(setup, lock=lock).run()
    send_all(setup)
    setup.run()
    return {what: count for what, count in witness.effects(setup.journal()).items() if what[1] == BAO}


def test_two_appliers_on_one_event_apply_it_once(at_the_timer: Setup) -> None:
    found = effects_after_a_race(at_the_timer, lock=True, second_fence=False)
    assert list(found.values()) == [1]


def test_control_without_the_dossier_lock_an_effect_is_doubled(at_the_timer: Setup) -> None:
    found = effects_after_a_race(at_the_timer, lock=False, second_fence=False)
    with pytest.raises(AssertionError):
        assert list(found.values()) == [1]


def test_timeline_key_refuses_what_a_missing_lock_would_let_through(at_the_timer: Setup) -> None:
    found = effects_after_a_race(at_the_timer, lock=False, second_fence=True)
    assert list(found.values()) == [1]


# -- an event that kills its worker --------------------------------------------------------------------------


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)
    yield place
    place.close()


def submit(setup: Setup, key: str, note: str) -> str:
    told = submission(setup.deployment, {"note": note})
    return receive.submit(setup.store, "1.000001", told, DESK, now=NOON, by="desk", external_id=key).code


def deaths_until_idle(setup: Setup, variant: str) -> int:
    """How many workers of *variant* died before one had nothing left to do."""
    deaths = 0
    with Stable([DATA / "partners"], setup.simulators.url) as stable:
        while True:
            worker = stable.worker(setup.store.url, variant)
            idle = worker.go(NOON)
            worker.end()
            if idle:
                return deaths
            deaths += 1
            assert deaths < 10
            setup.pass_time()


def test_event_that_kills_its_worker_is_set_aside_alone_after_its_third_lone_start(setup: Setup) -> None:
    codes = [submit(setup, str(number), FATAL if number == 1 else "") for number in range(4)]
    assert deaths_until_idle(setup, "mortal") == 4  # once in a group, three times alone
    assert setup.rows(
        "SELECT d.code, i.cause FROM incident i JOIN dossier d ON d.id = i.dossier_id WHERE i.status = 'open'"
    ) == [(codes[1], "poison-event")]
    reached = {what[2] for what in witness.effects(setup.journal()) if what[1] == "Nop"}
    assert reached == {f"{code}/2" for code in codes if code != codes[1]}
