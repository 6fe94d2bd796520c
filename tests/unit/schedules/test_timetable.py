"""Triggers fire at the moments that their text says, and missed moments fire once."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import VIETNAM
from engine.errors import ScheduleInvalid
from schedules import timetable

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=VIETNAM)  # a Friday


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("every 10 s", 10), ("every 0.25 s", 0.25), ("every 2 min", 120), ("every 1 h", 3600)],
)
def test_intervals_keep_their_beat(text: str, seconds: float) -> None:
    now = NOON + timedelta(seconds=seconds / 3)
    assert timetable.next_fire(text, NOON, now) == NOON + timedelta(seconds=seconds)


def test_the_next_moment_is_later_than_now_even_on_the_beat() -> None:
    assert timetable.next_fire("every 10 s", NOON, NOON) == NOON + timedelta(seconds=10)


def test_missed_moments_are_passed_over() -> None:
    late = NOON + timedelta(seconds=95)
    assert timetable.next_fire("every 10 s", NOON, late) == NOON + timedelta(seconds=100)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("30 1 * * *", datetime(2026, 11, 21, 1, 30, tzinfo=VIETNAM)),
        ("0 8 * * 1-5", datetime(2026, 11, 23, 8, 0, tzinfo=VIETNAM)),
        ("0 8 * * 0", datetime(2026, 11, 22, 8, 0, tzinfo=VIETNAM)),
        ("0 8 * * sat", datetime(2026, 11, 21, 8, 0, tzinfo=VIETNAM)),
        ("*/15 * * * *", datetime(2026, 11, 20, 12, 15, tzinfo=VIETNAM)),
    ],
)
def test_cron_lines_mean_vietnamese_time_and_count_days_as_cron_does(line: str, expected: datetime) -> None:
    assert timetable.next_fire(line, NOON.astimezone(UTC), NOON.astimezone(UTC)) == expected


@pytest.mark.parametrize(
    "text",
    ["", "soon", "every s", "every 0 s", "every -1 s", "* * *", "61 * * * *", "0 8 * * 9", "0 8 * * fri-mon"],
)
def test_what_is_no_trigger_is_refused(text: str) -> None:
    with pytest.raises(ScheduleInvalid):
        timetable.check_trigger(text)


def test_the_field_of_a_cron_line_that_cannot_be_read_is_named() -> None:
    for line, told in (
        ("0 8 * * 9", "field 5 of the cron line, 9,"),
        ("1 2 x * *", "field 3 of the cron line, x,"),
    ):
        with pytest.raises(ScheduleInvalid, match=told):
            timetable.check_trigger(line)


def test_a_trigger_that_never_fires_again_is_refused() -> None:
    with pytest.raises(ScheduleInvalid, match="never"):
        timetable.next_fire("0 0 30 2 *", NOON, NOON)
