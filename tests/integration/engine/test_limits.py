"""Limits that a person sets are kept to by the workers that run, and a lease always outlasts what they say."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.simulator.faults import Fault, FaultRule
from engine import errors
from engine.actions import partners, send
from engine.exchange.limits import Limits
from engine.storage import partners as rows
from engine.storage.calls import ClaimedCall
from engine.storage.partners import BreakerPolicy, HeldPartner
from tests.support.exchange import Setup

POLICY = BreakerPolicy(failures=3, open_s=1.0)


@pytest.fixture
def setup(database: object, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)  # type: ignore[attr-defined]
    with place.store.transaction() as connection:
        rows.ensure(connection, ["archive"])
    yield place
    place.close()


def as_it_is(_: HeldPartner) -> None:
    """Whatever it is, it was seen."""


def limit(setup: Setup, **said: object) -> None:
    wanted = Limits(**said)  # type: ignore[arg-type]
    partners.limit(setup.store, "archive", wanted, by="lan", reason="they are slow", seen=as_it_is)


def claim(setup: Setup) -> ClaimedCall:
    [call] = send.claim(setup.store, {"archive": 1}, worker="w", margin_s=10.0, breaker=POLICY)
    return call


def leased_s(setup: Setup) -> float:
    found = setup.scalar("SELECT CAST(extract(epoch FROM lease_until - sent_at) AS float8) FROM call")
    assert isinstance(found, float)
    return found


def test_a_time_out_holds_for_the_next_sending_with_a_lease_to_match(setup: Setup) -> None:
    setup.submit()
    setup.worker.step()
    limit(setup, total_timeout_s=1.0)
    setup.simulators.faults.add(FaultRule(fault=Fault.SLOW, partner="archive", seconds=5))
    call = claim(setup)
    assert leased_s(setup) == pytest.approx(11.0)
    begun = time.monotonic()
    answer = send.send(setup.partners, call)
    assert (answer.outcome.value, "no answer in time" in answer.detail) == ("unknown", True)
    assert time.monotonic() - begun < 4


def test_a_longer_time_out_lengthens_the_lease_of_calls_that_were_written_before(setup: Setup) -> None:
    setup.submit()
    setup.worker.step()
    was = setup.scalar("SELECT timeout_s FROM call")
    limit(setup, total_timeout_s=600.0)
    call = claim(setup)
    assert (was, leased_s(setup)) != (600.0, was)
    assert leased_s(setup) == pytest.approx(610.0)
    assert call.limits == Limits(total_timeout_s=600.0)


def test_a_person_is_asked_after_as_many_sendings_as_are_set(setup: Setup) -> None:
    limit(setup, max_attempts=1)
    setup.simulators.faults.add(FaultRule(fault=Fault.DROP_BEFORE, partner="archive"))
    setup.submit()
    for _ in range(40):
        setup.worker.step()
        setup.pass_time()
    assert setup.rows("SELECT sends, status FROM call") == [(1, "incident")]


def test_back_to_the_contract_leaves_nothing_and_each_change_is_told(setup: Setup) -> None:
    limit(setup, window=2, rate="5 a second")
    with pytest.raises(errors.ActionNotNow):
        limit(setup, window=2, rate="5 a second")
    limit(setup)
    assert setup.scalar("SELECT settings FROM partner WHERE name = 'archive'") == {}
    told = setup.rows(
        "SELECT facts ->> 'was', facts ->> 'now' FROM audit WHERE what = 'partner-limited' ORDER BY id"
    )
    assert told == [
        ("{}", '{"rate": "5 a second", "window": 2}'),
        ('{"rate": "5 a second", "window": 2}', "{}"),
    ]


def begin_a_wave(setup: Setup, name: str) -> object:
    """Hand four dossiers in; since when."""
    since = setup.scalar("SELECT clock_timestamp()")
    for number in range(4):
        setup.submit(f"{name} {number}")
    return since


def most_of_a_wave(setup: Setup, since: object) -> object:
    """How many calls that began after *since* were under way at once, when all is done."""
    wait_for(
        setup,
        "SELECT (SELECT count(*) FROM event WHERE status = 'pending') = 0"
        " AND (SELECT count(*) FROM call WHERE status IN ('pending', 'sending', 'unknown')) = 0",
    )
    return setup.scalar(
        "SELECT max(n) FROM (SELECT a.call_id, a.ask, count(*) AS n FROM attempt a JOIN attempt b"
        " ON b.started_at <= a.started_at AND b.ended_at > a.started_at"
        " WHERE a.started_at > :since AND b.started_at > :since GROUP BY a.call_id, a.ask) at_once",
        since=since,
    )


def test_a_worker_that_runs_keeps_to_a_window_that_is_set_meanwhile(setup: Setup) -> None:
    setup.simulators.faults.add(FaultRule(fault=Fault.SLOW, partner="archive", seconds=0.2))
    worker = setup.new_worker()
    thread = threading.Thread(target=worker.run)
    before = begin_a_wave(setup, "before")  # all four are there when it begins
    thread.start()
    try:
        assert most_of_a_wave(setup, before) != 1
        limit(setup, window=1)
        until = time.monotonic() + 30
        while most_of_a_wave(setup, begin_a_wave(setup, f"meanwhile {time.monotonic()}")) != 1:
            assert time.monotonic() < until
        assert [most_of_a_wave(setup, begin_a_wave(setup, name)) for name in ("then", "and on")] == [1, 1]
    finally:
        worker.stop()
        thread.join(20)


def wait_for(setup: Setup, sql: str) -> None:
    until = time.monotonic() + 20
    while not setup.scalar(sql):
        assert time.monotonic() < until, sql
        threading.Event().wait(0.02)
