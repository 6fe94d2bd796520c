"""Arithmetic on dates, times and durations, in integers; None where the result is outside what FEEL can hold.

The values are in `temporals`, the operators that call this are in `arithmetic`.
"""

from decimal import ROUND_HALF_EVEN, Decimal

from engine.feel import temporals
from engine.feel.temporals import DAY, MAX_YEAR, Date, DateTime, DaysTime, Time, YearsMonths, date_of
from engine.feel.texts import NUMBERS

MAX_NANOS = 2 * (MAX_YEAR + 1) * 366 * DAY
_LAST = temporals.day_number(MAX_YEAR, 12, 31)
_FIRST = temporals.day_number(-MAX_YEAR, 1, 1)


def plus(a: object, b: object) -> object:
    """`a + b` where at least one is temporal; None where that has no meaning."""
    if isinstance(a, Date | DateTime | Time):
        return shift(a, b, 1)
    if isinstance(b, Date | DateTime | Time):
        return shift(b, a, 1)
    if isinstance(a, DaysTime) and isinstance(b, DaysTime):
        return days_time(a.nanos + b.nanos)
    if isinstance(a, YearsMonths) and isinstance(b, YearsMonths):
        return years_months(a.months + b.months)
    return None


def minus(a: object, b: object) -> object:
    """`a - b` where at least one is temporal; None where that has no meaning."""
    if isinstance(b, DaysTime | YearsMonths):
        if isinstance(a, DaysTime) and isinstance(b, DaysTime):
            return days_time(a.nanos - b.nanos)
        if isinstance(a, YearsMonths) and isinstance(b, YearsMonths):
            return years_months(a.months - b.months)
        return shift(a, b, -1)
    return distance(a, b)


def distance(a: object, b: object) -> DaysTime | None:
    """The days and time from *b* to *a*; a date beside a date and time is its midnight in UTC."""
    if isinstance(a, Time) and isinstance(b, Time):
        return None if (a.zone is None) != (b.zone is None) else _time_distance(a, b)
    if isinstance(a, Date) and isinstance(b, Date):
        return DaysTime((a.number - b.number) * DAY)
    if isinstance(a, Date) and isinstance(b, DateTime):
        a = DateTime(a, 0, 0)
    elif isinstance(b, Date) and isinstance(a, DateTime):
        b = DateTime(b, 0, 0)
    if isinstance(a, DateTime) and isinstance(b, DateTime) and (a.zone is None) == (b.zone is None):
        return DaysTime(temporals.instant(a) - temporals.instant(b))
    return None


def _time_distance(a: Time, b: Time) -> DaysTime:
    return DaysTime(temporals.time_instant(a) - temporals.time_instant(b))


def shift(value: object, by: object, sign: int) -> object:
    """A moment moved by a duration, forwards or backwards."""
    if isinstance(by, YearsMonths):
        if isinstance(value, Date):
            return add_months(value, sign * by.months)
        if isinstance(value, DateTime):
            date = add_months(value.date, sign * by.months)
            return DateTime(date, value.nanos, value.zone) if date else None
        return None
    if not isinstance(by, DaysTime):
        return None
    if isinstance(value, Time):
        return Time((value.nanos + sign * by.nanos) % DAY, value.zone)
    if isinstance(value, Date):
        return checked_date(value.number + sign * by.nanos // DAY)
    return _shift_date_time(value, sign * by.nanos) if isinstance(value, DateTime) else None


def _shift_date_time(value: DateTime, nanos: int) -> DateTime | None:
    """Along the line of instants, so that an hour is an hour where the clocks change."""
    moved = temporals.instant(value) + nanos
    return temporals.at_instant(moved, value.zone) if _FIRST < moved // DAY < _LAST else None


def add_months(date: Date, months: int) -> Date | None:
    """The same day of another month, or its last day where it is shorter."""
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    if not -MAX_YEAR <= year <= MAX_YEAR:
        return None
    return Date(year, month + 1, min(date.day, temporals.days_in_month(year, month + 1)))


def checked_date(number: int) -> Date | None:
    """The date of a day number, or None beyond the years that FEEL has."""
    return date_of(number) if _FIRST <= number <= _LAST else None


def days_time(nanos: int) -> DaysTime | None:
    """A duration of nanoseconds, or None beyond what two dates can be apart."""
    return DaysTime(nanos) if -MAX_NANOS <= nanos <= MAX_NANOS else None


def years_months(months: int) -> YearsMonths | None:
    """A duration of months, or None beyond what two dates can be apart."""
    return YearsMonths(months) if abs(months) <= 2 * 12 * MAX_YEAR else None


def times(a: object, b: object) -> object:
    """A duration times a number, in either order."""
    if isinstance(a, Decimal):
        a, b = b, a
    if not isinstance(b, Decimal):
        return None
    return _scaled(a, NUMBERS.multiply(amount(a), b)) if isinstance(a, DaysTime | YearsMonths) else None


def over(a: object, b: object) -> object:
    """A duration divided by a number, or by a duration of its kind."""
    if not isinstance(a, DaysTime | YearsMonths):
        return None
    if type(a) is type(b) and isinstance(b, DaysTime | YearsMonths):
        ratio = NUMBERS.divide(amount(a), amount(b))
        return ratio if ratio.is_finite() else None
    if isinstance(b, Decimal) and b:
        return _scaled(a, NUMBERS.divide(amount(a), b))
    return None


def amount(duration: DaysTime | YearsMonths) -> Decimal:
    """The duration as a number of nanoseconds or months."""
    return Decimal(duration.nanos if isinstance(duration, DaysTime) else duration.months)


def _scaled(like: DaysTime | YearsMonths, size: Decimal) -> object:
    if not size.is_finite() or abs(size) > MAX_NANOS:
        return None
    if isinstance(like, YearsMonths):
        return years_months(int(size))
    return days_time(int(size.to_integral_value(ROUND_HALF_EVEN)))


def months_between(start: Date, end: Date) -> YearsMonths:
    """Whole months from *start* to *end*, negative if *end* is earlier."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day:
        months -= 1
    elif months < 0 and end.day > start.day:
        months += 1
    return YearsMonths(months)
