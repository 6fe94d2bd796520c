"""The working calendar of a unit and legal arithmetic over it.

A calendar is an immutable value: hours per day and the days that differ from the Monday-to-Friday week. It is asked
in aware datetimes and answers in aware UTC; whole days are those of Asia/Ho_Chi_Minh. Deadlines and pauses are the
ledger's business, holidays' origin is in `engine.dossiers.holidays`.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Self

from engine.clock import VIETNAM
from engine.exchange.ports import Json

Period = tuple[time, time]

# Practice in one-stop centres (rules §6.3); a unit may have its own.
OFFICE_HOURS: tuple[Period, ...] = ((time(7), time(11, 30)), (time(13, 30), time(17)))

_US = timedelta(microseconds=1)
_US_PER_MINUTE = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingCalendar:
    """Hours and days on which a unit works.

    *days* names only exceptions: False for a day off, True for a worked Saturday or Sunday. Every answer takes some
    microseconds, whatever the distance: days are counted by formula, exceptions by bisection.
    """

    hours: tuple[Period, ...] = OFFICE_HOURS
    days: Mapping[date, bool] = field(default_factory=dict)
    _exceptions: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _shifts: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _periods_us: tuple[tuple[int, int, int], ...] = field(init=False, repr=False, compare=False)
    _day_us: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        periods, day_us = _measured(self.hours)
        changed = sorted(day for day, working in self.days.items() if working != (day.weekday() < 5))
        shifts = accumulate((1 if self.days[day] else -1 for day in changed), initial=0)
        object.__setattr__(self, "_exceptions", tuple(day.toordinal() for day in changed))
        object.__setattr__(self, "_shifts", tuple(shifts))
        object.__setattr__(self, "_periods_us", periods)
        object.__setattr__(self, "_day_us", day_us)

    @property
    def day_length(self) -> timedelta:
        """How much is worked on a working day."""
        return timedelta(microseconds=self._day_us)

    # -- days ---------------------------------------------------------------------------------------

    def is_working_day(self, day: date) -> bool:
        """Whether the unit works on *day*."""
        ordinal = day.toordinal()
        return self._count(ordinal) > self._count(ordinal - 1)

    def working_days_between(self, start: datetime, end: datetime) -> int:
        """How many working days lie after the day of *start* up to and with the day of *end*; negative if reversed."""
        return self._count(_local(end).toordinal()) - self._count(_local(start).toordinal())

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """The end of the *days*-th working day after the day of *start*, as law counts: that day is day 0.

        With 0 days the end of that day itself, or of the next working day when it is none.
        """
        today = _local(start).toordinal()
        wanted = self._count(today) + days
        if days == 0 and not self.is_working_day(date.fromordinal(today)):
            wanted += 1
        return self._close_of(self._day_of(wanted))

    def next_working_day(self, day: date) -> date:
        """*day* itself when it is worked, else the first worked one after it."""
        return date.fromordinal(self._day_of(self._count(day.toordinal() - 1) + 1))

    def end_of_working_day(self, day: date) -> datetime:
        """When work ends on *day*, or on the next working day when *day* is none."""
        return self._close_of(self.next_working_day(day).toordinal())

    # -- hours and minutes ------------------------------------------------------------------------------

    def next_working_instant(self, moment: datetime) -> datetime:
        """*moment* when work is going on, else when it goes on again, be it after lunch or the holidays."""
        return self._at(self._position(moment) + 1) - _US

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Exactly how much working time lies between two moments; negative if reversed."""
        return timedelta(microseconds=self._position(end) - self._position(start))

    def working_minutes_between(self, start: datetime, end: datetime) -> int:
        """Whole working minutes between two moments, rounded towards *start*."""
        passed = self._position(end) - self._position(start)
        return passed // _US_PER_MINUTE if passed >= 0 else -(-passed // _US_PER_MINUTE)

    def add_working_time(self, start: datetime, by: timedelta) -> datetime:
        """The first moment at which *by* of working time has passed since *start*.

        So a full day from the morning ends in the evening of the same day; without any time it is
        `next_working_instant`.

        Raises:
            ValueError: *by* is negative.
        """
        if by < timedelta(0):
            raise ValueError("working time cannot be taken back")
        return self._at(self._position(start) + by // _US) if by else self.next_working_instant(start)

    def add_working_minutes(self, start: datetime, minutes: int) -> datetime:
        """`add_working_time` in minutes."""
        return self.add_working_time(start, timedelta(minutes=minutes))

    def add_working_hours(self, start: datetime, hours: Decimal) -> datetime:
        """`add_working_time` in hours, which may have a fraction; a working day has eight by default."""
        return self.add_working_time(start, timedelta(microseconds=int(hours * 60 * _US_PER_MINUTE)))

    # -- JSON -------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Json]:
        """As stored: ``{"hours": [["07:00", "11:30"], …], "days": {"2026-01-02": false}}``."""
        hours: list[Json] = [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in self.hours]
        days: dict[str, Json] = {day.isoformat(): working for day, working in sorted(self.days.items())}
        return {"hours": hours, "days": days}

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> Self:
        """The calendar that `to_json` wrote.

        Raises:
            ValueError: *stored* is not of that shape.
        """
        hours, days = stored.get("hours"), stored.get("days", {})
        if not isinstance(hours, list) or not isinstance(days, Mapping):
            raise ValueError("a calendar has hours and days")  # noqa: TRY004  # what is wrong is data
        periods = [(time.fromisoformat(start), time.fromisoformat(end)) for start, end in hours]
        return cls(
            hours=tuple(periods),
            days={date.fromisoformat(day): bool(working) for day, working in days.items()},
        )

    # -- positions: working days and working microseconds since the year 1 -------------------------------------

    def _count(self, ordinal: int) -> int:
        """How many working days there are up to and with day *ordinal*; day 1 was a Monday."""
        weeks, rest = divmod(ordinal, 7)
        return weeks * 5 + min(rest, 5) + self._shifts[bisect_right(self._exceptions, ordinal)]

    def _day_of(self, count: int) -> int:
        """The ordinal of the *count*-th working day."""
        weeks, rest = divmod(count - 1, 5)
        ordinal = weeks * 7 + rest + 1
        while (missing := count - self._count(ordinal)) > 0:
            ordinal += missing
        while self._count(ordinal - 1) >= count:
            ordinal -= max(1, self._count(ordinal - 1) - count)
        return ordinal

    def _close_of(self, ordinal: int) -> datetime:
        return datetime.combine(date.fromordinal(ordinal), self.hours[-1][1], VIETNAM).astimezone(UTC)

    def _position(self, moment: datetime) -> int:
        local = moment.astimezone(VIETNAM)
        ordinal = local.toordinal()
        before = self._count(ordinal - 1)
        if self._count(ordinal) == before:
            return before * self._day_us
        of_day = (
            (local.hour * 60 + local.minute) * _US_PER_MINUTE + local.second * 1_000_000 + local.microsecond
        )
        within = sum(min(max(of_day - start, 0), length) for start, length, _ in self._periods_us)
        return before * self._day_us + within

    def _at(self, position: int) -> datetime:
        """The first moment of working position *position* (> 0): work's end rather than its next beginning."""
        count, within = divmod(position - 1, self._day_us)
        midnight = datetime.combine(date.fromordinal(self._day_of(count + 1)), time(), VIETNAM)
        for start, length, worked_before in self._periods_us:
            if within < worked_before + length:
                passed = start + within + 1 - worked_before
                return (midnight + timedelta(microseconds=passed)).astimezone(UTC)
        raise AssertionError("a position lies within its day")


def _local(moment: datetime) -> date:
    return moment.astimezone(VIETNAM).date()


def _measured(hours: Sequence[Period]) -> tuple[tuple[tuple[int, int, int], ...], int]:
    """Each period as (start, length, worked before it) and the whole day, in microseconds.

    Raises:
        ValueError: no hours, or periods that overlap or run backwards.
    """
    measured, worked, last = [], 0, -1
    for start, end in hours:
        start_us, end_us = _of_day(start), _of_day(end)
        if not last < start_us < end_us:
            raise ValueError("working hours are periods in order that do not overlap")
        measured.append((start_us, end_us - start_us, worked))
        worked, last = worked + end_us - start_us, end_us
    if not measured:
        raise ValueError("a working day has hours")
    return tuple(measured), worked


def _of_day(moment: time) -> int:
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1_000_000
