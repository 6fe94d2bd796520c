"""What a decision table answers when no rule, one or several match: DMN's seven hit policies and the aggregations.

Finding the rules is the business of `tables`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

from engine.errors import FeelSyntaxError
from engine.feel.arithmetic import add
from engine.feel.comparison import equal, less
from engine.feel.expression import compile as compile_feel
from engine.feel.runtime import Env
from engine.feel.values import as_list, norm
from engine.models.decisions.compiling import Builder, Code, Names
from engine.models.decisions.elements import Output, Table

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
    orders = [_order(output) for output in table.outputs]
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
        return [_rank(cell, order) for cell, order in zip(cells, orders, strict=True)]

    ordered = sorted(answer.rows(), key=rank)
    return ordered[0] if answer.table.hit_policy == "PRIORITY" else ordered


def _rank(value: object, order: list[object]) -> int:
    return next((index for index, other in enumerate(order) if equal(value, other) is True), UNKNOWN)


def _order(output: Output) -> list[object]:
    """The output's values from the most important to the least."""
    if not output.values:
        return []
    try:
        return as_list(compile_feel(f"[{output.values}]")({}))
    except FeelSyntaxError:
        return []


def _numbers(answer: Answer) -> list[object]:
    return [norm(row) for row in answer.rows()]


def _sum(answer: Answer) -> object:
    return reduce(add, _numbers(answer))


def _least(answer: Answer) -> object:
    return reduce(lambda a, b: b if less(b, a) else a, _numbers(answer))


def _greatest(answer: Answer) -> object:
    return reduce(lambda a, b: b if less(a, b) else a, _numbers(answer))


def _count(answer: Answer) -> object:
    return Decimal(len(answer.hits))


_POLICIES: dict[str, Policy] = {
    "UNIQUE": _unique,
    "FIRST": _first,
    "ANY": _any,
    "COLLECT": _rows,
    "RULE ORDER": _rows,
}
_AGGREGATIONS: dict[str, Policy] = {"SUM": _sum, "MIN": _least, "MAX": _greatest, "COUNT": _count}
