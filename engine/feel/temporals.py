"""The temporal values of FEEL: dates, times, dates with times and both kinds of duration, as plain integers.

Python's datetime does not suffice (years up to ±999,999,999, zone ids kept apart from offsets, offsets with seconds).
Reading and writing their text is in `texts`; arithmetic between them is in `temporal_math`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo, available_timezones

Zone: TypeAlias = int | str | None
"""An offset from UTC in seconds, the id of a zone, or None for a local time."""

MAX_YEAR = 999_999_999
SECOND = 1_000_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_leap(year: int) -> bool:
    """Whether the year has a 29 February in the proleptic Gregorian calendar."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_month(year: int, month: int) -> int:
    """The number of days of that month."""
    return 29 if month == 2 and is_leap(year) else _MONTH_DAYS[month - 1]


def day_number(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01, negative before it; any year."""
    year -= month <= 2
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468


@dataclass(frozen=True, slots=True)
class Date:
    """A day of the calendar."""

    year: int
    month: int
    day: int

    @property
    def number(self) -> int:
        """Days since 1970-01-01."""
        return day_number(self.year, self.month, self.day)

    @property
    def weekday(self) -> int:
        """1 for Monday to 7 for Sunday."""
        return (self.number + 3) % 7 + 1


def date_of(number: int) -> Date:
    """The date that is *number* days after 1970-01-01."""
    era, day_of_era = divmod(number + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return Date(era * 400 + year_of_era + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1)


def is_date(year: int, month: int, day: int) -> bool:
    """Whether these three numbers name a day that FEEL can hold."""
    return -MAX_YEAR <= year <= MAX_YEAR and 1 <= month <= 12 and 1 <= day <= days_in_month(year, month)


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day: nanoseconds since midnight, and the zone it is read in."""

    nanos: int
    zone: Zone = None


@dataclass(frozen=True, slots=True)
class DateTime:
    """A day and a time on it."""

    date: Date
    nanos: int
    zone: Zone = None


@dataclass(frozen=True, slots=True)
class YearsMonths:
    """A duration of whole months."""

    months: int


@dataclass(frozen=True, slots=True)
class DaysTime:
    """A duration of nanoseconds."""

    nanos: int


@lru_cache(maxsize=1)
def _zone_ids() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=256)
def _zone_info(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def is_zone_id(name: str) -> bool:
    """Whether the time-zone database knows this id."""
    return name in _zone_ids()


def offset_seconds(zone: Zone, date: Date, nanos: int) -> int | None:
    """The offset from UTC that holds in *zone* at this local time; None for a local time.

    Years that Python's zone rules cannot hold take the rules of the same day in the years 2000 to 2399.
    """
    if zone is None or isinstance(zone, int):
        return zone
    year = date.year if 2 <= date.year <= 9990 else 2000 + date.year % 400
    seconds, rest = divmod(nanos, SECOND)
    clock = seconds // 3600, seconds // 60 % 60, seconds % 60, rest // 1000
    offset = datetime(year, date.month, date.day, *clock, tzinfo=_zone_info(zone)).utcoffset()
    return None if offset is None else int(offset.total_seconds())


def time_offset_seconds(time: Time) -> int | None:
    """The offset of a time of day; for a zone id the one of 1 January 1970, so that it never changes."""
    return offset_seconds(time.zone, Date(1970, 1, 1), time.nanos)


def instant(value: DateTime) -> int:
    """Nanoseconds since 1970-01-01T00:00Z; a local time counts as if it were UTC."""
    offset = offset_seconds(value.zone, value.date, value.nanos) or 0
    return value.date.number * DAY + value.nanos - offset * SECOND


def at_instant(nanos: int, zone: Zone) -> DateTime:
    """The date and time in *zone* at so many nanoseconds since 1970-01-01T00:00Z; a local time counts as UTC.

    An hour that a zone has twice is meant the first time where only the zone's id is given; the second is told by its offset.
    """
    if isinstance(zone, str):
        number, rest = divmod(nanos, DAY)
        day, seconds = date_of(number), rest // SECOND
        year = day.year if 2 <= day.year <= 9990 else 2000 + day.year % 400
        clock = seconds // 3600, seconds // 60 % 60, seconds % 60
        moment = datetime(year, day.month, day.day, *clock, tzinfo=UTC).astimezone(_zone_info(zone))
        offset = moment.utcoffset()
        seconds_off = 0 if offset is None else int(offset.total_seconds())
        nanos += seconds_off * SECOND
        zone = seconds_off if moment.fold else zone
    else:
        nanos += (zone or 0) * SECOND
    number, rest = divmod(nanos, DAY)
    return DateTime(date_of(number), rest, zone)


def time_instant(value: Time) -> int:
    """Nanoseconds of day in UTC, possibly outside one day; a local time counts as if it were UTC."""
    return value.nanos - (time_offset_seconds(value) or 0) * SECOND


def from_datetime(moment: datetime) -> DateTime:
    """The FEEL value of a Python datetime, aware (offset kept) or naive (local)."""
    offset = moment.utcoffset()
    nanos = (moment.hour * 3600 + moment.minute * 60 + moment.second) * SECOND + moment.microsecond * 1000
    zone = None if offset is None else int(offset.total_seconds())
    return DateTime(Date(moment.year, moment.month, moment.day), nanos, zone)


def to_datetime(value: DateTime, default_offset_s: int = 0) -> datetime | None:
    """The Python datetime in UTC, a local time read at *default_offset_s*; None where Python has no such year."""
    shift = default_offset_s * SECOND if value.zone is None else 0
    micros = (instant(value) - shift) // 1000
    if not -62_135_596_800_000_000 <= micros <= 253_402_300_799_999_999:
        return None
    day, rest = divmod(micros, 86_400_000_000)
    date = date_of(day)
    seconds, micro = divmod(rest, 1_000_000)
    return datetime(
        date.year, date.month, date.day, seconds // 3600, seconds // 60 % 60, seconds % 60, micro, tzinfo=UTC
    )
