"""Boxed expressions and decision tables, read from their XML into `elements`."""

from collections.abc import Callable

from lxml import etree

from engine import xml
from engine.models.decisions import elements
from engine.models.decisions.elements import Boxed, Entry, Input, Output, Rule, Table, Text
from engine.models.findings import Findings

HIT_POLICIES = ("UNIQUE", "FIRST", "PRIORITY", "ANY", "COLLECT", "RULE ORDER", "OUTPUT ORDER")
_FEEL = ("", "feel", "FEEL")


def local(one: etree._Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(one).localname


def children(one: etree._Element, *names: str) -> list[etree._Element]:
    """The child elements, of these names if given."""
    return [part for part in one if isinstance(part.tag, str) and (not names or local(part) in names)]


def first(one: etree._Element, *names: str) -> etree._Element | None:
    """The first child element of these names."""
    found = children(one, *names)
    return found[0] if found else None


def text_of(one: etree._Element | None) -> str:
    """The content of the element's `text` child."""
    part = first(one, "text") if one is not None else None
    return (part.text or "").strip() if part is not None else ""


def variable_type(one: etree._Element) -> str:
    """The type of the element's variable."""
    variable = first(one, "variable")
    return (variable.get("typeRef") or "") if variable is not None else ""


def boxed(one: etree._Element | None, findings: Findings) -> Boxed | None:
    """The expression that stands in an element, or None."""
    for part in children(one) if one is not None else ():
        if local(part) in _READERS:
            return expression(part, findings)
    return None


def expression(one: etree._Element, findings: Findings) -> Boxed:
    """The boxed expression that this element is."""
    return _READERS[local(one)](one, findings)


def _literal(one: etree._Element, findings: Findings) -> Text:
    language = one.get("expressionLanguage", "")
    if language not in _FEEL and "FEEL" not in language.upper():
        findings.error(
            "dmn-language",
            one.get("id", ""),
            xml.line_of(one),
            f"expressions in {language} are not run",
            "write FEEL",
        )
    return Text(text=text_of(one), type=one.get("typeRef", ""), line=xml.line_of(one))


def _context(one: etree._Element, findings: Findings) -> Boxed:
    entries = []
    for part in children(one, "contextEntry"):
        variable = first(part, "variable")
        name = variable.get("name", "") if variable is not None else ""
        value = boxed(part, findings)
        entries.append(Entry(name=name, value=value, type=variable_type(part), line=xml.line_of(part)))
    return elements.Context(entries=tuple(entries), type=one.get("typeRef", ""), line=xml.line_of(one))


def _invocation(one: etree._Element, findings: Findings) -> Boxed:
    bindings = []
    for part in children(one, "binding"):
        parameter = first(part, "parameter")
        name = parameter.get("name", "") if parameter is not None else ""
        bindings.append(Entry(name=name, value=boxed(part, findings), line=xml.line_of(part)))
    return elements.Invocation(
        function=boxed(one, findings),
        bindings=tuple(bindings),
        type=one.get("typeRef", ""),
        line=xml.line_of(one),
    )


def function(one: etree._Element, findings: Findings) -> elements.Function:
    """A function definition or the logic that a business knowledge model encapsulates."""
    kind = one.get("kind", "FEEL")
    if kind != "FEEL":
        findings.error(
            "dmn-external",
            one.get("id", ""),
            xml.line_of(one),
            f"functions in {kind} are not run",
            "write it in FEEL",
        )
    params = tuple(
        Entry(name=part.get("name", ""), type=part.get("typeRef", ""), line=xml.line_of(part))
        for part in children(one, "formalParameter")
    )
    body = boxed(one, findings)
    return elements.Function(
        params=params, body=body, kind=kind, type=one.get("typeRef", ""), line=xml.line_of(one)
    )


def _list(one: etree._Element, findings: Findings) -> Boxed:
    items = tuple(expression(part, findings) for part in children(one) if local(part) in _READERS)
    return elements.Listing(items=items, type=one.get("typeRef", ""), line=xml.line_of(one))


def _relation(one: etree._Element, findings: Findings) -> Boxed:
    columns = tuple(
        Entry(name=part.get("name", ""), type=part.get("typeRef", "")) for part in children(one, "column")
    )
    rows = []
    for row in children(one, "row"):
        cells = tuple(expression(part, findings) for part in children(row) if local(part) in _READERS)
        if len(cells) != len(columns):
            message = f"the row has {len(cells)} cells, the relation {len(columns)} columns"
            findings.error("dmn-rule", row.get("id", ""), xml.line_of(row), message, "mend the row")
        rows.append(cells)
    return elements.Relation(
        columns=columns, rows=tuple(rows), type=one.get("typeRef", ""), line=xml.line_of(one)
    )


def _conditional(one: etree._Element, findings: Findings) -> Boxed:
    condition, then, otherwise = (boxed(first(one, name), findings) for name in ("if", "then", "else"))
    return elements.Conditional(
        condition=condition,
        then=then,
        otherwise=otherwise,
        type=one.get("typeRef", ""),
        line=xml.line_of(one),
    )


def _filter(one: etree._Element, findings: Findings) -> Boxed:
    return elements.Filter(
        source=boxed(first(one, "in"), findings),
        match=boxed(first(one, "match"), findings),
        type=one.get("typeRef", ""),
        line=xml.line_of(one),
    )


def _iterator(one: etree._Element, findings: Findings) -> Boxed:
    return elements.Iterator(
        kind=local(one),
        variable=one.get("iteratorVariable", ""),
        source=boxed(first(one, "in"), findings),
        body=boxed(first(one, "return", "satisfies"), findings),
        type=one.get("typeRef", ""),
        line=xml.line_of(one),
    )


def _table(one: etree._Element, findings: Findings) -> Boxed:
    policy, aggregation = one.get("hitPolicy", "UNIQUE"), one.get("aggregation", "")
    where = one.get("id", ""), xml.line_of(one)
    if policy not in HIT_POLICIES or aggregation not in ("", "SUM", "COUNT", "MIN", "MAX"):
        findings.error(
            "dmn-hit-policy", *where, f"unknown hit policy {policy} {aggregation}", "use one of DMN's seven"
        )
    inputs, outputs = children(one, "input"), children(one, "output")
    table = Table(
        inputs=tuple(_input(part, findings) for part in inputs),
        outputs=tuple(_output(part, findings) for part in outputs),
        rules=tuple(_rule(part, findings) for part in children(one, "rule")),
        hit_policy=policy,
        aggregation=aggregation,
        type=one.get("typeRef", ""),
        line=where[1],
    )
    for rule in table.rules:
        if len(rule.tests) != len(inputs) or len(rule.results) != len(outputs):
            findings.error(
                "dmn-rule",
                rule.id,
                rule.line,
                "the rule has more or fewer cells than columns",
                "mend the row",
            )
    return table


def _input(one: etree._Element, findings: Findings) -> Input:
    part = first(one, "inputExpression")
    text = _literal(part, findings) if part is not None else Text(text=one.get("label", ""))
    return Input(expression=text, values=text_of(first(one, "inputValues")), label=one.get("label", ""))


def _output(one: etree._Element, findings: Findings) -> Output:
    default = first(one, "defaultOutputEntry")
    return Output(
        name=one.get("name", ""),
        type=one.get("typeRef", ""),
        values=text_of(first(one, "outputValues")),
        default=_literal(default, findings) if default is not None else None,
    )


def _rule(one: etree._Element, findings: Findings) -> Rule:
    return Rule(
        id=one.get("id", ""),
        tests=tuple(_literal(part, findings) for part in children(one, "inputEntry")),
        results=tuple(_literal(part, findings) for part in children(one, "outputEntry")),
        line=xml.line_of(one),
    )


_READERS: dict[str, Callable[[etree._Element, Findings], Boxed]] = {
    "literalExpression": _literal,
    "context": _context,
    "invocation": _invocation,
    "functionDefinition": function,
    "list": _list,
    "relation": _relation,
    "conditional": _conditional,
    "filter": _filter,
    "for": _iterator,
    "some": _iterator,
    "every": _iterator,
    "decisionTable": _table,
}
