"""The timetable's rows fire once, however many tickers look, and a broken row harms nobody."""

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Protocol

import pytest
from sqlalchemy import Connection, text

from engine.actions.tick import defer_due
from engine.errors import StoreError
from engine.exchange.ports import Json
from engine.storage import schedules
from engine.storage.database import Store
from engine.storage.schedules import Planned
from schedules import timetable
from schedules.ticker import Ticker


class HasUrl(Protocol):
    url: str


@pytest.fixture
def store(database: HasUrl) -> Iterator[Store]:
    store = Store(database.url)
    yield store
    store.close()


def deferred(store: Store) -> list[str]:
    with store.reading() as connection:
        return list(connection.scalars(text("SELECT what FROM audit ORDER BY id")))


def defer(connection: Connection, job: str, arguments: object) -> None:
    """Stands for Procrastinate: a row that is there only when the transaction commits."""
    connection.execute(text("INSERT INTO audit (who, what) VALUES ('test', :job)"), {"job": job})


def plan(store: Store, *rows: Planned) -> None:
    with store.transaction() as connection:
        schedules.ensure(connection, rows)


def test_a_due_row_defers_its_job_and_is_planned_anew(store: Store) -> None:
    plan(store, Planned(name="sweep", job="sweep-timers", trigger="every 1 h"))
    assert defer_due(store, next_fire=timetable.next_fire, defer=defer) == ("sweep",)
    assert defer_due(store, next_fire=timetable.next_fire, defer=defer) == ()
    assert deferred(store) == ["sweep-timers"]


def test_many_tickers_at_once_defer_each_row_once(store: Store) -> None:
    plan(store, *(Planned(name=f"row {i}", job=f"job {i}", trigger="every 1 h") for i in range(40)))
    start = threading.Barrier(4)

    def tick() -> None:
        start.wait()
        for _ in range(3):
            defer_due(store, next_fire=timetable.next_fire, defer=defer)

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(deferred(store)) == {f"job {i}": 1 for i in range(40)}


def test_a_failed_deferral_leaves_the_row_due(store: Store) -> None:
    plan(store, Planned(name="sweep", job="sweep-timers", trigger="every 1 h"))

    def fail(connection: Connection, job: str, arguments: dict[str, Json]) -> None:
        raise StoreError(reason="planned")

    with pytest.raises(StoreError):
        defer_due(store, next_fire=timetable.next_fire, defer=fail)
    assert defer_due(store, next_fire=timetable.next_fire, defer=defer) == ("sweep",)


def test_a_row_with_a_broken_trigger_becomes_an_incident_and_the_others_go_on(store: Store) -> None:
    plan(
        store,
        Planned(name="bad", job="x", trigger="soon"),
        Planned(name="good", job="y", trigger="every 1 h"),
    )
    assert defer_due(store, next_fire=timetable.next_fire, defer=defer) == ("good",)
    with store.reading() as connection:
        assert connection.scalar(text("SELECT enabled FROM schedule WHERE name = 'bad'")) is False
        assert connection.scalar(text("SELECT cause FROM incident")) == "schedule-invalid"


def test_ensuring_again_keeps_the_plan_and_a_changed_trigger_is_due_at_once(store: Store) -> None:
    row = Planned(name="sweep", job="sweep-timers", trigger="every 1 h")
    plan(store, row)
    defer_due(store, next_fire=timetable.next_fire, defer=defer)
    plan(store, row)
    assert defer_due(store, next_fire=timetable.next_fire, defer=defer) == ()
    plan(store, Planned(name="sweep", job="sweep-timers", trigger="every 2 h"))
    assert defer_due(store, next_fire=timetable.next_fire, defer=defer) == ("sweep",)


def test_the_ticker_goes_on_after_a_failed_tick_and_stops_when_told() -> None:
    ticks: list[int] = []
    enough = threading.Event()

    def tick() -> None:
        ticks.append(1)
        if len(ticks) >= 3:
            enough.set()
        raise StoreError(reason="planned")

    ticker = Ticker(tick, 0.05)
    ticker.start()
    assert enough.wait(10)
    ticker.stop()
    count = len(ticks)
    assert not threading.Event().wait(0.2)
    assert len(ticks) == count
