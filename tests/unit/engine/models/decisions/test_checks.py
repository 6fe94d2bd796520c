"""Findings about DMN models: each names its element, line and remedy, and a good model has none."""

import pytest
from dmn_models import data, decision, feel, model, table

from engine.models.decisions import check
from engine.models.findings import Finding

AGE = [("age", "number")]
GOOD = [["< 18", '"young"'], [">= 18", '"old"']]


def _findings(*parts: str) -> list[Finding]:
    return check(model(*parts), "m.dmn")


def _table(rows: list[list[str]], policy: str = "UNIQUE", kind: str = "number") -> list[Finding]:
    return _findings(data("age", kind), decision("D", table([("age", kind)], ["n"], rows, policy), ["age"]))


def test_good_model_has_no_findings() -> None:
    assert _table(GOOD) == []


@pytest.mark.parametrize(
    ("rows", "policy", "rule", "words"),
    [
        ([["< 18", "1"], ["> 10", "2"]], "UNIQUE", "dmn-overlap", "rules 1 and 2"),
        ([["< 18", "1"], ["<= 18", "2"], ["> 18", "3"]], "UNIQUE", "dmn-overlap", "rules 1 and 2"),
        ([["< 18", "1"], ["> 10", "2"]], "ANY", "dmn-overlap", "different results"),
        ([["< 18", "1"], ["> 18", "2"]], "UNIQUE", "dmn-gap", "age: 18"),
        ([["[0..10]", "1"], ["(10..20]", "2"]], "UNIQUE", "dmn-gap", "age: < 0"),
        ([["-", "1"], ["> 10", "2"]], "FIRST", "dmn-unreachable", "rule 2 never matches"),
        ([["(5..5)", "1"], ["-", "2"]], "FIRST", "dmn-unreachable", "accepts nothing"),
        ([['"a"', "1"], ["-", "2"]], "FIRST", "dmn-type-clash", "of type number, the cell string"),
        ([["> 1 2", "1"]], "UNIQUE", "dmn-expression", "expected"),
        ([["-", "nothing + 1"]], "UNIQUE", "dmn-name-unknown", "names nothing"),
        ([["-", "1"]], "SOME", "dmn-hit-policy", "unknown hit policy SOME"),
        ([["-", "1"]], "PRIORITY", "dmn-hit-policy", "needs the outputs' values"),
        ([["-"]], "UNIQUE", "dmn-rule", "fewer cells"),
    ],
)
def test_table_that_is_wrong_is_told_so(rows: list[list[str]], policy: str, rule: str, words: str) -> None:
    found = [one for one in _table(rows, policy) if one.rule == rule]
    assert found
    assert words in found[0].message
    assert found[0].line >= 2
    assert found[0].remedy


def test_gap_between_booleans_and_listed_values_is_found() -> None:
    allowed = '<allowedValues><text>"A","B"</text></allowedValues>'
    kinds = f'<itemDefinition name="tKind"><typeRef>string</typeRef>{allowed}</itemDefinition>'
    rows = [['"A"', "true", "1"], ['"B"', "-", "2"]]
    logic = table([("kind", "tKind"), ("paid", "boolean")], ["n"], rows)
    found = _findings(
        kinds, data("kind", "tKind"), data("paid", "boolean"), decision("D", logic, ["kind", "paid"])
    )
    assert [one.message for one in found] == ['no rule answers kind: "A", paid: false']


@pytest.mark.parametrize(
    ("part", "rule"),
    [
        (decision("D", feel("1 +")), "dmn-expression"),
        (data("b") + decision("D", feel("a + 1")), "dmn-name-unknown"),
        (decision("D", feel("a + 1")), "dmn-input-undeclared"),
        (decision("D", feel("summ([1])")), "dmn-name-unknown"),
        (
            decision("D", f'<relation><column name="a"/><column name="b"/><row>{feel("1")}</row></relation>'),
            "dmn-rule",
        ),
        (decision("D", feel("1"), ["missing"]), "dmn-reference"),
        (decision("D", feel("1"), type_name="tNothing"), "dmn-type"),
        (decision("D", ""), "dmn-empty"),
        (decision("D", feel("1"), ["d_D"]), "dmn-cycle"),
        ('<itemDefinition name="tA"><typeRef>tA</typeRef></itemDefinition>', "dmn-type"),
        (decision("D", feel("1")) + decision("D", feel("1")), "dmn-id"),
        ('<import namespace="urn:x" name="x" importType="DMN"/>', "dmn-import"),
        (decision("D", '<functionDefinition kind="Java"><context/></functionDefinition>'), "dmn-external"),
        (
            decision(
                "D", '<literalExpression expressionLanguage="javascript"><text>1</text></literalExpression>'
            ),
            "dmn-language",
        ),
    ],
)
def test_model_that_is_wrong_is_told_so(part: str, rule: str) -> None:
    assert rule in {one.rule for one in _findings(part)}


def test_names_within_filters_may_be_entries_of_the_items() -> None:
    assert _findings(data("list"), decision("D", feel("list[price > 3]"), ["list"])) == []


def test_function_in_a_context_may_call_itself() -> None:
    logic = "if n < 2 then 1 else n * f(n - 1)"
    boxed = (
        f'<context><contextEntry><variable name="f"/><functionDefinition><formalParameter name="n"/>{feel(logic)}'
        f"</functionDefinition></contextEntry><contextEntry>{feel('f(5)')}</contextEntry></context>"
    )
    literal = feel("{f: function(n) if n < 2 then 1 else n * f(n - 1), r: f(5)}.r")
    assert _findings(decision("A", boxed), decision("B", literal)) == []


def test_null_is_a_cell_that_a_missing_input_meets() -> None:
    assert _table([["true", "1"], ["false", "2"], ["null", "3"]], kind="boolean") == []


def test_entries_of_one_name_and_results_outside_their_values_are_told() -> None:
    entry = f'<contextEntry><variable name="a"/>{feel("1")}</contextEntry>'
    assert [one.rule for one in _findings(decision("D", f"<context>{entry}{entry}</context>"))] == [
        "dmn-name"
    ]
    output = '<output name="o"><outputValues><text>"x", "y"</text></outputValues></output>'
    logic = table([("1", "number")], [output], [["1", '"x"'], ["2", '"z"']], "FIRST")
    found = [one for one in _findings(decision("D", logic)) if one.rule == "dmn-output-value"]
    assert [one.message for one in found] == ['the result "z" is not among the output\'s values "x", "y"']
    no_output = table([("1", "number")], [], [["1"]])
    assert "dmn-rule" in {one.rule for one in _findings(decision("D", no_output))}


def test_word_without_quotes_is_told_how_a_text_is_written() -> None:
    found = [one for one in _table([["young", "1"]], kind="string") if one.rule == "dmn-name-unknown"]
    assert 'write "young"' in found[0].remedy


@pytest.mark.parametrize("bad", [b"", b"<a/>", b"\xff\xfe"])
def test_what_is_no_dmn_is_one_finding(bad: bytes) -> None:
    assert [one.rule for one in check(bad, "m.dmn")] == ["dmn-unreadable"]
