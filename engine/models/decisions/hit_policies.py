"""What a decision table answers when no rule, one or several match: DMN's seven hit policies and the aggregations.

Finding the rules is the business of `tables`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.errors import FeelSyntaxError
from engine.feel.comparison import equal
from engine.feel.expression import compile as compile_feel
from engine.feel.registry import call_builtin
from engine.feel.runtime import Env, Misuse
from engine.feel.types import Type
from engine.feel.values import as_list, norm
from engine.models.decisions.compiling import Builder, Code, Names
from engine.models.decisions.elements import Output, Table
from engine.models.decisions.item_types import ItemType, named

UNKNOWN = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a hit policy has to go by: the matching rules in order, and how a rule's result is computed."""

    env: Env
    table: Table
    hits: list[int]
    row: Callable[[int], object]

    def rows(self) -> list[object]:
        """The results of all matching rules."""
        return [self.row(hit) for hit in self.hits]

    def fault(self, message: str) -> None:
        """Say why the answer is null."""
        self.env.run.fault(0, f"decision table at line {self.table.line}: {message}")


Policy = Callable[[Answer], object]


def policy_of(builder: Builder, table: Table, names: Names) -> Policy:
    """How this table answers."""
    default = _default(builder, table, names)
    apply = _POLICIES.get(table.hit_policy, _unique)
    if table.hit_policy == "COLLECT" and table.aggregation:
        apply = _AGGREGATIONS.get(table.aggregation, _count)
        default = _no_hits if table.aggregation == "COUNT" and default is _no_rule else default
    orders = [_order(builder, output) for output in table.outputs]
    if table.hit_policy in ("PRIORITY", "OUTPUT ORDER"):
        return lambda answer: _by_priority(answer, orders) if answer.hits else default(answer)
    return lambda answer: apply(answer) if answer.hits else default(answer)


def _default(builder: Builder, table: Table, names: Names) -> Policy:
    """The answer when no rule matches: the default outputs, or null."""
    if not any(output.default for output in table.outputs):
        return _no_rule
    cells: list[tuple[str, Code]] = [
        (output.name, builder.fitted(builder.code(output.default, names), output.type))
        for output in table.outputs
    ]
    if len(cells) == 1:
        return lambda answer: cells[0][1](answer.env)
    return lambda answer: {name: cell(answer.env) for name, cell in cells}


def _no_rule(answer: Answer) -> object:
    answer.fault("no rule matches and there is no default")
    return None


def _no_hits(answer: Answer) -> object:
    return Decimal(0)


def _unique(answer: Answer) -> object:
    if len(answer.hits) > 1:
        rules = ", ".join(str(hit + 1) for hit in answer.hits)
        answer.fault(f"rules {rules} match, but the hit policy UNIQUE allows one")
        return None
    return answer.row(answer.hits[0])


def _first(answer: Answer) -> object:
    return answer.row(answer.hits[0])


def _any(answer: Answer) -> object:
    rows = answer.rows()
    answer.env.run.weigh(rows)
    if any(equal(rows[0], row) is not True for row in rows[1:]):
        answer.fault("matching rules have different results, but the hit policy is ANY")
        return None
    return rows[0]


def _rows(answer: Answer) -> object:
    return answer.rows()


def _by_priority(answer: Answer, orders: list[list[object]]) -> object:
    names = [output.name for output in answer.table.outputs]

    def rank(row: object) -> list[int]:
        cells = [row.get(name) for name in names] if len(names) > 1 and isinstance(row, dict) else [row]
        ranked = zip(cells, orders)  # noqa: B905 - a table without outputs is a finding, and has no order
        return [_rank(cell, order) for cell, order in ranked]

    answer.env.run.spend(len(answer.hits) * (sum(map(len, orders)) + 16 >> 4))
    ordered = sorted(answer.rows(), key=rank)
    return ordered[0] if answer.table.hit_policy == "PRIORITY" else ordered


def _rank(value: object, order: list[object]) -> int:
    return next((index for index, other in enumerate(order) if equal(value, other) is True), UNKNOWN)


def values_of(types: Mapping[str, Type], output: Output) -> str:
    """The values that an output may have as they are written: its own, else those that its type allows."""
    kind = named(types, output.type)
    return output.values or (kind.item.allowed if isinstance(kind, ItemType) else "")


def _order(builder: Builder, output: Output) -> list[object]:
    """The output's values from the most important to the least."""
    values = values_of(builder.types, output)
    if not values:
        return []
    try:
        return as_list(compile_feel(f"[{values}]")({}))
    except FeelSyntaxError:
        return []


def _aggregated(function: str) -> Policy:
    """The results in one, as the built-in function of that name does it."""

    def aggregate(answer: Answer) -> object:
        rows = [norm(row) for row in answer.rows()]
        try:
            return call_builtin(answer.env.run, function, [rows], None)
        except Misuse as misuse:
            answer.fault(f"{function} of the results: {misuse.reason}")
            return None

    return aggregate


def _count(answer: Answer) -> object:
    return Decimal(len(answer.hits))


_POLICIES: dict[str, Policy] = {
    "UNIQUE": _unique,
    "FIRST": _first,
    "ANY": _any,
    "COLLECT": _rows,
    "RULE ORDER": _rows,
}
_AGGREGATIONS: dict[str, Policy] = {
    "SUM": _aggregated("sum"),
    "MIN": _aggregated("min"),
    "MAX": _aggregated("max"),
    "COUNT": _count,
}
