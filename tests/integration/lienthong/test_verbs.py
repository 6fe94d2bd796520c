"""The commands do what they say against a real database, in people's form and in JSON."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import psycopg
import pytest
import structlog

from lienthong import cli

CHECKOUT = Path(__file__).resolve().parents[3]
BIRTH = CHECKOUT / "bpmn" / "khai-sinh-lien-thong"


class HasUrl(Protocol):
    url: str


Typed = Callable[..., str]


@pytest.fixture
def typed(
    database: HasUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Typed]:
    """Types a command against a fresh database; gives what it printed, and insists on its exit code."""
    monkeypatch.setenv("DATABASE_URL", database.url.replace("+psycopg", ""))
    monkeypatch.setenv("LIENTHONG_DATA_DIR", str(tmp_path))

    def run(*words: str, code: int = 0, stderr: bool = False) -> str:
        found = cli.run(words)
        out, err = capsys.readouterr()
        assert found == code, err
        return err if stderr else out

    yield run
    structlog.reset_defaults()


def test_upgrading_settles_in_once_and_may_be_repeated(typed: Typed) -> None:
    assert typed("db", "upgrade") == typed("db", "upgrade")
    assert {one["code"] for one in json.loads(typed("procedures", "--json"))} == {"2.000635", "2.002621"}
    assert {one["version"] for one in json.loads(typed("models", "--json"))} == {1}


def test_deploying_the_same_folder_twice_is_one_version(typed: Typed) -> None:
    first = typed("deploy", str(BIRTH))
    assert first.startswith("2.002621: deployment ")
    assert typed("deploy", str(BIRTH)) == first


def test_a_wrong_model_is_refused_in_one_line_and_nothing_is_stored(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "broken.bpmn").write_text("<definitions>", encoding="utf-8")
    said = typed("deploy", str(tmp_path / "broken.bpmn"), code=1, stderr=True)
    assert said.count("\n") == 1
    assert json.loads(typed("procedures", "--json")) == []


def test_an_unknown_dossier_is_told_in_one_line(typed: Typed) -> None:
    assert typed("dossier", "H99.99-261122-0001", code=1, stderr=True).count("\n") == 1


def test_partners_are_listed_with_their_honesty_label(typed: Typed) -> None:
    listed = {one["name"]: one["label"] for one in json.loads(typed("partners", "--json"))}
    assert listed["portal"] == "real"
    assert listed["residence"] == "sample"


def test_a_partner_without_an_address_cannot_be_reached(typed: Typed) -> None:
    stages = json.loads(typed("partners", "check", "portal", "--json", code=1))
    assert [stage["stage"] for stage in stages if stage["ok"] is False] == ["dns"]


def test_a_key_is_issued_and_ended(typed: Typed) -> None:
    issued = json.loads(typed("keys", "create", "desk", "--scope", "dossiers:read", "--json"))
    assert issued["key"].startswith(f"lt_{issued['prefix']}_")
    typed("keys", "revoke", issued["prefix"])
    assert "no key in force" in typed("keys", "revoke", issued["prefix"], code=1, stderr=True)


def test_the_doctor_finds_what_is_unsafe(typed: Typed) -> None:
    found = {one["check"]: one for one in json.loads(typed("doctor", "--json", code=1))}
    assert found["schema"]["ok"]
    assert not found["durability"]["ok"], "the tests' server runs without fsync"
    assert "fsync" in found["durability"]["remedy"]


@pytest.mark.parametrize(
    "words",
    [("db", "upgrade"), ("doctor",), ("dossier", "H56-1"), ("worker",), ("scheduler",), ("keys", "list")],
)
def test_a_database_that_is_not_there_is_said_in_one_line_without_its_password(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:canary-password@127.0.0.1:1/lienthong")
    said = typed(*words, code=1) if words == ("doctor",) else typed(*words, code=1, stderr=True)
    assert "Connection refused" in said
    assert "Traceback" not in said
    assert "canary-password" not in said


def test_a_database_of_a_newer_version_is_left_alone(typed: Typed, database: HasUrl) -> None:
    with psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    said = typed("db", "upgrade", code=1, stderr=True)
    assert said.count("\n") == 1
    assert "9999" in said


@pytest.mark.parametrize("port", ["65536", "99999999", "-1", "1e3"])
def test_a_port_that_is_none_is_bad_usage(typed: Typed, monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("LIENTHONG_WEB_PORT", port)
    assert typed("doctor", code=2, stderr=True).startswith("lienthong: setting LIENTHONG_WEB_PORT: ")
