"""Built-ins on numbers: rounding, roots, logarithms. Results that are not finite are refused."""

import decimal
from decimal import Decimal

from engine.feel.comparison import order
from engine.feel.registry import builtin
from engine.feel.runtime import Misuse
from engine.feel.temporals import DaysTime, YearsMonths
from engine.feel.texts import NUMBERS

_MAX_SCALE = 6176


def finite(value: Decimal) -> Decimal:
    """The number.

    Raises:
        Misuse: it is an infinity or no number.
    """
    if not value.is_finite():
        raise Misuse("the result is no finite number")
    return value


def rounded(number: Decimal, scale: Decimal, rounding: str) -> Decimal:
    """The number with that many digits after the point.

    Raises:
        Misuse: the scale is beyond what decimal128 has.
    """
    places = int(scale) if abs(scale) <= _MAX_SCALE else _MAX_SCALE + 1
    if not -6111 <= places <= _MAX_SCALE:
        raise Misuse(f"argument `scale` is {scale}, outside -6111..{_MAX_SCALE}")
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= places:
        return number
    return NUMBERS.plus(_WIDE.quantize(number, Decimal(1).scaleb(-places), rounding)) if number else number


class _Wide(decimal.Context):
    def quantize(self, number: Decimal, unit: Decimal, rounding: str) -> Decimal:  # type: ignore[override]
        return number.quantize(unit, rounding, self)


_WIDE = _Wide(prec=13_000, Emin=-999_999, Emax=999_999, traps=[])


@builtin("decimal", "n: number", "scale: number", cost=3)
def to_decimal(number: Decimal, scale: Decimal) -> Decimal:
    """Rounded to the scale, halves to the even digit."""
    return rounded(number, scale, decimal.ROUND_HALF_EVEN)


@builtin("round up", "n: number", "scale: number", cost=3)
def round_up(number: Decimal, scale: Decimal) -> Decimal:
    """Rounded away from zero."""
    return rounded(number, scale, decimal.ROUND_UP)


@builtin("round down", "n: number", "scale: number", cost=3)
def round_down(number: Decimal, scale: Decimal) -> Decimal:
    """Rounded towards zero."""
    return rounded(number, scale, decimal.ROUND_DOWN)


@builtin("round half up", "n: number", "scale: number", cost=3)
def round_half_up(number: Decimal, scale: Decimal) -> Decimal:
    """Rounded to the nearest, halves away from zero."""
    return rounded(number, scale, decimal.ROUND_HALF_UP)


@builtin("round half down", "n: number", "scale: number", cost=3)
def round_half_down(number: Decimal, scale: Decimal) -> Decimal:
    """Rounded to the nearest, halves towards zero."""
    return rounded(number, scale, decimal.ROUND_HALF_DOWN)


@builtin("floor", "n: number", "scale?: number", cost=3)
def floor(number: Decimal, scale: Decimal = Decimal(0)) -> Decimal:
    """Rounded down."""
    return rounded(number, scale, decimal.ROUND_FLOOR)


@builtin("ceiling", "n: number", "scale?: number", cost=3)
def ceiling(number: Decimal, scale: Decimal = Decimal(0)) -> Decimal:
    """Rounded up."""
    return rounded(number, scale, decimal.ROUND_CEILING)


@builtin("abs", "n: number")
@builtin("abs", "n: duration")
def absolute(number: Decimal | DaysTime | YearsMonths) -> object:
    """A number or duration without its sign."""
    if isinstance(number, DaysTime):
        return DaysTime(abs(number.nanos))
    return YearsMonths(abs(number.months)) if isinstance(number, YearsMonths) else number.copy_abs()


@builtin("modulo", "dividend: number", "divisor: number", cost=8)
def modulo(dividend: Decimal, divisor: Decimal) -> Decimal:
    """What is left of a division that rounds down; it has the divisor's sign."""
    if not divisor:
        raise Misuse("the divisor is 0")
    rest = _WIDE.remainder(dividend, divisor)
    if rest and (rest < 0) != (divisor < 0):
        rest = _WIDE.add(rest, divisor)
    return finite(NUMBERS.plus(rest))


@builtin("sqrt", "number: number", cost=4)
def square_root(number: Decimal) -> Decimal:
    """The square root."""
    return finite(NUMBERS.sqrt(number))


@builtin("log", "number: number", cost=18)
def logarithm(number: Decimal) -> Decimal:
    """The natural logarithm."""
    return finite(NUMBERS.ln(number))


@builtin("exp", "number: number", cost=18)
def exponential(number: Decimal) -> Decimal:
    """e to that power."""
    return finite(NUMBERS.exp(number))


@builtin("odd", "number: number")
def odd(number: Decimal) -> bool:
    """Whether an integer is odd."""
    return abs(_WIDE.remainder(number, Decimal(2))) == 1


@builtin("even", "number: number")
def even(number: Decimal) -> bool:
    """Whether an integer is even."""
    return _WIDE.remainder(number, Decimal(2)) == 0


def sorted_order(a: object, b: object) -> int:
    """The order of two values that must have one.

    Raises:
        Misuse: they cannot be ordered.
    """
    found = order(a, b)
    if found is None:
        raise Misuse("the values cannot be compared with each other")
    return found
