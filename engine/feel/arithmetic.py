"""The operators `+ - * / **` and unary minus over every kind of value; None where they have no meaning.

Numbers are IEEE decimal128; nothing is raised: what is not finite is None.
"""

from collections.abc import Callable
from decimal import Decimal

from engine.feel import temporal_math
from engine.feel.temporals import DaysTime, YearsMonths
from engine.feel.texts import NUMBERS


def add(a: object, b: object) -> object:
    """`a + b`: numbers, strings, moments and durations."""
    if isinstance(a, Decimal) and isinstance(b, Decimal):
        return finite(NUMBERS.add(a, b))
    if isinstance(a, str) and isinstance(b, str):
        return a + b
    return temporal_math.plus(a, b)


def subtract(a: object, b: object) -> object:
    """`a - b`: numbers, moments and durations."""
    if isinstance(a, Decimal) and isinstance(b, Decimal):
        return finite(NUMBERS.subtract(a, b))
    return temporal_math.minus(a, b)


def multiply(a: object, b: object) -> object:
    """`a * b`: numbers, durations by numbers."""
    if isinstance(a, Decimal) and isinstance(b, Decimal):
        return finite(NUMBERS.multiply(a, b))
    return temporal_math.times(a, b)


def divide(a: object, b: object) -> object:
    """`a / b`: numbers, durations by numbers, durations by durations."""
    if isinstance(a, Decimal) and isinstance(b, Decimal):
        return finite(NUMBERS.divide(a, b))
    return temporal_math.over(a, b)


def power(a: object, b: object) -> object:
    """`a ** b` of numbers."""
    if isinstance(a, Decimal) and isinstance(b, Decimal):
        return finite(NUMBERS.power(a, b)) if b else Decimal(1)
    return None


def negate(a: object) -> object:
    """`-a` of a number or duration."""
    if isinstance(a, Decimal):
        return NUMBERS.minus(a)
    if isinstance(a, DaysTime):
        return DaysTime(-a.nanos)
    return YearsMonths(-a.months) if isinstance(a, YearsMonths) else None


def finite(value: Decimal) -> Decimal | None:
    """The number, or None for an infinity or what is not a number."""
    return value if value.is_finite() else None


OPERATORS: dict[str, Callable[[object, object], object]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "**": power,
}
