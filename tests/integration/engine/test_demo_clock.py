"""Demo time begins on a Monday, goes forward only, and no day is lived through twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from engine.actions import demo_clock
from engine.clock import VIETNAM, DemoClock
from engine.storage import installation
from engine.storage.database import Store

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=VIETNAM)
SOON = timedelta(seconds=30)


class HasUrl(Protocol):
    url: str


@pytest.fixture
def store(database: HasUrl) -> Iterator[Store]:
    store = Store(database.url)
    yield store
    store.close()


def now(store: Store) -> datetime:
    return DemoClock(installation.DemoOffset(store, fresh_s=0.0)).now()


def test_the_first_run_begins_on_the_fixed_monday(store: Store) -> None:
    assert not demo_clock.is_in_use(store)
    assert demo_clock.begin_at(store, MONDAY) == MONDAY
    assert timedelta(0) <= now(store) - MONDAY < SOON


@pytest.mark.parametrize("passed", [timedelta(minutes=1), timedelta(days=4, hours=20), timedelta(days=6)])
def test_a_further_run_begins_on_the_next_monday(store: Store, passed: timedelta) -> None:
    demo_clock.begin_at(store, MONDAY)
    demo_clock.move_to(store, MONDAY + passed)
    assert demo_clock.begin_at(store, MONDAY) == MONDAY + timedelta(days=7)


def test_time_does_not_go_back(store: Store) -> None:
    demo_clock.begin_at(store, MONDAY)
    assert demo_clock.move_to(store, MONDAY - timedelta(days=1)) >= MONDAY
    assert now(store) >= MONDAY


def test_without_an_offset_it_is_the_machine_s_time_that_moves(store: Store) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert demo_clock.move_to(store, tomorrow) == tomorrow
    assert timedelta(0) <= now(store) - tomorrow < SOON
