"""Decision tables made to run: find the rules that match, then answer as the hit policy says.

The index over a column is in `columns`, the hit policies in `hit_policies`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from engine.feel import syntax
from engine.feel.compiled_tests import INPUT
from engine.feel.expression import Expression
from engine.feel.runtime import Env
from engine.feel.types import Type
from engine.feel.values import norm
from engine.models.decisions.columns import Column
from engine.models.decisions.compiling import Builder, Code, Names, fit
from engine.models.decisions.elements import Rule, Table, Text
from engine.models.decisions.hit_policies import Answer, policy_of
from engine.models.decisions.item_types import named


@dataclass(slots=True)
class Condition:
    """One column of conditions: what it asks, the index over its cells, and the cells themselves."""

    value: Code
    kind: Type | None
    type_name: str
    column: Column
    cells: list[Expression | None]
    allowed: Expression | None
    label: str

    def ask(self, env: Env) -> object:
        """The value that the cells are about."""
        value = self.value(env)
        return value if self.kind is None else fit(env.run, value, self.kind, self.type_name)

    def allows(self, env: Env, value: object) -> bool:
        """Whether the column's input values hold the value, or every item of a list; told where they do not."""
        if self.allowed is None:
            return True
        tested = [value, *value] if isinstance(value, list) else [value]
        held = [self.allowed.at(Env({INPUT: norm(one)}, env, env.run)) is True for one in tested]
        if held[0] or (len(held) > 1 and all(held[1:])):
            return True
        env.run.fault(0, f"the input {self.label} is not among its values {self.allowed.text}")
        return False


def compile_table(builder: Builder, table: Table, names: Names) -> Code:
    """The closure that answers with the table's result."""
    conditions = [_condition(builder, table, index, names) for index in range(len(table.inputs))]
    rows = [_row(builder, table, rule, names) for rule in table.rules]
    answer = policy_of(builder, table, names)
    everything = (1 << len(rows)) - 1
    first_only = table.hit_policy == "FIRST"

    def result(env: Env) -> object:
        run = env.run
        run.spend(1 + (len(rows) >> 4))
        values: list[object] = []
        possible, refused = everything, False
        doubtful: list[tuple[int, int, int]] = []
        for index, condition in enumerate(conditions):
            value = condition.ask(env)
            values.append(value)
            if condition.allowed is not None and not condition.allows(env, value):
                refused = True
            if not possible:
                continue
            sure, asked = condition.column.look_up(value)
            possible &= sure | asked
            if asked & ~sure:
                doubtful.append((index, sure, asked))
        hits = [] if refused else _confirmed(env, possible, doubtful, conditions, values, first_only)
        _record(env, table, values, hits)
        return (
            None
            if refused
            else answer(Answer(env=env, table=table, hits=hits, row=lambda hit: rows[hit](env)))
        )

    return result


def _confirmed(  # noqa: PLR0917 - one step of the closure above
    env: Env,
    possible: int,
    doubtful: list[tuple[int, int, int]],
    conditions: list[Condition],
    values: list[object],
    first_only: bool,
) -> "list[int]":
    """The rules among the possible ones whose evaluated cells accept the values too."""
    hits: list[int] = []
    scopes: dict[int, Env] = {}
    while possible:
        bit = possible & -possible
        possible ^= bit
        rule = bit.bit_length() - 1
        for index, sure, asked in doubtful:
            if bit & asked and not bit & sure:
                scope = scopes.get(index)
                if scope is None:
                    scope = scopes[index] = Env({INPUT: values[index]}, env, env.run)
                cell = conditions[index].cells[rule]
                if cell is None or cell.at(scope) is not True:
                    break
        else:
            hits.append(rule)
            if first_only:
                break
    return hits


def _condition(builder: Builder, table: Table, index: int, names: Names) -> Condition:
    column = table.inputs[index]
    cells: list[Expression | None] = []
    lookup = Column()
    for number, rule in enumerate(table.rules):
        cell = builder.expression(rule.tests[index], names, unary=True) if index < len(rule.tests) else None
        cells.append(cell)
        lookup.add(
            number, cell.tree if cell is not None and isinstance(cell.tree, syntax.UnaryTests) else None
        )
    lookup.close()
    value = builder.code(Text(text=column.expression.text, line=column.expression.line), names)
    kind = named(builder.types, column.expression.type)
    allowed = Text(text=column.values, line=column.expression.line)
    constraint = builder.expression(allowed, names, unary=True) if column.values else None
    label = column.label or column.expression.text
    return Condition(value, kind, column.expression.type, lookup, cells, constraint, label)


def _row(builder: Builder, table: Table, rule: Rule, names: Names) -> Callable[[Env], object]:
    """The closure of a rule's result: one value, or a context of the outputs' names."""
    cells = [
        (output.name, builder.fitted(builder.code(cell, names), output.type))
        for output, cell in zip(table.outputs, rule.results)  # noqa: B905 - a short row is a finding
    ]
    if len(table.outputs) == 1:
        return cells[0][1] if cells else lambda env: None
    return lambda env: {name: cell(env) for name, cell in cells}


def _record(env: Env, table: Table, values: list[object], hits: list[int]) -> None:
    """Keep what was asked and which rules matched, for the trace."""
    if env.run.trace is not None:
        asked = {
            column.expression.text: norm(value) for column, value in zip(table.inputs, values, strict=True)
        }
        matched = [{"index": hit + 1, "id": table.rules[hit].id} for hit in hits]
        env.run.trace.append(
            {"table": table.line, "inputs": asked, "rules": matched, "hit_policy": table.hit_policy}
        )
