"""Built-ins that take a function: sorting a list by a comparison."""

from decimal import Decimal
from functools import cmp_to_key

from engine.feel.builtins.numbers import sorted_order
from engine.feel.compiled_calls import call_function
from engine.feel.registry import builtin
from engine.feel.runtime import Misuse, Run
from engine.feel.values import Function, norm


def _in_their_order(run: Run, values: list[object]) -> list[object]:
    """The values from the least to the greatest; numbers and strings are compared by Python's own order."""
    size = len(values)
    numbers = [value for value in values if isinstance(value, Decimal)]
    texts = [value for value in values if isinstance(value, str)]
    if size in (len(numbers), len(texts)):
        run.scan(size)
        return [*sorted(numbers), *sorted(texts)]
    run.spend(size * size.bit_length() >> 1)
    return sorted(values, key=cmp_to_key(sorted_order))


@builtin("sort", "list: list", "precedes?: function~", run=True)
def sort(run: Run, items: list[object], precedes: Function | None = None) -> list[object]:
    """The list in order: the function of two items says whether the first comes before the second."""
    values = [norm(item) for item in items]
    run.grown(len(values))
    if precedes is None:
        return _in_their_order(run, values)
    if len(precedes.params) != 2 and not precedes.variadic:
        raise Misuse("argument `precedes` must be a function of two items")

    def compare(a: object, b: object) -> int:
        run.spend(6)
        if call_function(run, precedes, [a, b]) is True:
            return -1
        return 1 if call_function(run, precedes, [b, a]) is True else 0

    return sorted(values, key=cmp_to_key(compare))
