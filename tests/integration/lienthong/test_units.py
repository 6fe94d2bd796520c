"""`lienthong units`: a production system gets its offices without touching SQL."""

import json

import pytest

from lienthong import cli


def test_office_is_added_listed_and_changed(
    database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.dsn)
    assert cli.run(["db", "upgrade"]) == 0
    assert cli.run(["units", "add", "H56.14", "Trung tâm A", "--from", "2026-01-01"]) == 0
    assert cli.run(["units", "add", "H56.14", "Trung tâm B", "--until", "2027-01-01"]) == 0
    capsys.readouterr()
    assert cli.run(["units", "list", "--json"]) == 0
    [office] = json.loads(capsys.readouterr().out)
    assert office == {
        "code": "H56.14",
        "name": "Trung tâm B",
        "calendar": "default",
        "valid_from": "2000-01-01",
        "valid_to": "2027-01-01",
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["units", "add", "nonsense", "X"], "nonsense is no code of an agency"),
        (["units", "add", "H56.14", "X", "--calendar", "none"], "there is no calendar none"),
    ],
)
def test_what_is_no_office_is_refused_with_its_reason(
    database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.dsn)
    assert cli.run(words) == 1
    assert said in capsys.readouterr().err
