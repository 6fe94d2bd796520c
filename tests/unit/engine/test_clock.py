"""Clocks tell aware UTC moments; demo time is the base moved by an offset read each time."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import VIETNAM, DemoClock, FixedClock, SystemClock

START = datetime(2026, 1, 5, 8, 0, tzinfo=VIETNAM)


def test_the_system_clock_tells_aware_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_a_fixed_clock_tells_its_moment_in_utc() -> None:
    assert FixedClock(START).now() == datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


def test_a_clock_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        FixedClock(datetime(2026, 1, 5))  # noqa: DTZ001


def test_demo_time_follows_its_offset() -> None:
    offsets = [timedelta(0), timedelta(days=7)]
    clock = DemoClock(lambda: offsets[0], FixedClock(START))
    before = clock.now()
    offsets.pop(0)
    assert clock.now() - before == timedelta(days=7)


def test_a_fixed_clock_moves_when_told() -> None:
    clock = FixedClock(START)
    clock.advance(timedelta(hours=1))
    assert clock.now().astimezone(VIETNAM).hour == 9
    clock.set(START)
    assert clock.now() == START
