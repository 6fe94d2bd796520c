"""Calls whose task is gone: what surely did not happen never does, what may have happened is not dropped."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine import errors
from engine.actions import receive, resolve, send
from engine.exchange.ports import Answer, Outcome
from engine.storage.calls import ClaimedCall
from engine.storage.partners import BreakerPolicy
from tests.support.exchange import Setup


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)
    yield place
    place.close()


def claimed(setup: Setup, operation: str) -> tuple[str, ClaimedCall]:
    """The walk's first call of *operation*, under way; and its dossier's code."""
    code = setup.submit()
    while not setup.scalar("SELECT count(*) FROM call WHERE operation = :name", name=operation):
        if not setup.worker.step():
            setup.clock.advance(timedelta(hours=2))
    setup.pass_time()
    breaker = BreakerPolicy(failures=3, open_s=1.0)
    [call] = send.claim(setup.store, {"archive": 1}, worker="slow", margin_s=0.1, breaker=breaker)
    assert call.operation == operation
    return code, call


def settle(setup: Setup, call: ClaimedCall, outcome: Outcome) -> None:
    assert send.settle(setup.store, setup.partners, call, Answer(outcome=outcome, detail="as it was"))


def withdraw(setup: Setup, code: str) -> None:
    receive.withdraw(setup.store, code, reason="moved away", by="applicant", now=setup.clock.now())
    setup.worker.step()
    assert setup.scalar("SELECT status FROM dossier") == 7


def state(setup: Setup, call: ClaimedCall) -> object:
    return setup.scalar("SELECT status FROM call WHERE id = :id", id=call.id)


def causes(setup: Setup) -> list[object]:
    return [row[0] for row in setup.rows("SELECT cause FROM incident WHERE status = 'open' ORDER BY id")]


@pytest.mark.parametrize(
    ("outcome", "becomes"), [(Outcome.NOT_SENT, "withdrawn"), (Outcome.REFUSED, "refused")]
)
def test_call_that_surely_did_nothing_is_not_sent_once_its_dossier_is_withdrawn(
    setup: Setup, outcome: Outcome, becomes: str
) -> None:
    code, call = claimed(setup, "Bao")
    withdraw(setup, code)
    settle(setup, call, outcome)
    setup.run()
    assert state(setup, call) == becomes
    assert setup.scalar("SELECT count(*) FROM call WHERE holds") == 0
    assert not [line for line in setup.journal() if line.get("operation") == "Bao"]
    assert causes(setup) == []


def test_call_that_the_partner_does_not_know_of_is_not_sent_again_once_its_dossier_is_withdrawn(
    setup: Setup,
) -> None:
    code, call = claimed(setup, "Nop")
    withdraw(setup, code)
    settle(setup, call, Outcome.UNKNOWN)
    setup.run()
    assert state(setup, call) == "withdrawn"
    assert not [line for line in setup.journal() if line.get("operation") == "Nop" and line.get("effect")]
    assert causes(setup) == []


def test_same_call_is_sent_again_while_its_dossier_goes_on(setup: Setup) -> None:
    _, call = claimed(setup, "Nop")
    settle(setup, call, Outcome.UNKNOWN)
    setup.run()
    assert state(setup, call) == "done"


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.INVALID])
def test_call_that_may_have_happened_stays_a_persons_business_after_a_withdrawal(
    setup: Setup, outcome: Outcome
) -> None:
    code, call = claimed(setup, "Bao")
    settle(setup, call, outcome)
    [(incident, *_)] = setup.rows("SELECT id FROM incident WHERE status = 'open'")
    withdraw(setup, code)
    setup.run()
    assert state(setup, call) == "incident"
    if outcome is Outcome.UNKNOWN:
        with pytest.raises(errors.ActionNotNow):  # nobody wants it sent any more
            resolve.act(setup.store, int(str(incident)), "resend", by="admin", reason="a habit")
    act = "done" if outcome is Outcome.UNKNOWN else "accept"
    resolve.act(setup.store, int(str(incident)), act, {"ma": 0}, by="admin", reason="they had done it")
    setup.run()
    assert causes(setup) == ["effect-after-cancel"]
    assert setup.scalar("SELECT count(*) FROM call WHERE holds") == 0


def test_late_answer_to_such_a_call_is_still_heard(setup: Setup) -> None:
    code, call = claimed(setup, "Bao")
    setup.pass_time()
    send.sweep_leases(setup.store, setup.partners)
    withdraw(setup, code)
    assert causes(setup) == ["unknown-outcome"]
    settle(setup, call, Outcome.OK)
    setup.run()
    assert causes(setup) == ["effect-after-cancel"]
