"""Declared types: what is made to fit, what is null, wherever a type may be declared."""

from datetime import UTC, datetime

import pytest
from dmn_models import data, decision, feel, model

from engine import feel as language
from engine.models.decisions import Surroundings, explain, load

ITEMS = """<itemDefinition name="tStrings" isCollection="true"><typeRef>string</typeRef></itemDefinition>
<itemDefinition name="tPart"><itemComponent name="a"><typeRef>number</typeRef></itemComponent>
<itemComponent name="b"><typeRef>string</typeRef></itemComponent></itemDefinition>
<itemDefinition name="tParts" isCollection="true"><typeRef>tPart</typeRef></itemDefinition>
<itemDefinition name="tBig"><typeRef>number</typeRef><allowedValues><text>&gt; 10</text></allowedValues></itemDefinition>
<itemDefinition name="tBigs" isCollection="true"><typeRef>number</typeRef>
<allowedValues><text>&gt; 10</text></allowedValues></itemDefinition>
<itemDefinition name="tSeveral" isCollection="true"><typeRef>number</typeRef>
<typeConstraint><text>count(?) &gt; 1</text></typeConstraint></itemDefinition>
<itemDefinition name="tNamed"><itemComponent name="full name"><typeRef>string</typeRef></itemComponent>
<typeConstraint><text>string length(?.full name) &gt; 1</text></typeConstraint></itemDefinition>
<itemDefinition name="tPast"><typeRef>date</typeRef><allowedValues><text>&lt; today()</text></allowedValues></itemDefinition>
<itemDefinition name="tFunction"><functionItem outputTypeRef="number"><parameters name="x" typeRef="number"/>
</functionItem></itemDefinition>"""

TODAY = Surroundings(clock=lambda: datetime(2026, 11, 22, tzinfo=UTC))

CASES = [
    ("string", "10", "null"),
    ("string", '["a"]', '"a"'),
    ("string", '["a", "b"]', "null"),
    ("string", "[]", "null"),
    ("string", "null", "null"),
    ("tStrings", '"a"', '["a"]'),
    ("tStrings", "1", "null"),
    ("tStrings", '["a", 1]', "null"),
    ("tStrings", '["a", null]', '["a", null]'),
    ("tStrings", "[]", "[]"),
    ("date and time", '@"2000-01-01"', '@"2000-01-01T00:00:00Z"'),
    ("date", '@"2000-01-01T10:00:00"', "null"),
    ("duration", '@"P1Y"', '@"P1Y"'),
    ("days and time duration", '@"P1Y"', "null"),
    ("boolean", '"true"', "null"),
    ("number", '"1"', "null"),
    ("Any", "[1]", "[1]"),
    ("tPart", '{a: 1, b: "x", c: 3}', '{a: 1, b: "x", c: 3}'),
    ("tPart", "{a: 1}", "null"),
    ("tPart", '{a: null, b: "x"}', '{a: null, b: "x"}'),
    ("tPart", '{a: "1", b: "x"}', "null"),
    ("tPart", '[{a: 1, b: "x"}]', '{a: 1, b: "x"}'),
    ("tParts", '{a: 1, b: "x"}', '[{a: 1, b: "x"}]'),
    ("tParts", '[{a: 1, b: "x"}, {a: 1}]', "null"),
    ("tBig", "11", "11"),
    ("tBig", "10", "null"),
    ("tBig", "[11]", "11"),
    ("tBigs", "[11, 12]", "[11, 12]"),
    ("tBigs", "[11, 9]", "null"),
    ("tSeveral", "[1, 2]", "[1, 2]"),
    ("tSeveral", "[1]", "null"),
    ("tNamed", '{full name: "An"}', '{full name: "An"}'),
    ("tNamed", '{full name: "A"}', "null"),
    ("tPast", '@"2020-01-01"', '@"2020-01-01"'),
    ("tPast", '@"2920-01-01"', "null"),
]


def _entry(name: str, logic: str, kind: str = "") -> str:
    typed = f' typeRef="{kind}"' if kind else ""
    variable = f'<variable name="{name}"{typed}/>' if name else ""
    return f"<contextEntry>{variable}{logic}</contextEntry>"


def _knowledge(parameter: str, result: str) -> str:
    return (
        f'<businessKnowledgeModel id="k" name="k"><variable name="k" typeRef="{result}"/><encapsulatedLogic>'
        f'<formalParameter name="p" typeRef="{parameter}"/>{feel("p")}</encapsulatedLogic></businessKnowledgeModel>'
    )


def _function(kind: str, value: str) -> str:
    parameter = f'<formalParameter name="p" typeRef="{kind}"/>'
    definition = f"<functionDefinition>{parameter}{feel('p')}</functionDefinition>"
    return f"<context>{_entry('f', definition)}{_entry('', feel(f'f({value})'))}</context>"


def _invocation(value: str) -> str:
    return f'<invocation>{feel("k")}<binding><parameter name="p"/>{feel(value)}</binding></invocation>'


def _models(kind: str, value: str) -> dict[str, bytes]:
    row = f'<relation><column name="x" typeRef="{kind}"/><row>{feel(value)}</row></relation>'
    context = f"<context>{_entry('x', feel(value), kind)}</context>"
    literal = feel(value).replace("<literalExpression", f'<literalExpression typeRef="{kind}"')
    first = decision("First", feel(value), type_name=kind)
    return {
        "decision": model(ITEMS, decision("D", feel(value), type_name=kind)),
        "required decision": model(ITEMS, first, decision("D", feel("First"), ["d_First"])),
        "expression": model(ITEMS, decision("D", literal)),
        "entry": model(ITEMS, decision("C", context), decision("D", feel("C.x"), ["d_C"])),
        "column": model(ITEMS, decision("R", row), decision("D", feel("R[1].x"), ["d_R"])),
        "parameter": model(ITEMS, _knowledge(kind, "Any"), decision("D", feel(f"k({value})"), knows=["k"])),
        "result": model(ITEMS, _knowledge("Any", kind), decision("D", _invocation(value), knows=["k"])),
        "binding": model(ITEMS, _knowledge(kind, "Any"), decision("D", _invocation(value), knows=["k"])),
        "function": model(ITEMS, decision("D", _function(kind, value))),
    }


@pytest.mark.parametrize("place", list(_models("Any", "1")))
@pytest.mark.parametrize(("kind", "value", "expected"), CASES)
def test_value_fits_its_declared_type_or_is_null(kind: str, value: str, expected: str, place: str) -> None:
    found = explain(load(_models(kind, value)[place]), "D", {}, surroundings=TODAY)
    assert found.value == language.evaluate(expected, {})
    if expected == "null" and value != "null":
        assert found.warnings


@pytest.mark.parametrize(("kind", "value", "expected"), CASES)
def test_input_fits_its_declared_type_or_is_null(kind: str, value: str, expected: str) -> None:
    one = model(ITEMS, data("i", kind), decision("D", feel("i"), ["i"]))
    found = explain(load(one), "D", {"i": language.evaluate(value, {})}, surroundings=TODAY)
    assert found.value == language.evaluate(expected, {})


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("function(x: number) x", True),
        ("function(x) 1", True),
        ("function(x: string) 1", False),
        ("function(x, y) x", False),
        ("1", False),
    ],
)
def test_function_fits_a_function_type_by_its_parameters(value: str, fits: bool) -> None:
    found = explain(load(model(ITEMS, decision("D", feel(value), type_name="tFunction"))), "D", {})
    assert (found.value is not None) is fits


@pytest.mark.parametrize("place", ["knowledge", "definition", "entry"])
@pytest.mark.parametrize(("argument", "expected"), [("2", 2), ("[2]", 2), ('"a"', None)])
def test_type_of_a_boxed_function_may_be_that_of_its_results(
    place: str, argument: str, expected: object
) -> None:
    body = f'<formalParameter name="p"/>{feel("p")}'
    knowledge = (
        '<businessKnowledgeModel id="k" name="k"><variable name="k"/>'
        f'<encapsulatedLogic typeRef="number">{body}</encapsulatedLogic></businessKnowledgeModel>'
    )
    inner = ' typeRef="number"' if place == "definition" else ""
    outer = "number" if place == "entry" else ""
    entry = _entry("k", f"<functionDefinition{inner}>{body}</functionDefinition>", outer)
    call = feel(f"k({argument})")
    boxed = f"<context>{entry}{_entry('', call)}</context>"
    parts = (knowledge, decision("D", call, knows=["k"])) if place == "knowledge" else (decision("D", boxed),)
    assert explain(load(model(*parts)), "D", {}).value == expected


def test_service_takes_and_gives_what_its_types_say() -> None:
    service = (
        '<decisionService id="s" name="S"><variable name="S" typeRef="tStrings"/><outputDecision href="#d_Out"/>'
        '<inputData href="#i"/></decisionService>'
    )
    parts = (ITEMS, data("i", "string"), decision("Out", feel("i"), ["i"]), service)
    good = model(*parts, decision("D", feel('S(["a"])'), knows=["s"]))
    assert explain(load(good), "D", {}).value == ["a"]
    bad = explain(load(model(*parts, decision("D", feel("S(1)"), knows=["s"]))), "D", {})
    assert bad.value is None
    assert bad.warnings
    assert explain(load(good), "S", {"i": "b"}, kind="decisionService").value == ["b"]
