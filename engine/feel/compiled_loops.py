"""Closures of what turns over many values: filters, `for`, `some` and `every`.

Every turn costs one step of the evaluation's budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from engine.feel import syntax
from engine.feel.comparison import equal
from engine.feel.runtime import Env
from engine.feel.temporal_math import checked_date
from engine.feel.temporals import Date
from engine.feel.values import Growing, Range, as_list, kind_of, norm

if TYPE_CHECKING:
    from engine.feel.compiler import Code, Compiler

PARTIAL = "partial"
_DIGITS = 34


# -- filters --------------------------------------------------------------------------------------


def filtered(compiler: Compiler, node: syntax.Filter) -> Code:
    """`source[condition]`: the item at a position, or the items for which the condition is true."""
    source = _source(compiler, node.source)
    condition, cost = compiler.measured(frozenset({"item"}), node.condition)
    if isinstance(node.condition, syntax.Literal | syntax.Negation):

        def item_at(env: Env) -> object:
            found = source(env)
            if found is None:
                nothing(env, node.at)
                return None
            return at_position(env, as_list(found), condition(env), node.at)

        return item_at

    def items(env: Env) -> object:
        found = source(env)
        if found is None:
            nothing(env, node.at)
            return None
        return select(env, as_list(found), condition, node.at, cost)

    return items


def nothing(env: Env, at: int) -> None:
    """Say that null was to be filtered."""
    env.run.fault(at, "there is nothing to filter: the list is null", "missing")


def _source(compiler: Compiler, node: syntax.Node) -> Code:
    """The list to filter; `partial` is looked into where it stands instead of being copied."""
    return raw_partial if is_partial(compiler, node) else compiler.code(node)


def is_partial(compiler: Compiler, node: syntax.Node) -> bool:
    """Whether the node is the name of the results of the loop around it."""
    return isinstance(node, syntax.Name) and node.name == PARTIAL and compiler.is_bound(PARTIAL)


def raw_partial(env: Env) -> object:
    """The results so far, which the loop goes on to change: only to be looked at."""
    scope: Env | None = env
    while scope is not None:
        if PARTIAL in scope.vars:
            return scope.vars[PARTIAL]
        scope = scope.parent
    return None


def partial_copy(env: Env) -> object:
    """The results so far as a list of their own."""
    found = raw_partial(env)
    if isinstance(found, Growing):
        env.run.scan(len(found))
        return list(found)
    return norm(found)


def select(env: Env, values: list[object], condition: Code, at: int, cost: int = 1) -> object:
    """The items for which a condition is true, or the one at the position that it names; *cost* is what each turn takes."""
    out: list[object] = []
    run = env.run
    if not values:
        return _of_nothing(env, condition, at)
    run.spend(cost * len(values))
    unknown = False
    for value in values:
        item = norm(value)
        scope = Env({"item": item}, env, run)
        found = condition(Env(item, scope, run) if isinstance(item, dict) else scope)
        if found is True:
            out.append(item)
        elif isinstance(found, Decimal):
            return at_position(env, values, found, at)
        elif found is None:
            unknown = True
        elif found is not False:
            _no_condition(env, found, at)
            return None
    if unknown:
        _no_condition(env, None, at)
    return out


def _of_nothing(env: Env, condition: Code, at: int) -> object:
    """What an empty list answers: null for a position, else a list without items."""
    position = env.run.quietly(lambda: condition(Env({"item": None}, env, env.run)))
    return [] if position is None else at_position(env, [], position, at)


def _no_condition(env: Env, found: object, at: int) -> None:
    env.run.fault(at, f"the condition of a filter is {kind_of(found)}, neither boolean nor number")


def at_position(env: Env, values: list[object], position: object, at: int) -> object:
    """The item at a position counted from 1, or from the end if negative; null and a warning where there is none."""
    if position is True:
        return list(values)
    if not isinstance(position, Decimal):
        if position is not False:
            _no_condition(env, position, at)
        return [] if position is None or position is False else None
    index = int(position) if abs(position) <= len(values) else 0
    if index and index == position:
        return norm(values[index - 1 if index > 0 else index])
    env.run.fault(at, f"a list of {len(values)} items has none at position {position}", "missing")
    return None


# -- loops ----------------------------------------------------------------------------------------


def loop(compiler: Compiler, node: syntax.Loop) -> Code:
    """`for`, `some` and `every`."""
    turns: Turns = []
    bound: frozenset[str] = frozenset()
    for turn in node.turns:
        source = compiler.within(bound, turn.source)
        end = compiler.within(bound, turn.end) if turn.end else None
        turns.append((turn.name, _iterator(source, end, node.at)))
        bound |= {turn.name}
    body, cost = compiler.measured(bound | {PARTIAL} if node.kind == "for" else bound, node.body)
    return _for(turns, body, cost) if node.kind == "for" else _quantified(node, turns, body, cost)


Turns: TypeAlias = "list[tuple[str, Callable[[Env], Iterator[object] | None]]]"


def _scopes(env: Env, turns: Turns, index: int = 0) -> Iterator[Env | None]:
    """A scope for each combination of the loops' items; None once where an iteration has no meaning."""
    name, items = turns[index]
    found = items(env)
    if found is None:
        yield None
        return
    last = index + 1 == len(turns)
    for value in found:
        env.run.spend()
        scope = Env({name: value}, env, env.run)
        if last:
            yield scope
        else:
            yield from _scopes(scope, turns, index + 1)


def _for(turns: Turns, body: Code, cost: int) -> Code:
    def values(env: Env) -> object:
        out = Growing()
        limit = env.run.limits.items
        for scope in _scopes(Env({PARTIAL: out}, env, env.run), turns):
            if scope is None:
                return None
            env.run.spend(cost)
            if len(out) >= limit:
                env.run.grown(len(out) + 1)
            out.append(body(scope))
        return list(out)

    return values


def _quantified(node: syntax.Loop, turns: Turns, body: Code, cost: int) -> Code:
    decisive = node.kind == "some"

    def holds(env: Env) -> object:
        result: bool | None = not decisive
        for scope in _scopes(env, turns):
            if scope is None:
                return None
            env.run.spend(cost)
            found = body(scope)
            if found is decisive:
                return decisive
            if type(found) is not bool:
                env.run.fault(node.at, f"the condition of `{node.kind}` is {kind_of(found)}, not a boolean")
                result = None
        return result

    return holds


def _iterator(source: Code, end: Code | None, at: int) -> Callable[[Env], Iterator[object] | None]:
    def items(env: Env) -> Iterator[object] | None:
        start = source(env)
        return iterate(env, start, at) if end is None else _sequence(env, start, end(env), at)

    return items


def iterate(env: Env, source: object, at: int) -> Iterator[object] | None:
    """What a loop goes through: the items of a list, the values of a range, or the one value; None for null."""
    if isinstance(source, Range):
        return _range_items(env, source, at)
    if source is None:
        env.run.fault(at, "there is nothing to iterate over: the list is null")
        return None
    return map(norm, as_list(source))


def _range_items(env: Env, source: Range, at: int) -> Iterator[object] | None:
    found = _sequence(env, source.low, source.high, at)
    if found is None:
        return None
    skipped = [] if source.low_closed else [source.low]
    skipped += [] if source.high_closed else [source.high]
    return (value for value in found if not any(equal(value, end) for end in skipped))


def _sequence(env: Env, start: object, end: object, at: int) -> Iterator[object] | None:
    if isinstance(start, Decimal) and isinstance(end, Decimal) and _countable(start) and _countable(end):
        return (Decimal(number) for number in _steps(int(start), int(end)))
    if isinstance(start, Date) and isinstance(end, Date):
        return (checked_date(number) for number in _steps(start.number, end.number))
    ends = f"{kind_of(start)} to {kind_of(end)}"
    env.run.fault(
        at, f"cannot iterate from {ends}: they must be whole numbers of at most 34 digits, or dates"
    )
    return None


def _countable(number: Decimal) -> bool:
    """Whole, and small enough that one more is another number: beyond 34 digits it would be rounded away."""
    return number.adjusted() < _DIGITS and number == int(number)


def _steps(start: int, end: int) -> range:
    return range(start, end + 1) if start <= end else range(start, end - 1, -1)
