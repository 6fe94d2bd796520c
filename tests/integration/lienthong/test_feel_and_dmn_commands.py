"""`lienthong feel` and `lienthong dmn` as they are typed: results, warnings with a caret, refusals, exit codes, JSON."""

import io
import json
from pathlib import Path

import pytest
from dmn_models import data, decision, model, table

from lienthong import cli


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(arguments)
    out = capsys.readouterr()
    return code, out.out, out.err


def _exit(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        return _run(capsys, *arguments)
    except SystemExit as left:
        out = capsys.readouterr()
        return int(str(left.code)), out.out, out.err


def test_expression_is_evaluated_with_its_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit(capsys, "feel", "sum(fees) > 10", "--data", '{"fees": [4, 7]}') == (
        0,
        "true  (boolean)\n",
        "",
    )


def test_warning_points_at_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _exit(capsys, "feel", "1 + null")
    assert (code, out) == (0, "null  (null)\n")
    assert err == "  1 + null\n    ^\nwarning: `+` does not work on number and null\n"


def test_text_that_is_no_feel_points_at_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _exit(capsys, "feel", "1 +")
    assert (code, out) == (1, "")
    assert err.startswith("  1 +\n     ^\n")
    assert "expected an expression, found the end" in err


def test_json_holds_result_type_and_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = _exit(capsys, "feel", '[0.1 + 0.2, @"2026-01-01"]', "--json")
    assert json.loads(out) == {"result": [0.3, "2026-01-01"], "type": "list", "warnings": []}


def test_clock_is_set_by_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit(capsys, "feel", "today()", "--at", "2026-01-02T03:04:05+07:00")[1] == "2026-01-02  (date)\n"


@pytest.mark.parametrize(
    "options", [["--data", "["], ["--data", "[1]"], ["--at", "noon"], ["--data", "@/nowhere"]]
)
def test_wrong_option_is_bad_usage(capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    code, _, err = _exit(capsys, "feel", "1", *options)
    assert code == 2
    assert len(err.splitlines()) == 1


def test_prompt_keeps_names_and_survives_mistakes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.stdin", io.StringIO("let x = 3\n1 +\nx * 2\n"))
    code, out, err = _exit(capsys, "feel")
    assert code == 0
    assert "6  (number)" in out
    assert "expected an expression" in err


@pytest.fixture
def fees(tmp_path: Path) -> str:
    """A DMN file with one decision."""
    file = tmp_path / "fees.dmn"
    logic = table([("age", "number")], ["fee"], [["< 18", "0"], [">= 18", "50"]])
    file.write_bytes(model(data("age", "number"), decision("Fee", logic, ["age"])))
    return str(file)


def test_decision_answers_with_its_rules(capsys: pytest.CaptureFixture[str], fees: str) -> None:
    code, out, err = _exit(capsys, "dmn", fees, "Fee", "--data", '{"age": 20}')
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "50  (number)"
    assert "rules 2" in out


def test_decision_in_json_has_its_trace(capsys: pytest.CaptureFixture[str], fees: str) -> None:
    found = json.loads(_exit(capsys, "dmn", fees, "Fee", "--data", '{"age": 2}', "--json")[1])
    assert found["result"] == 0
    assert found["trace"][0]["rules"] == [{"index": 1, "id": "r1"}]


def test_without_a_decision_they_are_listed(capsys: pytest.CaptureFixture[str], fees: str) -> None:
    assert _exit(capsys, "dmn", fees)[1] == "Fee  (decision)\n"


def test_unknown_decision_and_foreign_file_fail_in_one_line(
    capsys: pytest.CaptureFixture[str], fees: str, tmp_path: Path
) -> None:
    other = tmp_path / "x.dmn"
    other.write_bytes(b"<a/>")
    for arguments in (["dmn", fees, "Fe"], ["dmn", str(other), "Fee"]):
        code, _, err = _exit(capsys, *arguments)
        assert code == 1
        assert len(err.splitlines()) == 1
