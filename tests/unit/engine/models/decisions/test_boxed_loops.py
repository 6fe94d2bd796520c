"""Boxed filters and iterators: what they go through and what they answer is what FEEL's own do."""

import pytest
from dmn_models import decision, feel, model

from engine import feel as language
from engine.models.decisions import explain, load

LOOPS = [
    ("for", "[1..3]", "i * 2", "[2, 4, 6]"),
    ("for", "[3..1]", "i", "[3, 2, 1]"),
    ("for", "(1..3)", "i", "[2]"),
    ("for", '[@"2020-01-01"..@"2020-01-02"]', "i.day", "[1, 2]"),
    ("for", "5", "i", "[5]"),
    ("for", "[]", "i", "[]"),
    ("for", "null", "i", "null"),
    ("for", "[1, 2]", "count(partial)", "[0, 1]"),
    ("for", "for k in 1..3000 return k", "1", "for k in 1..3000 return 1"),
    ("some", "[1..3]", "i > 2", "true"),
    ("some", "[1..3]", "i > 3", "false"),
    ("some", "[1, null]", "i > 0", "true"),
    ("some", "[1, 2]", 'if i = 1 then true else "b"', "null"),
    ("every", "[1..3]", "i > 0", "true"),
    ("every", "[1, null]", "i > 0", "null"),
    ("every", "null", "true", "null"),
]


@pytest.mark.parametrize(("kind", "source", "body", "expected"), LOOPS)
def test_boxed_loop_goes_through_what_its_list_or_range_holds(
    kind: str, source: str, body: str, expected: str
) -> None:
    word = "return" if kind == "for" else "satisfies"
    boxed = f'<{kind} iteratorVariable="i"><in>{feel(source)}</in><{word}>{feel(body)}</{word}></{kind}>'
    found = explain(load(model(decision("D", boxed))), "D", {})
    assert found.value == language.evaluate(expected, {})
    assert expected != "null" or found.warnings


def test_row_of_a_relation_that_is_too_short_has_nulls() -> None:
    boxed = f'<relation><column name="a"/><column name="b"/><row>{feel("1")}</row></relation>'
    found = explain(load(model(decision("D", boxed))), "D", {})
    assert found.value == [{"a": 1, "b": None}]
    assert found.warnings


FILTERS = [
    "item > 1",
    "2",
    "-1",
    "1.5",
    "0",
    "9",
    "null",
    '"a"',
    "true",
    "false",
    "item",
    "x = 1",
    "x > 0 and item.x < 3",
]


@pytest.mark.parametrize("source", ["[1, 2, 3]", "[]", "5", "null", "[{x: 1}, {x: 2}, {x: null}]"])
@pytest.mark.parametrize("match", FILTERS)
def test_boxed_filter_answers_as_the_filter_of_feel_does(source: str, match: str) -> None:
    boxed = f"<filter><in>{feel(source)}</in><match>{feel(match)}</match></filter>"
    found = explain(load(model(decision("D", boxed))), "D", {}).value
    assert found == language.evaluate(f"({source})[{match}]", {})
