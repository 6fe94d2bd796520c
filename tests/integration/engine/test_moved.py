"""A dossier sent to another step by hand, and its calls: none that may have been carried out is left behind, none done twice."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine import errors
from engine.actions import move, send
from engine.actions.deploy import DeploymentShelf
from engine.actions.move import Move
from engine.exchange.ports import Answer, Outcome
from engine.storage.calls import ClaimedCall
from engine.storage.partners import BreakerPolicy
from tests.support.exchange import Setup

BREAKER = BreakerPolicy(failures=3, open_s=1.0)


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)
    yield place
    place.close()


def proposed(setup: Setup, code: str, target: str) -> Move:
    """The move of the dossier's only token."""
    shelf = DeploymentShelf(setup.store)
    (stand,) = move.places(setup.store, shelf, code).stands
    return move.propose(setup.store, shelf, code, stand.task, target)


def confirm(setup: Setup, code: str, wanted: Move) -> None:
    shelf = DeploymentShelf(setup.store)
    move.move(setup.store, shelf, code, wanted, seen=wanted.version, by="engineer", reason="as agreed")


def at_first_call(setup: Setup) -> str:
    """A dossier whose first call waits to be sent."""
    setup.worker.step()  # so that its partners are known
    code = setup.submit()
    assert setup.worker._appliers[0].apply_waiting()
    assert setup.scalar("SELECT status FROM call") == "pending"
    return code


def claim(setup: Setup) -> ClaimedCall:
    [call] = send.claim(setup.store, {"archive": 1}, worker="slow", margin_s=0.1, breaker=BREAKER)
    return call


def settle(setup: Setup, call: ClaimedCall, outcome: Outcome) -> None:
    assert send.settle(setup.store, setup.partners, call, Answer(outcome=outcome, detail="as it was"))


def effects(setup: Setup, operation: str) -> int:
    return sum(1 for line in setup.journal() if line.get("operation") == operation and line.get("effect"))


def test_a_call_that_was_not_sent_is_withdrawn_and_never_sent(setup: Setup) -> None:
    code = at_first_call(setup)
    wanted = proposed(setup, code, "hour")
    assert [(one.kind, one.state, one.unsure) for one in wanted.ends] == [("call", "pending", False)]
    confirm(setup, code, wanted)
    setup.run()
    assert setup.rows("SELECT status FROM call") == [("withdrawn",)]
    setup.clock.advance(timedelta(hours=2))
    setup.run()
    assert effects(setup, "Ghi") == effects(setup, "Nop") == 0
    assert effects(setup, "Bao") == 1
    assert setup.scalar("SELECT count(*) FROM call WHERE holds") == 0


@pytest.mark.parametrize("outcome", [None, Outcome.UNKNOWN, Outcome.INVALID])
def test_while_a_call_may_have_been_carried_out_the_dossier_stays(
    setup: Setup, outcome: Outcome | None
) -> None:
    code = at_first_call(setup)
    before = proposed(setup, code, "hour")
    call = claim(setup)
    if outcome is not None:
        settle(setup, call, outcome)
    with pytest.raises(errors.ActionNotNow, match=f"call {call.id} may have been carried out"):
        proposed(setup, code, "hour")
    with pytest.raises(errors.ActionNotNow):
        confirm(setup, code, before)
    assert setup.scalar("SELECT count(*) FROM event WHERE kind = 'moved'") == 0


def test_a_call_that_is_claimed_just_before_the_move_is_applied_is_told_when_it_took_effect(
    setup: Setup,
) -> None:
    code = at_first_call(setup)
    confirm(setup, code, proposed(setup, code, "hour"))
    call = claim(setup)
    setup.worker._appliers[0].apply_waiting()
    settle(setup, call, Outcome.OK)
    setup.run()
    assert setup.rows("SELECT cause FROM incident WHERE status = 'open'") == [("effect-after-cancel",)]


def test_a_step_gone_back_to_is_called_again_and_a_partner_that_knows_its_key_does_nothing_twice(
    setup: Setup,
) -> None:
    code = setup.submit()
    setup.run()  # to the timer
    wanted = proposed(setup, code, "ghi1")
    assert (wanted.before, [one.kind for one in wanted.ends]) == (1, ["timer"])
    confirm(setup, code, wanted)
    setup.run()
    assert setup.rows("SELECT operation, status FROM call ORDER BY id")[2:] == [
        ("Ghi", "done"),
        ("Nop", "done"),
    ]
    assert effects(setup, "Ghi") == 1  # its key is of the dossier and the step: the partner knows it
    setup.walk_on(code)
    assert setup.scalar("SELECT status FROM instance") == "ended"


def test_a_move_whose_token_is_gone_changes_nothing_and_is_told(setup: Setup) -> None:
    code = at_first_call(setup)
    confirm(setup, code, proposed(setup, code, "hour"))
    confirm(setup, code, proposed(setup, code, "nop2"))
    setup.run()
    told = "SELECT count(*) FROM timeline WHERE convert_from(body, 'UTF8') LIKE '%\"move-refused\"%'"
    assert setup.scalar(told) == 1
    assert effects(setup, "Nop") == 0
