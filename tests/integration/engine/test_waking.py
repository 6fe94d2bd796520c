"""Who waits for work hears of it once it is committed, and what is committed is no error because nobody heard of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from engine import errors
from engine.storage import calls, events, waking
from engine.storage.database import Store, plain_url
from engine.storage.statements import Statement, together
from engine.storage.waking import committing
from tests.support.exchange import Setup

MINE = "mine"
HEARD_S = 0.5  # what is not heard by then was not told
_PROMISE = Statement("INSERT INTO promise (dossier) VALUES (:dossier)")
_LOOK = Statement("SELECT 1")
Heard = Callable[[], set[str]]


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path, reports="portal")
    yield place
    place.close()


@pytest.fixture
def store(database) -> Iterator[Store]:
    found = Store(database.url, pool_size=1)
    with found.transaction() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE promise (dossier bigint REFERENCES dossier DEFERRABLE INITIALLY DEFERRED)"
        )
    yield found
    found.close()


@pytest.fixture
def heard(database) -> Iterator[Heard]:
    """The channels that were notified since it was asked before."""
    with psycopg.connect(plain_url(database.url), autocommit=True) as connection:
        for channel in (events.CHANNEL, calls.CHANNEL, MINE):
            connection.execute(f"LISTEN {channel}")
        yield lambda: {one.channel for one in connection.notifies(timeout=HEARD_S)}


def promise(store: Store, dossier: int | None = None) -> None:
    """Write what fails at its COMMIT only, where there is no such dossier."""
    with store.terse() as connection:
        with together(connection, begin=True):
            _LOOK.send(connection, {})
        with committing(connection, MINE):
            _PROMISE.send(connection, {"dossier": dossier})


def kept(store: Store) -> object:
    with store.reading() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM promise").scalar_one()


def test_appliers_hear_of_a_hand_in_and_senders_of_the_call_that_it_leads_to(
    setup: Setup, heard: Heard
) -> None:
    setup.submit()
    assert heard() == {events.CHANNEL}
    setup.worker.step()
    assert calls.CHANNEL in heard()


def test_appliers_hear_of_a_settled_call(setup: Setup, heard: Heard) -> None:
    setup.submit()
    while not setup.scalar("SELECT count(*) FROM call WHERE status = 'done' AND report_seq IS NULL"):
        heard()
        assert setup.worker.step()
    assert setup.scalar("SELECT count(*) FROM event WHERE kind = 'call-settled'")
    assert events.CHANNEL in heard()


def test_nobody_hears_of_what_was_not_committed(store: Store, heard: Heard) -> None:
    with pytest.raises(errors.StoreConflict):
        promise(store, -1)
    assert heard() == set()
    promise(store)
    assert heard() == {MINE}


@pytest.mark.parametrize("before", range(5))  # the driver names a statement when it has been sent some times
def test_a_commit_that_fails_leaves_no_connection_behind_that_wakes_nobody(
    store: Store, heard: Heard, before: int
) -> None:
    for _ in range(before):
        promise(store)
    with pytest.raises(errors.StoreConflict):
        promise(store, -1)
    heard()
    promise(store)
    assert heard() == {MINE}
    assert kept(store) == before + 1


def test_a_wake_up_that_fails_is_no_error_of_what_is_committed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waking, "_WAKE", Statement("SELECT 1 / cardinality(CAST(:channels AS text[])[2:])"))
    promise(store)
    with store.at_once() as connection:
        waking.wake(connection, MINE)
        assert _LOOK.send(connection, {}).fetchall() == [(1,)]
    assert kept(store) == 1
