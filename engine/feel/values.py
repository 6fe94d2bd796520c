"""What a FEEL value is in Python, and how the values of a JSON document become FEEL values when they are touched.

Null, booleans, strings, lists and contexts are Python's own; numbers are finite Decimals of at most 34 digits; temporals,
ranges and functions are classes of ours. Nothing here computes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.feel import temporals
from engine.feel.temporals import Date, DateTime, DaysTime, Time, YearsMonths
from engine.feel.texts import NUMBERS

if TYPE_CHECKING:
    from engine.feel.runtime import Run
    from engine.feel.types import Type


@dataclass(frozen=True, slots=True)
class Range:
    """All values between two ends; an end that is None is open for ever.

    *op* is set for the ranges written with one operator: `(< 10)`, `(!= 10)`.
    """

    low: object
    high: object
    low_closed: bool
    high_closed: bool
    op: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function value: a closure written in FEEL, a built-in, or a model's business knowledge."""

    name: str
    params: tuple[str, ...]
    call: "Callable[[Run, list[object]], object]" = field(repr=False)
    types: "tuple[Type | None, ...]" = ()
    result: "Type | None" = None
    variadic: bool = False
    invoke: "Callable[[Run, list[object], tuple[str, ...] | None], object] | None" = field(
        default=None, repr=False
    )


class Opaque:
    """A Python object that is no FEEL value; it can be passed on, but nothing can be asked of it."""

    __slots__ = ()


PLAIN: frozenset[type] = frozenset(
    {str, bool, type(None), dict, list, Date, Time, DateTime, YearsMonths, DaysTime, Range, Function, Opaque}
)
OPAQUE = Opaque()


def norm(value: object) -> object:
    """The FEEL value of something found in a context: numbers exact, Python temporals as ours.

    Lists and dicts are handed on as they are, so that a large document costs only what an expression touches: whoever
    takes an item out of one makes it a FEEL value with this.
    """
    kind = type(value)
    if kind in PLAIN:
        return value
    convert = _CONVERT.get(kind)
    return convert(value) if convert else _other(value)


def _decimal(value: Decimal) -> Decimal | None:
    return NUMBERS.plus(value) if value.is_finite() else None


def _integer(value: int) -> Decimal | None:
    if -(10**34) < value < 10**34:
        return Decimal(value)
    number = NUMBERS.create_decimal(value) if value.bit_length() < 21_000 else None
    return number if number is not None and number.is_finite() else None


def _float(value: float) -> Decimal | None:
    return NUMBERS.create_decimal(repr(value)) if value - value == 0 else None


def with_items(value: object) -> object:
    """The FEEL value with the items of a list made FEEL values too, as results leave an evaluation."""
    value = norm(value)
    return [norm(item) for item in value] if isinstance(value, list) else value


def _list(value: Sequence[object]) -> list[object]:
    return [norm(item) for item in value]


def _duration(value: timedelta) -> DaysTime:
    return DaysTime(((value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds) * 1000)


def _time(value: time) -> Time:
    offset = value.utcoffset()
    nanos = (
        (value.hour * 60 + value.minute) * 60 + value.second
    ) * temporals.SECOND + value.microsecond * 1000
    return Time(nanos, None if offset is None else int(offset.total_seconds()))


_CONVERT: dict[type, Callable[..., object]] = {
    int: _integer,
    Decimal: _decimal,
    float: _float,
    tuple: _list,
    datetime: temporals.from_datetime,
    date: lambda value: Date(value.year, value.month, value.day),
    time: _time,
    timedelta: _duration,
}


def _other(value: object) -> object:
    """Subclasses of what is known (enumerations, ordered dicts) as their plain forms; anything else is opaque."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, list):
        return list(value)
    if isinstance(value, Mapping):
        return {
            key: value[key] for key in value
        }  # asked one by one: some read a member only when it is named
    for kind, convert in _CONVERT.items():
        if isinstance(value, kind):
            return convert(value)
    return OPAQUE


_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    Decimal: "number",
    str: "string",
    Date: "date",
    Time: "time",
    DateTime: "date and time",
    YearsMonths: "years and months duration",
    DaysTime: "days and time duration",
    list: "list",
    dict: "context",
    Range: "range",
    Function: "function",
    int: "number",
    float: "number",
}


def kind_of(value: object) -> str:
    """The FEEL name of the value's type, for messages."""
    return _KINDS.get(type(value), "foreign object")


def as_list(value: object) -> list[object]:
    """The value as a list: null is empty, anything that is no list is its only item."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


class Growing(list[object]):
    """The results of a loop so far, as `partial` sees them; read as a plain list it is a copy."""


_CONVERT[Growing] = list
