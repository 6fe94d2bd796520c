"""`lienthong lint`, `simulate` and `test`: what they print and how they end."""

from pathlib import Path

import orjson
import pytest
from walks import bpmn, flows, node, service

from lienthong.cli import run

GOOD = bpmn(node("startEvent", "s") + service("a") + node("endEvent", "e") + flows("s a e"))
BAD = bpmn(node("startEvent", "s") + node("serviceTask", "a") + node("endEvent", "e") + flows("s a e"))


@pytest.fixture
def good(tmp_path: Path) -> Path:
    (tmp_path / "good.bpmn").write_bytes(GOOD)
    return tmp_path / "good.bpmn"


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    (tmp_path / "bad.bpmn").write_bytes(BAD)
    return tmp_path / "bad.bpmn"


def test_lint_prints_findings_as_json_and_fails_on_errors(
    good: Path, bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lint", str(good), "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out) == {"findings": []}
    assert run(["lint", str(good), str(bad), "--json"]) == 1
    finding = orjson.loads(capsys.readouterr().out)["findings"][0]
    assert (finding["file"], finding["element"], finding["severity"]) == ("bad.bpmn", "a", "error")
    assert run(["lint", str(bad)]) == 1
    assert "1 errors, 0 warnings" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["lint"], ["lint", "nowhere"], ["simulate", "nowhere"], ["test"]])
def test_bad_usage_has_its_own_exit_code(arguments: list[str]) -> None:
    assert run(arguments) == 2


def test_simulate_prints_exactly_what_the_design_says(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", str(good), "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out) == {
        "completed": ["s", "a", "e"],
        "ended": True,
        "waiting": [],
        "error": None,
    }


def test_simulate_refuses_what_lint_refuses(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", str(bad), "--json"]) == 1
    assert orjson.loads(capsys.readouterr().out)["refused"][0]["rule"] == "service-binding"


@pytest.mark.parametrize(
    "world",
    [
        "[]",
        "{",
        '{"took": {"a": "soon"}}',
        '{"took": ["a"]}',
        '{"tok": {}}',
        '{"messages": [{"name": "m", "at": "later"}]}',
        '{"messages": [{"nam": "m"}]}',
        '{"messages": {"name": "m"}}',
    ],
)
def test_a_world_that_cannot_be_understood_is_bad_usage(good: Path, world: str) -> None:
    assert run(["simulate", str(good), "--world", world]) == 2


@pytest.mark.parametrize("verb", ["lint", "simulate"])
def test_a_file_that_is_no_model_is_named_itself(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.md").write_text("no model")
    assert run([verb, str(tmp_path / "notes.md"), "--json"]) == 1
    (finding,) = next(iter(orjson.loads(capsys.readouterr().out).values()))
    assert (finding["file"], finding["rule"]) == ("notes.md", "no-model")


def test_test_wants_a_folder_since_a_single_model_has_no_scenarios(good: Path) -> None:
    assert run(["test", str(good)]) == 2


def test_test_runs_scenarios_and_fails_when_one_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.bpmn").write_bytes(GOOD)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "all.yaml").write_text("{name: All, expect: {steps: [s, a, e]}}")
    assert run(["test", str(tmp_path)]) == 0
    assert "2 of 2 flows" in capsys.readouterr().out
    (tmp_path / "scenarios" / "no.yaml").write_text("{name: No, expect: {steps: [x]}}")
    assert run(["test", str(tmp_path), "--json"]) == 1
    report = orjson.loads(capsys.readouterr().out)["deployments"][0]
    assert (report["passed"], report["failed"]) == (1, 1)


def test_a_folder_of_procedures_is_all_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, model in (("one", GOOD), ("two", BAD)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "m.bpmn").write_bytes(model)
        (tmp_path / name / "procedure.yaml").write_text("code: x")
    assert run(["lint", str(tmp_path), "--json"]) == 1
    rules = [one["rule"] for one in orjson.loads(capsys.readouterr().out)["findings"]]
    assert rules.count("service-binding") == 1
