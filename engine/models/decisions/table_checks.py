"""What is wrong within one decision table: cells of another type, rules that overlap or never match, inputs without a rule.

Expressions themselves are checked in `checks`.
"""

from decimal import Decimal

from engine.errors import FeelSyntaxError
from engine.feel import syntax
from engine.feel.expression import Expression
from engine.feel.expression import compile as compile_feel
from engine.feel.temporals import Date, DateTime, DaysTime, Time, YearsMonths
from engine.models.decisions.coverage import Coverage
from engine.models.decisions.elements import Input, Node, Output, Table, Text
from engine.models.decisions.graph import Model
from engine.models.decisions.hit_policies import values_of
from engine.models.decisions.item_types import ItemType, named
from engine.models.decisions.segments import Segments, cut
from engine.models.findings import Findings

Cells = list[list[Expression | None]]
_KINDS: dict[type, str] = {
    str: "string",
    bool: "boolean",
    Decimal: "number",
    Date: "date",
    Time: "time",
    DateTime: "date and time",
    DaysTime: "days and time duration",
    YearsMonths: "years and months duration",
}
_SAYS_ONE = ("UNIQUE", "ANY")


def check_table(model: Model, node: Node, table: Table, cells: Cells, findings: Findings) -> None:
    """Add what is wrong with the table to *findings*."""
    where = node.id
    if table.aggregation and len(table.outputs) > 1:
        message = f"{table.aggregation} cannot be computed over {len(table.outputs)} outputs"
        findings.error("dmn-hit-policy", where, table.line, message, "keep one output")
    if table.hit_policy in ("PRIORITY", "OUTPUT ORDER") and not any(
        values_of(model.types, output) for output in table.outputs
    ):
        message = f"the hit policy {table.hit_policy} needs the outputs' values in order"
        findings.error("dmn-hit-policy", where, table.line, message, "list the output values")
    if not table.outputs:
        findings.error(
            "dmn-rule", where, table.line, f"the table of {node.name} has no output", "add a column"
        )
    for output in table.outputs:
        _check_results(model, table, output, where, findings)
    types = [_type_name(model, column) for column in table.inputs]
    for row, rule in zip(cells, table.rules, strict=True):
        for cell, kind, column in zip(row, types, table.inputs, strict=False):
            _check_type(cell, kind, column, rule.id or where, rule.line, findings)
    columns = [_segments(model, table, cells, index, kind) for index, kind in enumerate(types)]
    _check_coverage(node, table, Coverage(tuple(columns), len(table.rules)), findings)


def _check_results(model: Model, table: Table, output: Output, element: str, findings: Findings) -> None:
    """Constant results that are not among the values that the output lists one by one."""
    values = _listed(output.values)
    at = table.outputs.index(output)
    for rule in table.rules if values else ():
        result = rule.results[at] if at < len(rule.results) else None
        tree = _result(result)
        if isinstance(tree, syntax.Literal) and tree.value is not None and tree.value not in values:
            message = (
                f"the result {getattr(result, 'text', '')} is not among the output's values {output.values}"
            )
            findings.warning(
                "dmn-output-value", rule.id or element, rule.line, message, "mend the one or the other"
            )


def _result(cell: object) -> syntax.Node | None:
    if not isinstance(cell, Text) or not cell.text:
        return None
    try:
        return compile_feel(cell.text).tree
    except FeelSyntaxError:
        return None


def _type_name(model: Model, column: Input) -> str:
    kind = named(model.types, column.expression.type)
    depth = 0
    while isinstance(kind, ItemType) and depth < 20:
        if kind.item.is_collection:
            return ""
        kind, depth = kind.base(), depth + 1
    return getattr(kind, "name", "")


def _segments(model: Model, table: Table, cells: Cells, index: int, kind: str) -> Segments | None:
    trees = [_tree(row[index]) if index < len(row) else None for row in cells]
    return cut(trees, kind, _domain(model, table.inputs[index]))


def _tree(cell: Expression | None) -> syntax.UnaryTests | None:
    return cell.tree if cell is not None and isinstance(cell.tree, syntax.UnaryTests) else None


def _domain(model: Model, column: Input) -> list[object]:
    """The values that the column or its type allows, if they are listed one by one."""
    kind = named(model.types, column.expression.type)
    allowed = kind.item.allowed or kind.item.constraint if isinstance(kind, ItemType) else ""
    return _listed(column.values or allowed)


def _listed(text: str) -> list[object]:
    """The values in a list of constants; none where it holds anything else."""
    if not text:
        return []
    try:
        tree = compile_feel(text, unary=True).tree
    except FeelSyntaxError:
        return []
    tests = tree.tests if isinstance(tree, syntax.UnaryTests) and not tree.negated else ()
    values = [test.value for test in tests if isinstance(test, syntax.Literal)]
    return values if len(values) == len(tests) else []


def _check_type(  # noqa: PLR0917 - where it stands is part of every finding
    cell: Expression | None, kind: str, column: Input, element: str, line: int, findings: Findings
) -> None:
    """A constant in a cell that no value of the column's type is equal to."""
    tree = _tree(cell)
    for test in tree.tests if tree is not None and kind in _KINDS.values() else ():
        node = test.operand if isinstance(test, syntax.Test) else test
        found = _KINDS.get(type(node.value)) if isinstance(node, syntax.Literal) else None
        if found is not None and found != kind:
            message = (
                f"the column {column.label or column.expression.text} is of type {kind}, the cell {found}"
            )
            findings.error("dmn-type-clash", element, line, message, f"write a {kind}")


def _check_coverage(node: Node, table: Table, coverage: Coverage, findings: Findings) -> None:
    for rule in coverage.impossible():
        message = f"rule {rule + 1} never matches: one of its cells accepts nothing"
        findings.warning(
            "dmn-unreachable", node.id, table.rules[rule].line, message, "mend the cell or take the rule out"
        )
    if table.hit_policy == "UNIQUE":
        for first, second in coverage.overlaps():
            message = (
                f"rules {first + 1} and {second + 1} accept the same input, but the hit policy is UNIQUE"
            )
            remedy = "narrow one of them, or choose FIRST, PRIORITY or COLLECT"
            findings.error("dmn-overlap", node.id, table.rules[second].line, message, remedy)
    elif table.hit_policy == "ANY":
        _check_any(node, table, coverage, findings)
    elif table.hit_policy == "FIRST":
        for later, earlier in coverage.hidden():
            message = f"rule {later + 1} never matches: rule {earlier + 1} accepts all of its inputs before"
            remedy = "move it up or take it out"
            findings.warning("dmn-unreachable", node.id, table.rules[later].line, message, remedy)
    if not any(output.default for output in table.outputs) and table.hit_policy != "COLLECT":
        gap = coverage.gap()
        if gap is not None:
            names = (column.label or column.expression.text for column in table.inputs)
            what = ", ".join(f"{name}: {value}" for name, value in zip(names, gap, strict=True))
            message = f"no rule answers {what}"
            findings.warning("dmn-gap", node.id, table.line, message, "add a rule or default outputs")


def _check_any(node: Node, table: Table, coverage: Coverage, findings: Findings) -> None:
    for first, second in coverage.overlaps():
        if table.rules[first].results != table.rules[second].results and _differ(table, first, second):
            message = f"rules {first + 1} and {second + 1} accept the same input with different results"
            findings.error(
                "dmn-overlap", node.id, table.rules[second].line, message, "give them the same results"
            )


def _differ(table: Table, first: int, second: int) -> bool:
    a, b = ([getattr(cell, "text", None) for cell in table.rules[rule].results] for rule in (first, second))
    return a != b
