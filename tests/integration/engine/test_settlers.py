"""Answers that came in are written, even when the database is away for a while."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from engine.actions import send
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
