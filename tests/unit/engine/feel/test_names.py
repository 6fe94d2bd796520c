"""Names with spaces, operators and keywords in them are found where they are known, the longest first."""

import pytest

from engine import feel
from engine.errors import FeelError, FeelSyntaxError
from engine.feel.runtime import Warning_


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("a-b", {"a": 5, "b": 2}, 3),
        ("a-b", {"a": 5, "b": 2, "a-b": 9}, 9),
        ("a - b", {"a": 5, "b": 2, "a-b": 9}, 3),
        ("x+y * 2", {"x+y": 4}, 8),
        ("Mike's daughter.age", {"Mike's daughter": {"age": 7}}, 7),
        ("in stock + 1", {"in stock": 1}, 2),
        ("if any", {"if any": 3}, 3),
        ("first   name", {"first name": 4}, 4),
        ("first name last", {"first name": 1, "first name last": 2}, 2),
        ("c.first name + 1", {"c": {"first name": 1}}, 2),
        ("date and time of birth", {"date and time of birth": 6}, 6),
        ("for a b in [1, 2] return a b", {}, [1, 2]),
        ("(function(a b, c) a b + c)(1, 2)", {}, 3),
        ("{a b: 1, c d: a b + 1}.c d", {}, 2),
        ("count", {"count": 8}, 8),
        ("count([1]) + max", {"max": 8}, 9),
        ("số tiền + 1", {"số tiền": 2}, 3),
    ],
)
def test_name_is_found(text: str, names: dict[str, object], expected: object) -> None:
    assert feel.to_json(feel.evaluate(text, names)) == expected


def test_names_used_are_known_after_compiling() -> None:
    expression = feel.compile("a + b[c > 1].d + count(e) + (function(f) f)(g)", ["a"])
    assert expression.names == {"a", "b", "c", "e", "g"}
    assert expression.certain == {"a", "b", "e", "g"}
    assert expression.functions == {"count"}


def test_same_text_is_compiled_once() -> None:
    assert feel.compile("a + 1", ["x y"]) is feel.compile("a + 1", {"x y"})


@pytest.mark.parametrize(
    ("text", "line", "column", "expected", "found"),
    [
        ("1 +", 1, 4, "an expression", "the end"),
        ("a b", 1, 3, "an operator or the end", "`b`"),
        ("[1,\n 2", 2, 3, "`]`", "the end"),
        ("if a then b", 1, 12, "`else`", "the end"),
        ('"abc', 1, 1, "an expression", "a string that does not end"),
        ("a.5", 1, 2, "an operator or the end", "`.5`"),
        ('@"x"', 1, 2, "a date, time, date and time or duration", '`"x"`'),
        ("{a 1}", 1, 5, "the name of an entry and `:`", "`}`"),
        ("f(a: 1, 2)", 1, 9, "either all arguments with names or all without", "`2`"),
    ],
)
def test_refusal_says_where_what_was_expected_and_found(
    text: str, line: int, column: int, expected: str, found: str
) -> None:
    with pytest.raises(FeelSyntaxError) as caught:
        feel.compile(text)
    facts = caught.value.facts
    assert (facts["line"], facts["column"], facts["expected"], facts["found"]) == (
        line,
        column,
        expected,
        found,
    )


def test_warning_within_a_function_points_into_the_text_it_was_written_in() -> None:
    warnings: list[Warning_] = []
    function = feel.compile("function(x)\n  x + null")({})
    feel.compile("f(1)")({"f": function}, warn=warnings.append)
    assert (warnings[0].line, warnings[0].column) == (2, 5)


def test_strict_evaluation_raises_but_lets_a_missing_entry_be_asked_for() -> None:
    context = {"dossier": {"kind": "A"}}
    assert feel.compile("dossier.note = null")(context, strict=True) is True
    for text in ("dossier.fee > 1", "nothing = null", '1 = "1"', 'number("x")'):
        with pytest.raises(FeelError):
            feel.compile(text)(context, strict=True)


def test_names_of_a_value_that_holds_itself_are_found() -> None:
    cyclic: dict[str, object] = {"a b": 1}
    cyclic["self"] = [cyclic]
    assert feel.evaluate("a b + 1", cyclic) == 2
