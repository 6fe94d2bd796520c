"""What can be asked of a value with a dot: the parts of temporals and ranges, by their FEEL names.

Contexts and lists are not here: their entries are data.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from engine.feel import temporals
from engine.feel.temporals import DAY, HOUR, MINUTE, SECOND, Date, DateTime, DaysTime, Time, YearsMonths
from engine.feel.values import Range

Getter = Callable[..., object]


def property_of(value: object, name: str, missing: object) -> object:
    """The part of that name, or *missing* where values of this type have none."""
    getter = _OF.get(type(value), {}).get(name)
    return getter(value) if getter else missing


def _signed(size: int, unit: int, whole: int | None = None) -> Decimal:
    """So many units in a duration, of the rest after *whole* if given, with the duration's sign."""
    part = abs(size) % whole if whole else abs(size)
    return Decimal(part // unit if size >= 0 else -(part // unit))


def _offset(value: Time | DateTime) -> DaysTime | None:
    if isinstance(value, Time):
        seconds = temporals.time_offset_seconds(value)
    else:
        seconds = temporals.offset_seconds(value.zone, value.date, value.nanos)
    return None if seconds is None else DaysTime(seconds * SECOND)


_DATE: dict[str, Getter] = {
    "year": lambda value: Decimal(value.year),
    "month": lambda value: Decimal(value.month),
    "day": lambda value: Decimal(value.day),
    "weekday": lambda value: Decimal(value.weekday),
}
_CLOCK: dict[str, Getter] = {
    "hour": lambda value: Decimal(value.nanos // HOUR),
    "minute": lambda value: Decimal(value.nanos // MINUTE % 60),
    "second": lambda value: Decimal(value.nanos // SECOND % 60),
    "time offset": _offset,
    "timezone": lambda value: value.zone if isinstance(value.zone, str) else None,
}
_ZERO: dict[str, Getter] = {name: lambda value: Decimal(0) for name in ("hour", "minute", "second")}
_UTC: dict[str, Getter] = {"time offset": lambda value: DaysTime(0), "timezone": lambda value: None}

_OF: Mapping[type, Mapping[str, Getter]] = {
    Date: {**_DATE, **_ZERO, **_UTC},
    Time: _CLOCK,
    DateTime: {**{name: (lambda value, get=get: get(value.date)) for name, get in _DATE.items()}, **_CLOCK},
    YearsMonths: {
        "years": lambda value: _signed(value.months, 12),
        "months": lambda value: _signed(value.months, 1, 12),
    },
    DaysTime: {
        "days": lambda value: _signed(value.nanos, DAY),
        "hours": lambda value: _signed(value.nanos, HOUR, DAY),
        "minutes": lambda value: _signed(value.nanos, MINUTE, HOUR),
        "seconds": lambda value: _signed(value.nanos, SECOND, MINUTE),
    },
    Range: {
        "start": lambda value: value.low,
        "end": lambda value: value.high,
        "start included": lambda value: value.low_closed,
        "end included": lambda value: value.high_closed,
    },
}
