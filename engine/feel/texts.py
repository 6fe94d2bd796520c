"""The text of values: reading and writing temporals and numbers as FEEL and XML Schema write them.

Readers answer None where the text is not such a value. Values themselves are in `temporals`.
"""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TypeAlias

from engine.feel.temporals import (
    DAY,
    HOUR,
    MAX_YEAR,
    MINUTE,
    SECOND,
    Date,
    DateTime,
    DaysTime,
    Time,
    YearsMonths,
    Zone,
    date_of,
    is_date,
    is_zone_id,
)

NUMBERS = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[])
"""Arithmetic of every FEEL number: IEEE decimal128. It traps nothing: results are asked whether they are finite."""

Temporal: TypeAlias = Date | Time | DateTime | YearsMonths | DaysTime

_ZONE = r"(Z|[+-]\d\d:\d\d(?::\d\d)?|@[A-Za-z][\w+\-/]*)?"
_DATE = r"(-?(?:[1-9]\d{4,8}|\d{4}))-(\d\d)-(\d\d)"
_TIME = r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,40}))?" + _ZONE
_DATE_RE = re.compile(_DATE, re.A)
_TIME_RE = re.compile(_TIME, re.A)
_DATE_TIME_RE = re.compile(_DATE + "T" + _TIME, re.A)
_MONTHS_RE = re.compile(r"(-?)P(?=\d)(?:(\d{1,30})Y)?(?:(\d{1,30})M)?", re.A)
_DAYS_RE = re.compile(
    r"(-?)P(?=[\dT])(?:(\d{1,30})D)?(?:T(?=\d)(?:(\d{1,30})H)?(?:(\d{1,30})M)?(?:(\d{1,30})(?:\.(\d{0,30}))?S)?)?",
    re.A,
)
_NUMBER_RE = re.compile(r"[+-]?(?:\d{1,6500}(?:\.\d{0,6500})?|\.\d{1,6500})(?:[eE][+-]?\d{1,9})?", re.A)


def read_number(text: str) -> Decimal | None:
    """The number written in *text* (`-12.5e3`), rounded to 34 digits; None if it is none or too large."""
    if not _NUMBER_RE.fullmatch(text):
        return None
    value = NUMBERS.create_decimal(text)
    return value if value.is_finite() else None


def read_date(text: str) -> Date | None:
    """The date in `YYYY-MM-DD`."""
    found = _DATE_RE.fullmatch(text)
    return _date(found[1], found[2], found[3]) if found else None


def _date(year: str, month: str, day: str) -> Date | None:
    parts = int(year), int(month), int(day)
    return Date(*parts) if is_date(*parts) else None


def read_time(text: str) -> Time | None:
    """The time in `HH:MM:SS[.fraction][Z|±HH:MM[:SS]|@Zone/Id]`."""
    found = _TIME_RE.fullmatch(text)
    return _time(found.groups()) if found else None


def _time(parts: tuple[str | None, ...]) -> Time | None:
    hour, minute, second = int(parts[0] or 0), int(parts[1] or 0), int(parts[2] or 0)
    if minute > 59 or second > 59 or hour > 24 or (hour == 24 and (minute or second or int(parts[3] or 0))):
        return None
    zone = _read_zone(parts[4])
    if zone is False:
        return None
    nanos = (hour % 24 * 3600 + minute * 60 + second) * SECOND + _fraction(parts[3])
    return Time(nanos, zone)


def _fraction(digits: str | None) -> int:
    return int((digits or "")[:9].ljust(9, "0"))


def _read_zone(text: str | None) -> Zone:
    """The zone; False where the text names none that exists (bool is the sentinel of this module only)."""
    if not text:
        return None
    if text == "Z":
        return 0
    if text[0] == "@":
        return text[1:] if is_zone_id(text[1:]) else False
    hours, minutes, seconds = int(text[1:3]), int(text[4:6]), int(text[7:9] or 0)
    total = hours * 3600 + minutes * 60 + seconds
    if total > 18 * 3600 or minutes > 59 or seconds > 59:
        return False
    return -total if text[0] == "-" else total


def read_date_time(text: str) -> DateTime | None:
    """The date and time in `YYYY-MM-DDTHH:MM:SS…`; a date alone is its midnight."""
    found = _DATE_TIME_RE.fullmatch(text)
    if not found:
        date = read_date(text)
        return DateTime(date, 0) if date else None
    date, time = _date(found[1], found[2], found[3]), _time(found.groups()[3:])
    if date is None or time is None:
        return None
    if found[4] == "24":
        date = date_of(date.number + 1)
        if date.year > MAX_YEAR:
            return None
    return DateTime(date, time.nanos, time.zone)


def read_duration(text: str) -> YearsMonths | DaysTime | None:
    """Either kind of duration: `P1Y2M` or `P1DT2H3M4.5S`; mixtures of both are none."""
    months = _MONTHS_RE.fullmatch(text)
    if months:
        total = int(months[2] or 0) * 12 + int(months[3] or 0)
        return YearsMonths(-total if months[1] else total) if total <= MAX_YEAR * 12 else None
    days = _DAYS_RE.fullmatch(text)
    if not days:
        return None
    nanos = int(days[2] or 0) * DAY + int(days[3] or 0) * HOUR + int(days[4] or 0) * MINUTE
    nanos += int(days[5] or 0) * SECOND + _fraction(days[6])
    return DaysTime(-nanos if days[1] else nanos)


def read_temporal(text: str) -> Temporal | None:
    """What `@"…"` means: the first of date, date and time, time, duration that reads the text."""
    if text[:1] in "P" or text[:2] == "-P":
        return read_duration(text)
    return read_date(text) or read_time(text) or (read_date_time(text) if "T" in text else None)


def write_number(value: Decimal) -> str:
    """Plain digits without exponent or trailing zeros after the point."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def write(value: Temporal) -> str:
    """The text that reads back as the same value."""
    if isinstance(value, Date):
        return _write_date(value)
    if isinstance(value, DateTime):
        return f"{_write_date(value.date)}T{_write_time(value.nanos)}{write_zone(value.zone)}"
    if isinstance(value, Time):
        return _write_time(value.nanos) + write_zone(value.zone)
    return _write_months(value.months) if isinstance(value, YearsMonths) else _write_days(value.nanos)


def _write_date(date: Date) -> str:
    return f"{'-' if date.year < 0 else ''}{abs(date.year):04}-{date.month:02}-{date.day:02}"


def _write_time(nanos: int) -> str:
    seconds, fraction = divmod(nanos, SECOND)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{_write_fraction(fraction)}"


def _write_fraction(nanos: int) -> str:
    return f".{nanos:09}".rstrip("0") if nanos else ""


def write_zone(zone: Zone) -> str:
    """`Z`, `+07:00`, `@Asia/Ho_Chi_Minh` or nothing."""
    if zone is None:
        return ""
    if isinstance(zone, str):
        return "@" + zone
    if zone == 0:
        return "Z"
    size = abs(zone)
    seconds = f":{size % 60:02}" if size % 60 else ""
    return f"{'-' if zone < 0 else '+'}{size // 3600:02}:{size // 60 % 60:02}{seconds}"


def _write_months(months: int) -> str:
    years, rest = divmod(abs(months), 12)
    text = (f"{years}Y" if years else "") + (f"{rest}M" if rest or not years else "")
    return ("-P" if months < 0 else "P") + text


def _write_days(nanos: int) -> str:
    days, rest = divmod(abs(nanos), DAY)
    seconds, fraction = divmod(rest % MINUTE, SECOND)
    clock = (f"{rest // HOUR}H" if rest >= HOUR else "") + (
        f"{rest % HOUR // MINUTE}M" if rest % HOUR >= MINUTE else ""
    )
    clock += f"{seconds}{_write_fraction(fraction)}S" if seconds or fraction else ""
    text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return ("-P" if nanos < 0 else "P") + (text or "T0S")
