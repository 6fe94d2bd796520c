"""What is wrong with a DMN model, as findings with element and line: names, types, references, expressions.

What is wrong within a decision table is found in `table_checks`.
"""

from collections.abc import Sequence

from engine.errors import ModelUnreadable
from engine.feel import syntax
from engine.feel.expression import Expression
from engine.feel.registry import BUILTINS
from engine.feel.types import simple
from engine.models.decisions import elements
from engine.models.decisions.compiling import Names
from engine.models.decisions.elements import Boxed, Entry, Item, Node, Text
from engine.models.decisions.graph import Model, together
from engine.models.decisions.item_types import MAX_ALIASES, ItemType, named
from engine.models.decisions.reading import read
from engine.models.decisions.table_checks import check_table
from engine.models.findings import Finding, Findings, in_order


def check(data: bytes, file: str = "model.dmn", imports: Sequence[bytes] = ()) -> list[Finding]:
    """Everything that can be said against a model without running it; errors refuse it, warnings do not."""
    findings = Findings(file)
    try:
        definitions = [read(data, file, findings), *(read(one, file) for one in imports)]
    except ModelUnreadable as error:
        findings.error("dmn-unreadable", file, 0, str(error.facts["reason"]), "save it as DMN 1.1 to 1.5")
        return findings.items
    model = together(definitions)[0]
    for item in model.definitions.items.values():
        _check_item(model, item, findings)
    for one in model.definitions.imports:
        if one.namespace not in model.library:
            message = f"the imported model {one.namespace} is not there"
            findings.warning("dmn-import", one.name, one.line, message, "deploy it together with this one")
    for node in model.definitions.nodes.values():
        _check_node(model, node, findings)
    _check_cycles(model, findings)
    return in_order(findings.items)


def _check_item(model: Model, item: Item, findings: Findings) -> None:
    if item.type and not _is_type(model, item.type):
        _unknown_type(item.type, item.name, item.line, findings)
    kind = model.types.get(item.name)
    if isinstance(kind, ItemType) and kind.item is item and kind.is_circle():
        message = f"the type {item.name} only names others, in a circle or more than {MAX_ALIASES} in a row"
        findings.error("dmn-type", item.name, item.line, message, "name the type that is meant")
    for text in (item.allowed, item.constraint):
        if text:
            _expression(
                model, Text(text=text, line=item.line), frozenset("?"), item.name, findings, unary=True
            )
    for part in item.components:
        _check_item(model, part, findings)


def _is_type(model: Model, name: str) -> bool:
    return named(model.types, name) is not None or simple(name) is not None


def _unknown_type(type_name: str, element: str, line: int, findings: Findings) -> None:
    findings.error(
        "dmn-type", element, line, f"there is no type {type_name}", "define it, or use one of FEEL's types"
    )


def _check_node(model: Model, node: Node, findings: Findings) -> None:
    for href in (*node.requires, *node.inputs, *node.outputs):
        if model.refer(href) is None:
            message = f"{node.name} refers to {href}, which is not there"
            imported = bool(href.partition("#")[0])
            report = findings.warning if imported else findings.error
            report("dmn-reference", node.id, node.line, message, "add the element, or import its model")
    if node.type and not _is_type(model, node.type):
        _unknown_type(node.type, node.id, node.line, findings)
    if node.kind == "decision" and node.body is None:
        findings.warning(
            "dmn-empty", node.id, node.line, f"{node.name} has no logic and is null", "give it an expression"
        )
    _Walk(model, node, findings).boxed(node.body, model.names(node))


class _Walk:
    """Goes through one node's boxed expressions with the names that are known at each place."""

    def __init__(self, model: Model, node: Node, findings: Findings) -> None:
        self.model, self.node, self.findings = model, node, findings

    def boxed(self, boxed: Boxed | None, names: Names) -> None:
        """Check an expression and all within it."""
        if boxed is None:
            return
        if boxed.type and not _is_type(self.model, boxed.type):
            _unknown_type(boxed.type, self.node.id, boxed.line, self.findings)
        if isinstance(boxed, Text):
            if boxed.text:
                _expression(self.model, boxed, names, self.node.id, self.findings)
        elif isinstance(boxed, elements.Table):
            self._table(boxed, names)
        elif isinstance(boxed, elements.Context):
            self._entries(boxed.entries, names)
        else:
            self._parts(boxed, names)

    def _entries(self, entries: tuple[Entry, ...], names: Names) -> None:
        seen: set[str] = set()
        for entry in entries:
            own = {entry.name} if isinstance(entry.value, elements.Function) else set()
            self.boxed(entry.value, names | own)
            if entry.name in seen:
                message = f"{self.node.name} has two entries of the name {entry.name}"
                self.findings.error("dmn-name", self.node.id, entry.line, message, "rename one of them")
            names |= {entry.name}
            seen.add(entry.name)

    def _parts(self, boxed: Boxed, names: Names) -> None:
        if isinstance(boxed, elements.Function):
            self.boxed(boxed.body, names | {param.name for param in boxed.params})
        elif isinstance(boxed, elements.Invocation):
            self.boxed(boxed.function, names)
            for entry in boxed.bindings:
                self.boxed(entry.value, names)
        elif isinstance(boxed, elements.Filter):
            self.boxed(boxed.source, names)  # in its match, any name may be an entry of the items
        elif isinstance(boxed, elements.Iterator):
            self.boxed(boxed.source, names)
            self.boxed(boxed.body, names | {boxed.variable, "partial"})
        else:
            for part in _inner(boxed):
                self.boxed(part, names)

    def _table(self, table: elements.Table, names: Names) -> None:
        for column in table.inputs:
            self.boxed(column.expression, names)
        for output in table.outputs:
            self.boxed(output.default, names)
        cells: list[list[Expression | None]] = []
        for rule in table.rules:
            asked = names | {"?"}
            row = [
                _expression(self.model, one, asked, rule.id, self.findings, unary=True) for one in rule.tests
            ]
            cells.append(row)
            for result in rule.results:
                self.boxed(result, names)
        check_table(self.model, self.node, table, cells, self.findings)


def _inner(boxed: Boxed) -> list[Boxed | None]:
    if isinstance(boxed, elements.Listing):
        return list(boxed.items)
    if isinstance(boxed, elements.Relation):
        return [cell for row in boxed.rows for cell in row]
    if isinstance(boxed, elements.Conditional):
        return [boxed.condition, boxed.then, boxed.otherwise]
    return []


def _expression(
    model: Model, text: Text, names: Names, element: str, findings: Findings, *, unary: bool = False
) -> Expression | None:
    """The compiled text; what is wrong with it becomes findings."""
    expression = model.builder.expression(text, names, unary=unary)
    if expression is None:
        facts = model.builder.errors[-1][1].facts
        line = text.line + int(str(facts["line"])) - 1
        message = f"`{text.text[:60]}`: expected {facts['expected']}, found {facts['found']}"
        findings.error("dmn-expression", element, line, message, f"mend the FEEL at column {facts['column']}")
        return None
    unknown = expression.certain - names - BUILTINS.keys()
    if model.is_open() and not model.definitions.imports:
        unknown -= _undeclared(model, unknown - _called(expression.tree), text.line, findings)
    for name in sorted(unknown):
        message = f"`{text.text[:60]}` names {name}, which is not known here"
        remedy = "add a requirement for it, or mend the name"
        if text.text == name:
            remedy += f', or write "{name}" if it is a text'
        findings.error("dmn-name-unknown", element, text.line, message, remedy)
    return expression


def _called(node: object) -> set[str]:
    """The names in a tree that are called as functions, which nobody can hand in."""
    if isinstance(node, tuple):
        return {name for part in node for name in _called(part)}
    fields = getattr(node, "__dataclass_fields__", ())
    found = {name for field in fields for name in _called(getattr(node, field))}
    if isinstance(node, syntax.Call) and isinstance(node.function, syntax.Name):
        found.add(node.function.name)
    return found


def _undeclared(model: Model, names: frozenset[str], line: int, findings: Findings) -> frozenset[str]:
    """Names that a model without input data must mean to be handed in; told once each."""
    outputs = {
        output.name
        for node in model.definitions.nodes.values()
        if isinstance(node.body, elements.Table)
        for output in node.body.outputs
    }
    told = {one.element for one in findings.items if one.rule == "dmn-input-undeclared"}
    for name in sorted(names - outputs - model.definitions.nodes.keys() - told):
        message = f"{name} is declared nowhere: it is taken from what the decision is handed"
        remedy = f"draw an input data {name} and require it, so that mistyped names are found"
        findings.warning("dmn-input-undeclared", name, line, message, remedy)
    return names


def _check_cycles(model: Model, findings: Findings) -> None:
    """Decisions that need themselves."""
    done: set[str] = set()
    for start in model.definitions.nodes.values():
        path: list[str] = []
        _follow(model, start, path, done, findings)


def _follow(model: Model, node: Node, path: list[str], done: set[str], findings: Findings) -> None:
    if node.id in path:
        _tell_circle([model.definitions.nodes[one] for one in path[path.index(node.id) :]], node, findings)
        return
    if node.id in done or len(path) > 200 or node.kind == "decisionService":
        return
    for owner, one in model.required(node):
        if owner is model and one.kind != "decisionService":
            _follow(model, one, [*path, node.id], done, findings)
    done.add(node.id)


def _tell_circle(circle: list[Node], node: Node, findings: Findings) -> None:
    """Decisions in a circle have no result; functions may call each other, though the standard forbids it."""
    names = ", ".join(one.name for one in circle)
    if all(one.kind == "businessKnowledgeModel" for one in circle):
        message = f"these call each other in a circle, which DMN does not foresee: {names}"
        findings.warning(
            "dmn-cycle", node.id, node.line, message, "other engines may refuse it; a loop may do the same"
        )
    else:
        message = f"these need each other in a circle: {names}"
        findings.error("dmn-cycle", node.id, node.line, message, "take out one of the requirements")
