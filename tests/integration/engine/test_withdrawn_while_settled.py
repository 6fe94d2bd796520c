"""Forty dossiers are withdrawn while the answers to their calls come in: every call has one end, and every end is told once."""

import random
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from engine.actions import receive, send
from engine.exchange.ports import Answer, Outcome
from engine.storage import partners
from engine.storage.calls import ClaimedCall
from engine.storage.partners import BreakerPolicy
from tests.support.exchange import Setup

MANY = 40
OUTCOMES = (Outcome.NOT_SENT, Outcome.REFUSED, Outcome.OK, Outcome.UNKNOWN, Outcome.INVALID)


def at_once(*acts: Callable[[], None]) -> list[Exception]:
    """Do all of *acts* in threads; what went wrong."""
    wrong: list[Exception] = []

    def tried(act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001  # told by the test
            wrong.append(error)

    threads = [threading.Thread(target=tried, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return wrong


def under_way(setup: Setup) -> tuple[list[str], list[ClaimedCall]]:
    """Dossiers, each with its first call claimed."""
    with setup.store.transaction() as connection:
        partners.ensure(connection, ["archive"])
    codes = [setup.submit(str(number)) for number in range(MANY)]
    while int(str(setup.scalar("SELECT count(*) FROM call"))) < MANY:
        setup.worker.step()
    breaker = BreakerPolicy(failures=1000, open_s=1.0)
    return codes, send.claim(setup.store, {"archive": MANY}, worker="w", margin_s=60.0, breaker=breaker)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_call_has_one_end(database, tmp_path: Path, seed: int) -> None:
    setup, chance = Setup(database.url, tmp_path), random.Random(seed)
    try:
        codes, calls = under_way(setup)
        calls = [call for call in calls if call.attempt == 1]
        chance.shuffle(codes)

        def settle(some: Sequence[ClaimedCall]) -> None:
            for call in some:
                outcome = chance.choice(OUTCOMES)
                reply = {"ma": 0} if outcome is Outcome.OK else None
                send.settle(setup.store, setup.partners, call, Answer(outcome=outcome, reply=reply))

        def withdraw() -> None:
            for code in codes:
                receive.withdraw(setup.store, code, reason="", by="applicant", now=setup.clock.now())

        def apply() -> None:
            worker = setup.new_worker()
            while setup.scalar("SELECT count(*) FROM dossier WHERE status <> 7"):
                worker.step()

        assert at_once(lambda: settle(calls), withdraw, apply, apply) == []
        setup.run(rounds=2000)
        assert setup.scalar("SELECT count(*) FROM event WHERE status <> 'applied'") == 0
        assert (
            setup.scalar("SELECT count(*) FROM call WHERE status IN ('pending', 'sending', 'unknown')") == 0
        )
        assert setup.scalar("SELECT count(*) FROM call WHERE holds AND status <> 'incident'") == 0
        untold = (
            "SELECT count(*) FROM call c FULL JOIN (SELECT * FROM incident WHERE status = 'open' AND call_id IS NOT NULL) i"
            " ON i.call_id = c.id WHERE (c.status = 'incident') <> (i.id IS NOT NULL)"
        )
        assert setup.scalar(untold) == 0
    finally:
        setup.close()
