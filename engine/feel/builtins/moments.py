"""Built-ins that make dates and times, and ask a date where in the year it lies. The clock is the evaluation's own."""

from decimal import Decimal

from engine.feel import temporals
from engine.feel.comparison import equal
from engine.feel.registry import builtin
from engine.feel.runtime import Misuse, Run
from engine.feel.temporals import SECOND, Date, DateTime, DaysTime, Time, is_date
from engine.feel.texts import NUMBERS, read_date, read_date_time, read_time
from engine.feel.values import Range, kind_of, norm

_MONTHS = ("January", "February", "March", "April", "May", "June", "July")
MONTHS = (*_MONTHS, "August", "September", "October", "November", "December")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _read(text: str, value: object, what: str) -> object:
    if value is None:
        raise Misuse(f"`{text[:40]}` is no {what}")
    return value


@builtin("date", "from: string", cost=4)
def date_from_text(text: str) -> object:
    """The date that a string writes as `YYYY-MM-DD`."""
    return _read(text, read_date(text), "date")


@builtin("date", "from: date", cost=4)
def date_part(moment: Date | DateTime) -> Date:
    """The date of a date and time."""
    return moment.date if isinstance(moment, DateTime) else moment


@builtin("date", "year: number", "month: number", "day: number", cost=4)
def date_from_parts(year: Decimal, month: Decimal, day: Decimal) -> Date:
    """The date of these numbers."""
    parts = [_integer(part) for part in (year, month, day)]
    if not is_date(*parts):
        raise Misuse(f"there is no date {year}-{month}-{day}")
    return Date(*parts)


def _integer(number: Decimal) -> int:
    return int(number) if abs(number) < 10**10 else 10**10


@builtin("date and time", "from: string", cost=6)
def date_time_from_text(text: str) -> object:
    """The date and time that a string writes; a date alone is its midnight."""
    return _read(text, read_date_time(text), "date and time")


@builtin("date and time", "from: date", cost=6)
def date_time_itself(moment: Date | DateTime) -> DateTime:
    """A date and time as it is; a date is its midnight."""
    return moment if isinstance(moment, DateTime) else DateTime(moment, 0, 0)


@builtin("date and time", "date: date", "time: time", cost=6)
def date_time_from_parts(day: Date | DateTime, time: Time) -> DateTime:
    """A date with a time of day."""
    return DateTime(date_part(day), time.nanos, time.zone)


@builtin("date and time", "date: date", "timezone: string", cost=6)
def date_time_in_zone(moment: Date | DateTime, zone: str) -> DateTime:
    """The same instant in another zone."""
    value = date_time_itself(moment)
    wanted = read_time("00:00:00" + (zone if zone[:1] in "Z+-" else "@" + zone))
    if wanted is None or value.zone is None:
        raise Misuse(f"cannot move {kind_of(moment)} to the zone `{zone[:40]}`")
    return temporals.at_instant(temporals.instant(value), wanted.zone)


@builtin(
    "date and time",
    *(f"{part}: number" for part in ("year", "month", "day", "hour", "minute", "second")),
    cost=6,
)
def date_time_from_numbers(*numbers: Decimal) -> DateTime:
    """A local date and time from its numbers."""
    year, month, day, hour, minute, second = numbers
    return DateTime(date_from_parts(year, month, day), time_from_parts(hour, minute, second).nanos)


@builtin("time", "from: string", cost=4)
def time_from_text(text: str) -> object:
    """The time that a string writes."""
    return _read(text, read_time(text), "time")


@builtin("time", "from: moment", cost=4)
def time_part(moment: Date | DateTime | Time) -> Time:
    """The time of a date and time; a date begins at midnight UTC."""
    if isinstance(moment, Time):
        return moment
    return Time(moment.nanos, moment.zone) if isinstance(moment, DateTime) else Time(0, 0)


@builtin(
    "time", "hour: number", "minute: number", "second: number", "offset?: days and time duration~", cost=4
)
def time_from_parts(hour: Decimal, minute: Decimal, second: Decimal, offset: DaysTime | None = None) -> Time:
    """The time of these numbers, at an offset from UTC if given."""
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        raise Misuse(f"there is no time {hour}:{minute}:{second}")
    nanos = (int(hour) * 3600 + int(minute) * 60) * SECOND + int(NUMBERS.multiply(second, Decimal(SECOND)))
    if offset is None:
        return Time(nanos)
    seconds = abs(offset.nanos) // SECOND
    if seconds > 18 * 3600:
        raise Misuse("an offset is at most 18 hours")
    return Time(nanos, seconds if offset.nanos >= 0 else -seconds)


@builtin("now", run=True)
def now(run: Run) -> DateTime:
    """The moment of the evaluation's clock."""
    return temporals.from_datetime(run.moment())


@builtin("today", run=True)
def today(run: Run) -> Date:
    """The day of the evaluation's clock."""
    return now(run).date


@builtin("day of year", "date: date", cost=3)
def day_of_year(moment: Date | DateTime) -> Decimal:
    """1 for the first of January."""
    day = date_part(moment)
    return Decimal(day.number - temporals.day_number(day.year, 1, 1) + 1)


@builtin("day of week", "date: date", cost=3)
def day_of_week(moment: Date | DateTime) -> str:
    """The English name of the day."""
    return DAYS[date_part(moment).weekday - 1]


@builtin("month of year", "date: date", cost=2)
def month_of_year(moment: Date | DateTime) -> str:
    """The English name of the month."""
    return MONTHS[date_part(moment).month - 1]


@builtin("week of year", "date: date", cost=5)
def week_of_year(moment: Date | DateTime) -> Decimal:
    """The number of the ISO week."""
    day = date_part(moment)
    thursday = temporals.date_of(day.number - day.weekday + 4)
    return Decimal((thursday.number - temporals.day_number(thursday.year, 1, 1)) // 7 + 1)


@builtin("last day of month", "date: date", cost=3)
def last_day_of_month(moment: Date | DateTime) -> Date:
    """The last day of the date's month (Camunda's addition)."""
    day = date_part(moment)
    return Date(day.year, day.month, temporals.days_in_month(day.year, day.month))


@builtin("is", "value1?: any", "value2?: any", run=True)
def is_same(run: Run, a: object = None, b: object = None) -> bool:
    """Whether two values are the same in every respect, zones and kinds of duration too."""
    run.weigh(a)
    run.weigh(b)
    return _identical(a, b)


def _identical(a: object, b: object) -> bool:
    a, b = norm(a), norm(b)
    if type(a) is not type(b):
        return False
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_identical, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_identical(value, b[key]) for key, value in a.items())
    if isinstance(a, Range) and isinstance(b, Range):
        return equal(a, b) is True and _identical(a.low, b.low) and _identical(a.high, b.high)
    return a == b if isinstance(a, Time | DateTime) else equal(a, b) is True
