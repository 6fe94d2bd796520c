"""The command line finds its verbs, and says each error in one line with an exit code."""

import json

import pytest

from lienthong import cli


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--help"]) == cli.OK
    shown = capsys.readouterr().out
    assert all(
        verb in shown
        for verb in cli.Verbs().list_commands(
            cli.lienthong.make_context("x", ["--help"], resilient_parsing=True)
        )
    )


def test_every_verb_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    context = cli.lienthong.make_context("x", ["--help"], resilient_parsing=True)
    verbs = [[verb] for verb in cli.Verbs().list_commands(context)]
    deeper = [
        ["db", "upgrade"],
        ["keys", "create"],
        ["keys", "list"],
        ["accounts", "create"],
        ["partners", "check"],
    ]
    for verb in ([], *verbs, *deeper):
        assert cli.run([*verb, "--help"]) == cli.OK
        assert "Example:" in capsys.readouterr().out, verb


@pytest.mark.parametrize("line", [["nonsense"], ["settings", "--nonsense"], ["db"], []])
def test_bad_usage_is_told_on_stderr_with_exit_code_2(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(line) == cli.BAD_USAGE
    out, err = capsys.readouterr()
    assert not out
    assert "lienthong" in err


def test_an_unknown_setting_is_one_line_with_its_remedy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIENTHONG_WEB_PROT", "1")
    assert cli.run(["settings"]) == cli.BAD_USAGE
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "LIENTHONG_WEB_PORT" in err


def test_settings_are_printed_as_json_without_secrets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hidden@db/x")
    assert cli.run(["settings", "--json"]) == cli.OK
    out = capsys.readouterr().out
    assert "hidden" not in out
    assert {"name", "value", "default", "meaning"} == set(json.loads(out)[0])
