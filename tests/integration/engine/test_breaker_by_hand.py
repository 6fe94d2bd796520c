"""A breaker in a person's hand: nothing closes it behind their back, and closing it claims nothing that is not so."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.simulator.faults import Fault, FaultRule
from engine import errors
from engine.actions import partners, send
from engine.storage import partners as rows
from engine.storage.partners import BreakerPolicy
from tests.support.exchange import Setup

POLICY = BreakerPolicy(failures=3, open_s=1.0)


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)
    with place.store.transaction() as connection:
        rows.ensure(connection, ["archive"])
    yield place
    place.close()


def step(setup: Setup, times: int = 12) -> None:
    for _ in range(times):
        setup.worker.step()
        setup.pass_time()


def hold(setup: Setup, until: datetime | None = None) -> None:
    partners.open_breaker(setup.store, "archive", until=until, by="lan", reason="they move house")


def standing(setup: Setup) -> tuple[object, ...]:
    return setup.rows("SELECT breaker, opened_reason, failures FROM partner WHERE name = 'archive'")[0]


def sent(setup: Setup) -> int:
    return sum(line.get("partner") == "archive" for line in setup.journal())


def test_nothing_is_sent_and_no_probe_goes_until_it_is_closed_by_hand(setup: Setup) -> None:
    hold(setup)
    setup.submit()
    step(setup)
    assert sent(setup) == 0
    assert standing(setup) == ("open", "they move house", 0)
    assert setup.rows("SELECT status, attempt FROM call") == [("pending", 0)]
    partners.close_breaker(setup.store, "archive", by="lan", reason="they are back")
    step(setup, 3)
    assert sent(setup) > 0
    assert standing(setup) == ("closed", None, 0)
    told = setup.rows("SELECT what, reason FROM audit WHERE what LIKE 'partner-%' ORDER BY id")
    assert told == [("partner-opened", "they move house"), ("partner-closed", "they are back")]


def test_without_a_hand_the_same_partner_is_probed(setup: Setup) -> None:
    """The control: the same row, opened by failures, lets its probe go."""
    setup.submit()
    with setup.store.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO partner (name, breaker, failures, probe_at) VALUES ('archive', 'open', 3, now())"
            " ON CONFLICT (name) DO UPDATE SET breaker = 'open', failures = 3, probe_at = now()"
        )
    step(setup, 3)
    assert standing(setup)[0] == "closed"


def test_what_was_under_way_neither_closes_nor_shortens_it(setup: Setup) -> None:
    setup.submit()
    setup.worker.step()
    [call] = send.claim(setup.store, {"archive": 1}, worker="slow", margin_s=10.0, breaker=POLICY)
    until = datetime.now(UTC) + timedelta(hours=3)
    hold(setup, until)
    answer = send.send(setup.partners, call)
    send.settle(setup.store, setup.partners, call, answer)
    send.record_health(setup.store, "archive", answer, troubled=True, policy=POLICY)
    assert standing(setup)[:2] == ("open", "they move house")
    setup.simulators.faults.add(FaultRule(fault=Fault.DOWN, partner="archive", seconds=60))
    for _ in range(4):
        failed = send.send(setup.partners, call)
        send.record_health(setup.store, "archive", failed, troubled=True, policy=POLICY)
    assert setup.scalar("SELECT probe_at FROM partner WHERE name = 'archive'") == until
    assert setup.scalar("SELECT count(*) FROM incident WHERE cause = 'partner-outage'") == 0


def test_at_the_time_that_was_given_one_call_probes(setup: Setup) -> None:
    with pytest.raises(errors.RequestInvalid):
        hold(setup, datetime.now(UTC) - timedelta(minutes=1))
    hold(setup, datetime.now(UTC) + timedelta(hours=1))
    setup.submit("a")
    setup.worker.step()
    setup.worker.step()
    assert sent(setup) == 0
    setup.simulators.faults.add(FaultRule(fault=Fault.DOWN, partner="archive", seconds=60))
    setup.pass_time()
    setup.worker.step()
    assert standing(setup) == ("open", None, 1)
    setup.simulators.faults.clear()
    assert setup.scalar("SELECT count(*) FROM incident WHERE cause = 'partner-outage'") == 1
    step(setup)
    assert standing(setup) == ("closed", None, 0)
    assert setup.scalar("SELECT count(*) FROM incident WHERE status = 'open'") == 0


def test_closed_in_an_outage_the_next_failure_opens_it_again(setup: Setup) -> None:
    setup.simulators.faults.add(FaultRule(fault=Fault.DOWN, partner="archive", seconds=60))
    setup.submit()
    for _ in range(30):
        step(setup, 1)
        if standing(setup)[0] == "open":
            break
    failures = standing(setup)[2]
    partners.close_breaker(setup.store, "archive", by="lan", reason="they say so")
    assert setup.scalar("SELECT count(*) FROM incident WHERE status = 'open'") == 1  # until it answers
    step(setup, 2)
    assert standing(setup)[:2] == ("open", None)
    assert standing(setup)[2] > failures  # type: ignore[operator]
    hold(setup)
    partners.close_breaker(setup.store, "archive", by="lan", reason="x")
    with pytest.raises(errors.ActionNotNow):
        partners.close_breaker(setup.store, "archive", by="lan", reason="x")


def test_a_reason_that_a_worker_of_an_older_version_left_behind_holds_nothing(setup: Setup) -> None:
    """It closes the breaker and does not know the reason: the next outage must be probed, and told, all the same."""
    with setup.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE partner SET opened_reason = 'of old' WHERE name = 'archive'")
        for _ in range(POLICY.failures):
            rows.record_failure(connection, "archive", POLICY)
    assert standing(setup) == ("open", None, 3)
    assert setup.scalar("SELECT probe_at > now() FROM partner WHERE name = 'archive'")
    assert setup.scalar("SELECT count(*) FROM incident WHERE cause = 'partner-outage'") == 1
