"""Built-ins that make and search lists. What computes one value from a list is in `statistics`; sorting in `selection`."""

from decimal import Decimal

from engine.feel.builtins.strings import whole
from engine.feel.comparison import equal
from engine.feel.compiled_calls import call_function
from engine.feel.registry import builtin
from engine.feel.runtime import Misuse, Run
from engine.feel.temporals import Date, DaysTime, YearsMonths
from engine.feel.values import Function, as_list, norm

_HASHABLE = frozenset({str, bool, Decimal, type(None), Date, YearsMonths, DaysTime})


def same(a: object, b: object) -> bool:
    """Whether two values are certainly equal."""
    return equal(a, b) is True


@builtin("list contains", "list: list", "element: any", run=True)
def list_contains(run: Run, items: list[object], element: object) -> bool:
    """Whether the element is in the list."""
    run.weigh(items)
    run.scan(len(items))
    return any(same(norm(item), element) for item in items)


@builtin("count", "list: list")
def count(items: list[object]) -> Decimal:
    """The number of items."""
    return Decimal(len(items))


@builtin("append", "list: list", "item*: any", run=True)
def append(run: Run, items: list[object], *more: object) -> list[object]:
    """The list with more items at its end."""
    run.grown(len(items) + len(more))
    return [*items, *more]


@builtin("concatenate", "list*: list", run=True)
def concatenate(run: Run, *lists: list[object]) -> list[object]:
    """All lists in one."""
    if not lists:
        raise Misuse("argument `list` is missing")
    run.grown(sum(map(len, lists)))
    return [item for items in lists for item in items]


@builtin("union", "list*: list", run=True)
def union(run: Run, *lists: list[object]) -> list[object]:
    """All lists in one, without repeats."""
    return distinct_values(run, concatenate(run, *lists))


@builtin("distinct values", "list: list", run=True)
def distinct_values(run: Run, items: list[object]) -> list[object]:
    """The list without repeats."""
    run.weigh(items)
    run.weigh(items)  # each part is looked at twice
    out: list[object] = []
    known: set[object] = set()
    odd: list[object] = []
    for item in map(norm, items):
        key = _key(item)
        if key is not None:
            if key in known:
                continue
            known.add(key)
        else:
            run.spend(4 * len(odd))
            if any(same(item, other) for other in odd):
                continue
            odd.append(item)
        out.append(item)
    return out


def _key(value: object) -> object:
    """What two equal values have in common and others not; None for values that have no such thing."""
    value = norm(value)
    if type(value) in _HASHABLE:
        return type(value), value
    if isinstance(value, list):
        keys = [_key(item) for item in value]
        return None if None in keys else (list, tuple(keys))
    if isinstance(value, dict):
        pairs = [(name, _key(item)) for name, item in value.items()]
        return None if any(key is None for _, key in pairs) else (dict, frozenset(pairs))
    return None


@builtin("duplicate values", "list: list", run=True)
def duplicate_values(run: Run, items: list[object]) -> list[object]:
    """The values that the list holds more than once (Camunda's addition)."""
    run.weigh(items)
    run.scan(len(items) ** 2)
    values = [norm(item) for item in items]
    return [item for item in distinct_values(run, items) if sum(same(other, item) for other in values) > 1]


@builtin("reverse", "list: list", run=True)
def reverse(run: Run, items: list[object]) -> list[object]:
    """The list from its end to its beginning."""
    run.grown(len(items))
    return items[::-1]


@builtin("flatten", "list: list", run=True)
def flatten(run: Run, items: list[object]) -> list[object]:
    """The items of the list and of all lists within it."""
    out: list[object] = []
    todo = items[::-1]
    while todo:
        item = norm(todo.pop())
        run.spend()
        if isinstance(item, list):
            todo.extend(item[::-1])
        else:
            out.append(item)
            if len(out) > run.limits.items:
                run.grown(len(out))
    return out


@builtin("index of", "list: list", "match: any", run=True)
def index_of(run: Run, items: list[object], match: object) -> list[object]:
    """The positions, from 1, at which the list holds the match."""
    run.weigh(items)
    run.scan(len(items))
    return [Decimal(index) for index, item in enumerate(items, 1) if same(norm(item), match)]


def position(items: list[object], at: Decimal, extra: int = 0) -> int:
    """The index from 0 of a FEEL position.

    Raises:
        Misuse: the list has no such position.
    """
    index = whole(at, "position")
    if index == 0 or index > len(items) + extra or -index > len(items):
        raise Misuse(f"a list of {len(items)} items has no position {index}")
    return index - 1 if index > 0 else len(items) + index


@builtin("insert before", "list: list", "position: number", "newItem: any", run=True)
def insert_before(run: Run, items: list[object], at: Decimal, item: object) -> list[object]:
    """The list with an item put before a position."""
    run.grown(len(items) + 1)
    index = position(items, at)
    return [*items[:index], item, *items[index:]]


@builtin("remove", "list: list", "position: number", run=True)
def remove(run: Run, items: list[object], at: Decimal) -> list[object]:
    """The list without the item at a position."""
    run.grown(len(items))
    index = position(items, at)
    return items[:index] + items[index + 1 :]


@builtin("list replace", "list: list", "position: number", "newItem: any", run=True)
def replace_at(run: Run, items: list[object], at: Decimal, item: object) -> list[object]:
    """The list with another item at a position."""
    run.grown(len(items))
    index = position(items, at)
    return [*items[:index], item, *items[index + 1 :]]


@builtin("list replace", "list: list", "match: function", "newItem: any", run=True)
def replace_matching(run: Run, items: list[object], match: Function, item: object) -> list[object]:
    """The list with another item wherever the function of (item, new item) is true."""
    out: list[object] = []
    for old in items:
        run.spend()
        found = call_function(run, match, [norm(old), item]) if len(match.params) == 2 else None
        if type(found) is not bool:
            raise Misuse("argument `match` must be a function of two items that answers true or false")
        out.append(item if found else old)
    return out


@builtin("sublist", "list: list", "start position: number", "length?: number~", run=True)
def sublist(run: Run, items: list[object], start: Decimal, length: Decimal | None = None) -> list[object]:
    """The part of the list from a position, of a length if given."""
    run.grown(len(items))
    first = position(items, start)
    if length is None:
        return items[first:]
    size = whole(length, "length")
    if size < 0 or first + size > len(items):
        raise Misuse(f"there are not {size} items from position {start}")
    return items[first : first + size]


@builtin("partition", "list: list", "size: number", run=True)
def partition(run: Run, items: list[object], size: Decimal) -> list[object]:
    """The list cut into lists of at most that size (Camunda's addition)."""
    step = whole(size, "size")
    if step < 1:
        raise Misuse("argument `size` must be at least 1")
    run.grown(len(items))
    return [items[index : index + step] for index in range(0, len(items), step)]


def spread(args: tuple[object, ...]) -> list[object]:
    """The arguments of a function that takes either one list or its items."""
    return [norm(item) for item in (as_list(args[0]) if len(args) == 1 else args)]
