"""`lienthong feel` and `lienthong dmn`: results with their types, warnings with a mark under the place, matched rules."""

from pathlib import Path

import orjson
import pytest
from dmn_models import data, decision, feel, model, table

from lienthong.cli import run

Captured = pytest.CaptureFixture[str]
MODEL = model(
    data("x", "number"),
    decision("D", table([("x", "number")], ["o"], [["> 10", 'x + "a"'], ["-", "x + 1"]], "FIRST"), ["x"]),
)


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "m.dmn").write_bytes(MODEL)
    return str(tmp_path / "m.dmn")


def test_feel_shows_value_and_type(capsys: Captured) -> None:
    assert run(["feel", "sum(fees) / 2", "--data", '{"fees": [4, 7.5]}']) == 0
    assert capsys.readouterr().out == "5.75  (number)\n"
    assert run(["feel", "today()", "--at", "2026-11-22T08:00:00+07:00"]) == 0
    assert capsys.readouterr().out == "2026-11-22  (date)\n"


def test_feel_marks_the_place_of_a_warning_in_the_line_it_is_in(capsys: Captured) -> None:
    run(["feel", '1 +\n  2 * "x"'])
    assert capsys.readouterr().err.startswith(
        '    2 * "x"\n      ^\nwarning: `*` does not work on number and string'
    )


def test_feel_marks_what_is_not_feel(capsys: Captured) -> None:
    assert run(["feel", "1 + )"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("  1 + )\n      ^\n")
    assert "expected an expression, found `)`" in error


def test_feel_marks_an_end_that_is_a_line_of_its_own(capsys: Captured) -> None:
    assert run(["feel", "1 +\n"]) == 1
    assert "line 2, column 1: expected an expression, found the end" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a == b", "equality is `=`"),
        ("a && b", "FEEL writes `and`"),
        ("!a", "FEEL writes `not(…)`"),
        ("'a'", 'strings stand in `"`'),
        ("a <> b", "FEEL writes `!=`"),
        ("a ? b : c", "FEEL writes `if … then … else …`"),
        ("7 % 2", "the rest is `modulo(a, b)`"),
    ],
)
def test_feel_says_how_it_writes_what_other_languages_write(text: str, words: str, capsys: Captured) -> None:
    assert run(["feel", text, "--data", '{"a": 1, "b": 2}']) == 1
    assert words in capsys.readouterr().err


def test_feel_shows_a_long_result(capsys: Captured) -> None:
    assert run(["feel", "[x, x, x]", "--data", f'{{"x": {list(range(25_000))}}}']) == 0
    assert capsys.readouterr().out.endswith("24999]]  (list)\n")


def test_feel_answers_as_json(capsys: Captured) -> None:
    assert run(["feel", "[1, 2][5]", "--json"]) == 0
    found = orjson.loads(capsys.readouterr().out)
    assert (found["result"], found["type"], found["warnings"][0]["column"]) == (None, "null", 7)
    assert run(["feel", "1 +", "--json"]) == 1
    assert orjson.loads(capsys.readouterr().out)["error"]["column"] == 4


def test_feel_takes_its_data_from_a_file(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "d.json").write_text('{"a b": 0.1}', "utf-8")
    assert run(["feel", "a b + 0.2 = 0.3", "--data", f"@{tmp_path}/d.json"]) == 0
    assert capsys.readouterr().out == "true  (boolean)\n"


@pytest.mark.parametrize("given", ["[1]", "{", "@nowhere.json", '{"a": "\\ud83d"}'])
def test_data_that_is_no_object_is_bad_usage(given: str) -> None:
    assert run(["feel", "1", "--data", given]) == 2


def test_dmn_lists_what_can_be_asked(file: str, capsys: Captured) -> None:
    assert run(["dmn", file]) == 0
    assert capsys.readouterr().out == "D  (decision)\n"


def test_dmn_shows_result_and_matched_rules(file: str, capsys: Captured) -> None:
    assert run(["dmn", file, "D", "--data", '{"x": 1}']) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2  (number)",
        "  table at line 2, FIRST: inputs {x: 1}, rules 2",
        "  D = 2",
    ]


def test_dmn_marks_the_place_of_a_warning(file: str, capsys: Captured) -> None:
    run(["dmn", file, "D", "--data", '{"x": 11}'])
    assert '  x + "a"\n    ^\nwarning: `+` does not work' in capsys.readouterr().err


def test_dmn_marks_the_place_of_what_is_not_feel(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "bad.dmn").write_bytes(model(decision("D", feel("1 +\n )"))))
    run(["dmn", str(tmp_path / "bad.dmn"), "D"])
    assert capsys.readouterr().err.startswith("   )\n   ^\nwarning: FEEL, line 2, column 2: expected")


def test_dmn_asks_a_service_by_its_name_alone(tmp_path: Path, capsys: Captured) -> None:
    service = '<decisionService id="s" name="S"><outputDecision href="#d_D"/></decisionService>'
    (tmp_path / "s.dmn").write_bytes(model(decision("D", feel("1 + 1")), service))
    assert run(["dmn", str(tmp_path / "s.dmn"), "S"]) == 0
    assert capsys.readouterr().out.startswith("2  (number)")


def test_dmn_answers_as_json(file: str, capsys: Captured) -> None:
    assert run(["dmn", file, "D", "--data", '{"x": 1}', "--json"]) == 0
    found = orjson.loads(capsys.readouterr().out)
    assert (found["result"], found["type"], found["trace"][0]["rules"]) == (
        2,
        "number",
        [{"index": 2, "id": "r2"}],
    )


def test_dmn_names_the_decisions_that_there_are(file: str, capsys: Captured) -> None:
    assert run(["dmn", file, "E"]) != 0
    assert "D" in capsys.readouterr().err


def test_dmn_refuses_what_is_no_dmn(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "x.dmn").write_text("<a/>", "utf-8")
    assert run(["dmn", str(tmp_path / "x.dmn"), "D"]) != 0
    error = capsys.readouterr().err
    assert "DMN 1.1 to 1.5" in error
    assert "x.dmn" in error
