from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import VIETNAM
from engine.dossiers.calendar import OFFICE_HOURS, WorkingCalendar
from engine.dossiers.holidays import seed_days

MINUTE = timedelta(minutes=1)
SEEDED = WorkingCalendar(days={d.day: d.working for d in seed_days(2025, 2027)})


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


# -- the oracle: look at one minute after the other ------------------------------------------------


def is_worked(calendar: WorkingCalendar, minute: datetime) -> bool:
    here = minute.astimezone(VIETNAM)
    working = calendar.days.get(here.date(), here.weekday() < 5)
    return working and any(start <= here.time() < end for start, end in calendar.hours)


def counted_minutes(calendar: WorkingCalendar, start: datetime, end: datetime) -> int:
    passed, minute = 0, start
    while minute < end:
        passed += is_worked(calendar, minute)
        minute += MINUTE
    return passed


def walked(calendar: WorkingCalendar, start: datetime, minutes: int) -> datetime:
    minute = start
    while minutes:
        minutes -= is_worked(calendar, minute)
        minute += MINUTE
    return minute


hours = st.sampled_from(
    [OFFICE_HOURS, ((time(8), time(12)), (time(13), time(17))), ((time(0, 1), time(23, 59)),)],
)
days = st.dictionaries(st.dates(date(2026, 1, 25), date(2026, 3, 10)), st.booleans(), max_size=25)
calendars = st.builds(lambda h, d: WorkingCalendar(hours=h, days=d), hours, days)
minutes = st.integers(0, 28 * 24 * 60).map(
    lambda passed: datetime(2026, 2, 1, tzinfo=VIETNAM) + timedelta(minutes=passed),
)


@given(calendars, minutes, st.integers(0, 6 * 24 * 60))
@settings(max_examples=200, deadline=None)
def test_minutes_between_equal_those_counted_one_by_one(
    calendar: WorkingCalendar,
    start: datetime,
    length: int,
) -> None:
    end = start + timedelta(minutes=length)
    counted = counted_minutes(calendar, start, end)
    assert calendar.working_minutes_between(start, end) == counted
    assert calendar.working_minutes_between(end, start) == -counted


@given(calendars, minutes, st.integers(1, 1200))
@settings(max_examples=200, deadline=None)
def test_adding_minutes_arrives_where_one_arrives_on_foot(
    calendar: WorkingCalendar,
    start: datetime,
    length: int,
) -> None:
    assert calendar.add_working_minutes(start, length) == walked(calendar, start, length)


@given(calendars, minutes)
@settings(max_examples=200, deadline=None)
def test_the_next_working_instant_is_the_first_worked_minute(
    calendar: WorkingCalendar, start: datetime
) -> None:
    minute = start
    while not is_worked(calendar, minute):
        minute += MINUTE
    assert calendar.next_working_instant(start) == minute


@given(calendars, minutes, st.integers(0, 20))
@settings(max_examples=100, deadline=None)
def test_adding_days_equals_counting_working_days_on_the_fingers(
    calendar: WorkingCalendar,
    start: datetime,
    amount: int,
) -> None:
    day, left = start.date(), amount
    while left or not calendar.is_working_day(day):
        day += timedelta(days=1)
        left -= calendar.is_working_day(day) and left > 0
    due = calendar.add_working_days(start, amount)
    assert due == datetime.combine(day, calendar.hours[-1][1], VIETNAM)
    if calendar.is_working_day(start.date()):
        assert calendar.working_days_between(start, due) == amount


@given(calendars, minutes, st.integers(0, 10**10), st.integers(0, 10**10))
def test_working_time_is_additive_down_to_the_microsecond(
    calendar: WorkingCalendar,
    start: datetime,
    first_us: int,
    second_us: int,
) -> None:
    first, second = timedelta(microseconds=first_us), timedelta(microseconds=second_us)
    once = calendar.add_working_time(start, first + second)
    assert calendar.working_time_between(start, once) == first + second
    between = calendar.add_working_time(start, first)
    assert calendar.working_time_between(start, between) + calendar.working_time_between(between, once) == (
        first + second
    )


@given(calendars)
def test_a_calendar_survives_its_json(calendar: WorkingCalendar) -> None:
    assert WorkingCalendar.from_json(calendar.to_json()) == calendar


# -- single cases --------------------------------------------------------------------------------------


def test_days_over_tet_skip_the_holidays() -> None:
    assert SEEDED.add_working_days(local("2026-02-12T09:00"), 3) == local("2026-02-24T17:00")


def test_the_decreed_swap_that_the_library_misses_is_seeded() -> None:
    assert not SEEDED.is_working_day(date(2026, 1, 2))
    assert SEEDED.is_working_day(date(2026, 1, 10))


def test_a_swap_that_the_library_knows_is_seeded_once() -> None:
    assert SEEDED.is_working_day(date(2026, 8, 22))
    assert not SEEDED.is_working_day(date(2026, 8, 31))
    listed = [d.day for d in seed_days(2026, 2026)]
    assert listed == sorted(set(listed))
    assert all(d.day.year == 2026 and d.name and d.source for d in seed_days(2026, 2026))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-02T12:00", "2026-03-02T13:30"),
        ("2026-03-02T17:00", "2026-03-03T07:00"),
        ("2026-03-06T18:00", "2026-03-09T07:00"),
        ("2026-03-02T06:59", "2026-03-02T07:00"),
        ("2026-03-02T09:15", "2026-03-02T09:15"),
    ],
)
def test_work_goes_on_after_lunch_and_in_the_morning(moment: str, expected: str) -> None:
    assert SEEDED.next_working_instant(local(moment)) == local(expected)


def test_hours_may_have_a_fraction_and_a_full_day_ends_the_same_evening() -> None:
    assert SEEDED.add_working_hours(local("2026-03-02T07:00"), Decimal("8")) == local("2026-03-02T17:00")
    assert SEEDED.add_working_hours(local("2026-03-02T11:00"), Decimal("1.5")) == local("2026-03-02T14:30")


def test_answers_are_in_utc() -> None:
    assert SEEDED.add_working_days(local("2026-03-02T07:00"), 1).tzinfo is UTC
    assert SEEDED.end_of_working_day(date(2026, 3, 7)) == local("2026-03-09T17:00")


def test_minutes_are_whole_and_seconds_are_not_lost_in_sums() -> None:
    start = local("2026-03-02T09:00:30")
    assert SEEDED.working_minutes_between(start, local("2026-03-02T09:02:00")) == 1
    assert SEEDED.working_time_between(start, local("2026-03-02T09:02:00")) == timedelta(seconds=90)


def test_time_is_not_taken_back() -> None:
    with pytest.raises(ValueError, match="back"):
        SEEDED.add_working_minutes(local("2026-03-02T09:00"), -1)


@pytest.mark.parametrize("hours", [(), ((time(9), time(8)),), ((time(7), time(12)), (time(11), time(17)))])
def test_impossible_hours_are_refused(hours: tuple[tuple[time, time], ...]) -> None:
    with pytest.raises(ValueError, match="hours"):
        WorkingCalendar(hours=hours)


@pytest.mark.parametrize("stored", [{}, {"hours": "07:00"}, {"hours": [], "days": []}])
def test_a_stored_calendar_of_another_shape_is_refused(stored: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="calendar"):
        WorkingCalendar.from_json(stored)
