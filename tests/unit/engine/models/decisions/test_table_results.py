"""What a table answers: aggregations, priorities, allowed values and tests about lists, each as the standard says."""

import pytest
from dmn_models import data, decision, feel, model, table

from engine.models.decisions import Decided, explain, load

ITEMS = (
    '<itemDefinition name="tLevel"><typeRef>string</typeRef>'
    '<allowedValues><text>"high", "low"</text></allowedValues></itemDefinition>'
)
LEVEL = '<output name="level" typeRef="tLevel"/>'
RANKED = (
    '<output name="p"><outputValues><text>"h", "l"</text></outputValues></output>',
    '<output name="q"><outputValues><text>3, 2, 1</text></outputValues></output>',
)


def _answer(logic: str, x: object, kind: str = "number") -> Decided:
    return explain(load(model(ITEMS, data("x", kind), decision("D", logic, ["x"]))), "D", {"x": x})


@pytest.mark.parametrize(
    ("aggregation", "results", "expected", "warning"),
    [
        ("SUM", ["1", "2"], 3, ""),
        ("SUM", ['@"P1D"', '@"PT1H"'], "P1DT1H", ""),
        ("SUM", ['"a"', '"b"'], None, "not only numbers"),
        ("SUM", ["1", "null"], None, "holds null"),
        ("MIN", ['"b"', '"a"'], "a", ""),
        ("MIN", ["1", '"a"'], None, "cannot be compared"),
        ("MAX", ["1", "null"], None, "holds null"),
        ("MAX", ["1", "1"], 1, ""),
        ("COUNT", ["1", "1"], 2, ""),
    ],
)
def test_results_are_aggregated_as_the_builtin_function_does(
    aggregation: str, results: list[str], expected: object, warning: str
) -> None:
    rows = [["-", result] for result in results]
    found = _answer(table([("x", "number")], ["o"], rows, "COLLECT", f' aggregation="{aggregation}"'), 1)
    value = found.value if not hasattr(found.value, "nanos") else "P1DT1H"
    assert value == expected
    assert [one for one in found.warnings if warning in one.message] if warning else not found.warnings


def test_several_outputs_cannot_be_summed() -> None:
    logic = table([("x", "number")], ["p", "q"], [["-", "1", "2"]], "COLLECT", ' aggregation="SUM"')
    found = _answer(logic, 1)
    assert found.value is None
    assert "context" in found.warnings[0].message


ROWS = [["> 0", '"l"', "1"], ["> 1", '"h"', "2"], ["> 2", '"h"', "3"], ["> 3", '"x"', "9"]]


def test_priority_goes_by_the_first_output_then_the_next() -> None:
    assert _answer(table([("x", "number")], RANKED, ROWS, "PRIORITY"), 5).value == {"p": "h", "q": 3}


def test_output_order_puts_unlisted_results_last() -> None:
    found = _answer(table([("x", "number")], RANKED, ROWS, "OUTPUT ORDER"), 5).value
    assert isinstance(found, list)
    assert [row["q"] for row in found] == [3, 2, 1, 9]


@pytest.mark.parametrize(
    "policy", ["PRIORITY", "OUTPUT ORDER", "UNIQUE", "FIRST", "ANY", "RULE ORDER", "COLLECT"]
)
def test_a_table_without_outputs_answers_with_rows_of_nothing(policy: str) -> None:
    found = _answer(table([("x", "number")], [], [["> 0", '"l"'], ["< 0", '"h"']], policy), 5).value
    assert found in ({}, [{}])


def test_priority_without_output_values_goes_by_what_the_type_allows() -> None:
    rows = [["-", '"low"'], ["-", '"high"']]
    assert _answer(table([("x", "number")], [LEVEL], rows, "PRIORITY"), 1).value == "high"


def _limited(values: str, cell: str = "-") -> str:
    column = f"<input><inputExpression><text>x</text></inputExpression><inputValues><text>{values}</text></inputValues></input>"
    rule = (
        f"<rule><inputEntry><text>{cell}</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>"
    )
    return f'<decisionTable>{column}<output name="o"/>{rule}</decisionTable>'


@pytest.mark.parametrize(
    ("values", "x", "answers"),
    [
        ("1, 2", 2, True),
        ("1, 2", 5, False),
        ("1, 2", None, False),
        ("[0..10]", 10, True),
        ("[0..10]", 11, False),
        ("1, 2", [1, 2], True),
        ("1, 2", [1, 3], False),
        ("not(3)", 3, False),
    ],
)
def test_input_outside_its_values_makes_the_table_null(values: str, x: object, answers: bool) -> None:
    found = _answer(_limited(values), x, "Any")
    assert (found.value == 1) is answers
    assert any("not among its values" in one.message for one in found.warnings) is not answers


@pytest.mark.parametrize(
    ("cell", "x", "holds"),
    [
        ('["a", "b"]', ["a", "b"], True),
        ('["a", "b"]', "a", True),
        ('["a", "b"]', ["a"], False),
        ('list contains(?, "a")', ["a", "b"], True),
        ('"a" in ?', ["a", "b"], True),
        ('"c" in ?', ["a", "b"], False),
        ('some one in ? satisfies one = "b"', ["a", "b"], True),
        ("count(?) = 2", ["a", "b"], True),
        ("[]", [], True),
        ('"a"', ["a", "b"], False),
        ('"a" in ?.tags', {"tags": ["a"]}, True),
        ('not("a", "b")', "c", True),
        ("upper case(?)", "A", True),
        ("upper case(?)", "a", False),
        ("[?.low..?.high]", {"low": 1, "high": 2}, False),
    ],
)
def test_cell_tests_lists_and_contexts(cell: str, x: object, holds: bool) -> None:
    rows = [[cell, "true"], ["-", "false"]]
    assert _answer(table([("x", "Any")], ["o"], rows, "FIRST"), x, "Any").value is holds


def test_decision_without_logic_is_null_with_a_warning() -> None:
    found = explain(load(model(decision("D", ""), decision("E", feel("D"), ["d_D"]))), "E", {})
    assert found.value is None
    assert "no expression" in found.warnings[0].message


def test_knowledge_without_logic_cannot_be_called() -> None:
    empty = '<businessKnowledgeModel id="b" name="b"><variable name="b"/></businessKnowledgeModel>'
    found = explain(load(model(empty, decision("D", feel("b(1)"), knows=["b"]))), "D", {})
    assert found.value is None
    assert any("not a function" in one.message for one in found.warnings)
