"""The database goes away in the middle of the work: nothing that was in hand is thrown away or kept waiting."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from engine import errors
from engine.actions import send
from engine.actions.apply import Applier, ApplyPolicy
from engine.actions.deploy import DeploymentShelf
from engine.exchange.ports import Json
from engine.runtime.interpreter import SpiffInterpreter
from engine.runtime.progress import Progress, View
from engine.storage import partners
from engine.storage.partners import BreakerPolicy
from engine.worker.settlers import SettleLoop
from tests.support.exchange import Setup

BREAKER = BreakerPolicy(failures=3, open_s=1.0)


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)
    yield place
    place.close()


@contextmanager
def away(postgres, name: str) -> Iterator[None]:
    """The database refuses connections inside the block, and those that there were are cut."""
    alter = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(postgres.url.replace("+psycopg", "", 1), autocommit=True) as administration:
        administration.execute(alter.format(sql.Identifier(name), sql.Literal(False)))
        administration.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        try:
            yield
        finally:
            administration.execute(alter.format(sql.Identifier(name), sql.Literal(True)))


def test_answer_that_comes_while_the_database_is_away_is_settled_when_it_is_back(
    setup: Setup, database, postgres
) -> None:
    setup.submit()
    setup.worker.step()
    with setup.store.transaction() as connection:
        partners.ensure(connection, ["archive"])
    [call] = send.claim(setup.store, {"archive": 1}, worker="w", margin_s=10.0, breaker=BREAKER)
    answer = send.send(setup.partners, call)
    settled = threading.Event()
    loop = SettleLoop(setup.store, setup.partners, lambda calls, more: settled.set(), breaker=BREAKER)
    with away(postgres, database.name):
        loop.start()
        loop.put(call, answer)
        assert not settled.wait(0.5)
    assert settled.wait(20)
    loop.stop(drain_s=5)
    assert setup.rows("SELECT status, attempt FROM call") == [("done", 1)]
    assert setup.scalar("SELECT count(*) FROM incident") == 0


class Interrupted(SpiffInterpreter):
    """An interpreter during whose work something happens, once."""

    def __init__(self, shelf: DeploymentShelf, happening: Callable[[], object]) -> None:
        super().__init__(shelf)
        self._happenings = [happening]

    def begin(self, deployment: int, process: str, variables: Mapping[str, Json], view: View) -> Progress:
        while self._happenings:
            self._happenings.pop()()
        return super().begin(deployment, process, variables, view)


def test_event_that_the_database_left_in_the_middle_is_due_as_soon_as_it_is_back(
    setup: Setup, database, postgres
) -> None:
    setup.submit()
    shelf = DeploymentShelf(setup.store)
    with ExitStack() as absence:
        leaving = Interrupted(shelf, lambda: absence.enter_context(away(postgres, database.name)))
        applier = Applier(
            setup.store,
            leaving,
            setup.partners,
            shelf,
            setup.clock,
            worker="w",
            policy=ApplyPolicy(lease_s=60.0, retry_s=0.0),
        )
        for _ in range(2):  # the second finds it still away
            with pytest.raises(errors.StoreError):
                applier.apply_waiting()
    assert applier.apply_waiting() == 1
    assert setup.rows("SELECT status, starts, lone_starts FROM event") == [("applied", 2, 1)]
