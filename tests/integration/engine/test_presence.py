"""Workers and schedulers tell that they are there, that they end, and are missed when they die."""

import gc
import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from engine.actions import presence
from engine.actions.presence import Heart, Presence
from engine.queries import firings
from engine.queries.firings import RunningProcess
from engine.settings import Settings
from engine.storage.database import Store
from engine.storage.presences import Process
from lienthong.assembly import System

PATIENCE_S = 20.0
OWN_THREADS = {"jobs", "listener", "sender", "settler", "heart"}


@pytest.fixture
def store(database: object) -> Iterator[Store]:
    opened = Store(database.url)  # type: ignore[attr-defined]
    yield opened
    opened.close()


def found(store: Store, role: str) -> list[RunningProcess]:
    with store.reading() as connection:
        return firings.running(connection, role)


def scalar(store: Store, sql: str) -> object:
    with store.reading() as connection:
        return connection.scalar(text(sql))


def wait_for(store: Store, role: str, count: int) -> list[RunningProcess]:
    until = time.monotonic() + PATIENCE_S
    while len(shown := found(store, role)) != count:
        assert time.monotonic() < until, shown
        threading.Event().wait(0.05)
    return shown


def test_a_worker_and_a_scheduler_are_there_while_they_run(store: Store, database: object) -> None:
    system = System(Settings(), database.url)  # type: ignore[attr-defined]
    worker, ticker = system.worker("w-1"), system.ticker()
    working = threading.Thread(target=worker.run)
    working.start()
    ticker.start()
    (one,), (two,) = wait_for(store, "worker", 1), wait_for(store, "scheduler", 1)
    assert one.name == "w-1"
    assert one.version
    assert one.alive
    assert not one.draining
    assert two.host == one.host
    ticker.stop()
    worker.stop()
    working.join(PATIENCE_S)
    assert found(store, "worker") == found(store, "scheduler") == []
    system.close()


@pytest.mark.parametrize(
    "until",
    [
        pytest.param("", id="at once"),
        pytest.param("SELECT count(*) FROM presence WHERE role = 'worker'", id="once it is there"),
        pytest.param("SELECT count(*) FROM procrastinate_workers", id="once its jobs run"),
    ],
)
def test_a_worker_that_was_stopped_leaves_no_thread_and_no_connection(
    store: Store, database: object, until: str
) -> None:
    """Its background jobs were left to themselves: in the middle of one, or, stopped at once, for ever."""
    before = set(threading.enumerate())
    system = System(Settings(), database.url)  # type: ignore[attr-defined]
    worker, ticker = system.worker("w-1"), system.ticker()
    working = threading.Thread(target=worker.run)
    working.start()
    ticker.start()
    while until and not scalar(store, until):
        assert working.is_alive()
    ticker.stop()
    worker.stop()
    working.join(PATIENCE_S)
    assert not {thread.name for thread in set(threading.enumerate()) - before if thread.name in OWN_THREADS}
    system.close()
    gc.collect()  # a connection that was left open is an error here and not in some later test


def test_a_heart_tells_that_its_process_takes_nothing_new(store: Store) -> None:
    process = Process(name="w", role="worker", host="h", pid=1, version="1")
    heart = Heart(Presence(store, process, every_s=0.0))
    heart.drain()
    heart.start()
    assert wait_for(store, "worker", 1)[0].draining
    heart.stop()
    assert found(store, "worker") == []


def test_contracts_that_cannot_be_read_now_end_no_heart(store: Store) -> None:
    process = Process(name="w", role="worker", host="h", pid=1, version="1")
    broken = [OSError("gone for a while")]

    def contracts() -> dict[str, str]:
        if broken:
            raise broken.pop()
        return {}

    presence_ = Presence(store, process, every_s=0.0, contracts=contracts)
    presence_.tell()
    assert found(store, "worker") == []
    presence_.tell()
    assert len(found(store, "worker")) == 1


def test_one_of_the_same_name_begins_anew_and_the_dead_are_forgotten(store: Store) -> None:
    first = Presence(store, Process(name="w", role="worker", host="h", pid=1, version="1"))
    again = Presence(store, Process(name="w", role="worker", host="h", pid=2, version="2"))
    first.tell()
    with store.transaction() as connection:
        connection.execute(text("UPDATE presence SET started_at = now() - interval '3 days'"))
    again.tell()
    first.leave()  # the older one's end does not hide the one that runs
    (one,) = found(store, "worker")
    assert (one.version, one.alive) == ("2", True)
    with store.transaction() as connection:
        assert connection.scalar(text("SELECT started_at > now() - interval '1 h' FROM presence"))
        connection.execute(text("UPDATE presence SET seen_at = now() - interval '2 days'"))
    assert presence.forget(store) == 1
