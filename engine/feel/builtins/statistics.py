"""Built-ins that compute one value from a list of numbers, booleans or other values.

Each takes one list or the items themselves; an empty list has no statistics.
"""

from decimal import Decimal
from functools import cmp_to_key, reduce

from engine.feel.arithmetic import add
from engine.feel.builtins.lists import spread
from engine.feel.builtins.numbers import finite, sorted_order
from engine.feel.registry import builtin
from engine.feel.runtime import Misuse, Run
from engine.feel.temporals import DaysTime, YearsMonths
from engine.feel.texts import NUMBERS
from engine.feel.values import kind_of


def given(args: tuple[object, ...]) -> list[object]:
    """The items of the one list, or the items themselves.

    Raises:
        Misuse: nothing was given, or null instead of a list.
    """
    if not args or (len(args) == 1 and args[0] is None):
        raise Misuse("argument `list` is missing or null")
    return spread(args)


def _numbers(run: Run, args: tuple[object, ...], least: int = 1) -> list[Decimal]:
    items = given(args)
    run.scan(len(items))
    numbers = [item for item in items if isinstance(item, Decimal)]
    if len(numbers) < len(items):
        odd = next(item for item in items if not isinstance(item, Decimal))
        raise Misuse(f"the list holds {kind_of(odd)}, not only numbers")
    if len(numbers) < least:
        raise Misuse(f"the list has fewer than {least} items")
    return numbers


def total(numbers: list[Decimal]) -> Decimal:
    """The sum of numbers."""
    return finite(reduce(NUMBERS.add, numbers, Decimal(0)))


@builtin("sum", "list*: any", run=True)
def sum_of(run: Run, *args: object) -> object:
    """The sum of numbers or of durations of one kind."""
    items = given(args)
    run.scan(len(items))
    if items and all(isinstance(item, DaysTime | YearsMonths) for item in items):
        found = reduce(add, items)
        if found is None:
            raise Misuse("durations of two kinds cannot be added")
        return found
    return total(_numbers(run, args))


@builtin("mean", "list*: any", run=True)
def mean(run: Run, *args: object) -> Decimal:
    """The arithmetic mean."""
    numbers = _numbers(run, args)
    return finite(NUMBERS.divide(total(numbers), Decimal(len(numbers))))


@builtin("product", "list*: any", run=True)
def product(run: Run, *args: object) -> Decimal:
    """All numbers multiplied."""
    return finite(reduce(NUMBERS.multiply, _numbers(run, args)))


@builtin("median", "list*: any", run=True)
def median(run: Run, *args: object) -> Decimal:
    """The middle number, or the mean of the two in the middle."""
    numbers = sorted(_numbers(run, args))
    middle = len(numbers) // 2
    if len(numbers) % 2:
        return numbers[middle]
    return NUMBERS.divide(NUMBERS.add(numbers[middle - 1], numbers[middle]), Decimal(2))


@builtin("stddev", "list*: any", run=True)
def standard_deviation(run: Run, *args: object) -> Decimal:
    """The standard deviation of a sample of at least two numbers."""
    numbers = _numbers(run, args, 2)
    average = NUMBERS.divide(total(numbers), Decimal(len(numbers)))
    squares = [
        NUMBERS.multiply(gap, gap) for gap in (NUMBERS.subtract(number, average) for number in numbers)
    ]
    return finite(NUMBERS.sqrt(NUMBERS.divide(total(squares), Decimal(len(numbers) - 1))))


@builtin("mode", "list*: any", run=True)
def mode(run: Run, *args: object) -> list[object]:
    """The numbers that occur most often, in ascending order."""
    numbers = sorted(_numbers(run, args, 0))
    counts: dict[Decimal, int] = {}
    for number in numbers:
        counts[number] = counts.get(number, 0) + 1
    most = max(counts.values(), default=0)
    return [number for number, times in counts.items() if times == most]


def _extreme(run: Run, args: tuple[object, ...], sign: int) -> object:
    items = given(args)
    run.scan(len(items))
    if not items:
        raise Misuse("the list is empty")
    if any(item is None for item in items):
        raise Misuse("the list holds null")
    sorted_order(items[0], items[0])
    return max(items, key=cmp_to_key(lambda a, b: sign * sorted_order(a, b)))


@builtin("min", "list*: any", run=True)
def minimum(run: Run, *args: object) -> object:
    """The least of comparable values."""
    return _extreme(run, args, -1)


@builtin("max", "list*: any", run=True)
def maximum(run: Run, *args: object) -> object:
    """The greatest of comparable values."""
    return _extreme(run, args, 1)


@builtin("all", "list*: any", run=True)
@builtin("and", "list*: any", run=True)
def all_of(run: Run, *args: object) -> bool:
    """Whether all items are true; null if that cannot be told."""
    return _decide(run, given(args), False)


@builtin("any", "list*: any", run=True)
@builtin("or", "list*: any", run=True)
def any_of(run: Run, *args: object) -> bool:
    """Whether an item is true; null if that cannot be told."""
    return _decide(run, given(args), True)


def _decide(run: Run, items: list[object], decisive: bool) -> bool:
    run.scan(len(items))
    if any(item is decisive for item in items):
        return decisive
    odd = next((item for item in items if type(item) is not bool), True)
    if odd is not True:
        raise Misuse(f"cannot be told while the list holds {kind_of(odd)}")
    return not decisive


@builtin("not", "negand: any")
def negation(value: object) -> bool:
    """The opposite of a boolean."""
    if not isinstance(value, bool):
        raise Misuse(f"needs a boolean, not {kind_of(value)}")
    return not value
