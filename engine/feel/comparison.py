"""Equality, order and membership of values, in FEEL's three-valued way: None where the question makes no sense.

Only questions about values are answered here; arithmetic is in `arithmetic` and `temporal_math`.
"""

from collections.abc import Iterable
from decimal import Decimal

from engine.feel import temporals
from engine.feel.temporals import SECOND, Date, DateTime, DaysTime, Time, YearsMonths
from engine.feel.values import Function, Range, norm

# The standard compares times by hour, minute, second and offset, and its second is a whole number.
_SIMPLE = frozenset({Decimal, str, bool, Date, YearsMonths, DaysTime})


def equal(a: object, b: object) -> bool | None:
    """Whether two values are the same; None for values of different kinds."""
    kind = type(a)
    if kind is type(b):
        if kind in _SIMPLE:
            return a == b
        return _equal_of_kind(a, b)
    if a is None or b is None:
        return False
    return None


def _equal_of_kind(a: object, b: object) -> bool | None:
    if a is None:
        return True
    if a is b and isinstance(a, list | dict):
        return True
    if isinstance(a, list) and isinstance(b, list):
        return _all(zip(a, b, strict=True)) if len(a) == len(b) else False
    if isinstance(a, dict) and isinstance(b, dict):
        return _all((value, b[key]) for key, value in a.items()) if a.keys() == b.keys() else False
    if isinstance(a, Range) and isinstance(b, Range):
        return _equal_ranges(a, b)
    if isinstance(a, Function):
        return a is b or None
    keys = _temporal_keys(a, b)
    return None if keys is None else keys[0] // SECOND == keys[1] // SECOND


def _all(pairs: Iterable[tuple[object, object]]) -> bool:
    return all(equal(norm(a), norm(b)) is True for a, b in pairs)


def _equal_ranges(a: Range, b: Range) -> bool | None:
    if (a.low_closed, a.high_closed, a.op) != (b.low_closed, b.high_closed, b.op):
        return False
    return equal(a.low, b.low) is True and equal(a.high, b.high) is True


def order(a: object, b: object) -> int | None:
    """-1, 0 or 1 as *a* is less than, equal to or greater than *b*; None where they cannot be ordered."""
    if isinstance(a, Decimal) and isinstance(b, Decimal):
        return (a > b) - (a < b)
    if isinstance(a, str) and isinstance(b, str):
        return (a > b) - (a < b)
    keys = _temporal_keys(a, b)
    return None if keys is None else (keys[0] > keys[1]) - (keys[0] < keys[1])


def _temporal_keys(a: object, b: object) -> tuple[int, int] | None:
    if isinstance(a, Date) and isinstance(b, Date):
        return a.number, b.number
    if isinstance(a, DateTime) and isinstance(b, DateTime):
        return (temporals.instant(a), temporals.instant(b)) if (a.zone is None) == (b.zone is None) else None
    if isinstance(a, Time) and isinstance(b, Time):
        return _time_keys(a, b)
    if isinstance(a, DaysTime) and isinstance(b, DaysTime):
        return a.nanos, b.nanos
    if isinstance(a, YearsMonths) and isinstance(b, YearsMonths):
        return a.months, b.months
    return None


def _time_keys(a: Time, b: Time) -> tuple[int, int] | None:
    if (a.zone is None) != (b.zone is None):
        return None
    return temporals.time_instant(a), temporals.time_instant(b)


def less(a: object, b: object) -> bool | None:
    """`a < b`."""
    found = order(a, b)
    return None if found is None else found < 0


def less_or_equal(a: object, b: object) -> bool | None:
    """`a <= b`."""
    found = order(a, b)
    return None if found is None else found <= 0


def between(value: object, low: object, high: object) -> bool | None:
    """`value between low and high`."""
    return both(less_or_equal(low, value), less_or_equal(value, high))


def both(a: bool | None, b: bool | None) -> bool | None:
    """`a and b` in three values."""
    if a is False or b is False:
        return False
    return True if a and b else None


def inside(value: object, within: Range) -> bool | None:
    """Whether a value lies in a range; None where it cannot be compared with its ends."""
    if within.op == "!=":
        found = equal(value, within.low)
        return None if found is None else not found
    if within.op == "=":
        return equal(value, within.low)
    if within.low is None and within.high is None:
        return None
    low = True if within.low is None and within.op else _above(value, within.low, within.low_closed)
    high = True if within.high is None and within.op else _above(within.high, value, within.high_closed)
    return both(low, high)


def _above(a: object, b: object, closed: bool) -> bool | None:
    return less_or_equal(b, a) if closed else less(b, a)


def member(value: object, test: object) -> bool | None:
    """`value in test`: equal to it, in the range or list that it is, or in a range that the list holds."""
    if isinstance(test, Range) and not isinstance(value, Range):
        return inside(value, test)
    if isinstance(test, list):
        if isinstance(value, list) and equal(value, test) is True:
            return True
        return _member_of_list(value, test)
    return equal(value, test)


def _member_of_list(value: object, tests: list[object]) -> bool | None:
    result: bool | None = False
    for one in tests:
        test = norm(one)
        found = (
            inside(value, test)
            if isinstance(test, Range) and not isinstance(value, Range)
            else equal(value, test)
        )
        if found is True:
            return True
        if found is None and isinstance(test, Range):
            result = None
    return result
