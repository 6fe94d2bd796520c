"""The verbs that look into a running system: keys, dossier, procedures, models, deploy, partners."""

import json
import subprocess
from pathlib import Path

import pytest

from adapters.registry import load
from adapters.simulator import serve
from engine.exchange.checking import STAGES
from tests.integration.lienthong.conftest import Verb
from tests.support.counter import Counter


def test_a_key_from_the_command_line_opens_the_interface_until_it_is_revoked(
    verb: Verb, counter: Counter
) -> None:
    code, out, _ = verb("keys", "create", "desk 2", "--scope", "dossiers:read", "--days", "3")
    assert code == 0
    key = out.strip()
    assert counter.get("/api/v1/dossiers", key=key).status == 200
    listed = json.loads(verb("keys", "list", "--json")[1])
    assert [one["state"] for one in listed if one["name"] == "desk 2"] == ["in force"]
    assert key not in verb("keys", "list")[1]
    prefix = key.split("_")[1]
    assert verb("keys", "revoke", prefix)[0] == 0
    assert counter.get("/api/v1/dossiers", key=key).status == 401
    assert verb("keys", "revoke", prefix)[0] == 1


def test_a_scope_that_does_not_exist_is_refused_in_one_line(verb: Verb) -> None:
    code, out, err = verb("keys", "create", "x", "--scope", "everything")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "dossiers:read" in err


def test_a_dossier_is_told_with_who_holds_it(verb: Verb, counter: Counter) -> None:
    code = counter.new_dossier()
    told = json.loads(verb("dossier", code, "--json")[1])
    assert told["dossier"]["status"] == 2
    assert [one["kind"] for one in told["held_by"]] == ["work-item"]
    assert told["timeline"][0]["kind"] == "submitted"
    status, out, _ = verb("dossier", code)
    assert status == 0
    assert "work-item" in out
    status, _, err = verb("dossier", "H99.14-260101-0001")
    assert (status, err.count("\n")) == (1, 1)


def test_a_history_that_holds_is_verified(verb: Verb, counter: Counter) -> None:
    code = counter.new_dossier()
    status, out, _ = verb("dossier", code, "--verify")
    assert (status, "the chain holds" in out) == (0, True)
    assert json.loads(verb("dossier", code, "--verify", "--json")[1])["verified"] is True


@pytest.mark.parametrize(
    ("tampering", "seq"),
    [
        ("UPDATE timeline SET body = overlay(body PLACING 'x' FROM 40) WHERE seq = 2", 2),
        ("UPDATE timeline SET body = body || ' '::bytea WHERE seq = 2", 2),
        ("UPDATE timeline SET hash = sha256(hash) WHERE seq = 1", 1),
        ("DELETE FROM timeline WHERE seq = 2", 3),
        ("DELETE FROM timeline WHERE seq = (SELECT max(seq) FROM timeline)", 0),
    ],
)  # fmt: skip
def test_a_history_that_was_altered_is_found_at_its_first_bad_entry(
    verb: Verb, counter: Counter, tampering: str, seq: int
) -> None:
    code = counter.new_dossier()
    with counter.store.transaction() as connection:
        assert connection.exec_driver_sql(tampering).rowcount == 1
        last = connection.exec_driver_sql("SELECT timeline_seq FROM dossier").scalar_one()
    status, out, err = verb("dossier", code, "--verify", "--json")
    assert status == 1
    assert f"entry {seq or last}:" in err.splitlines()[0]
    assert json.loads(out)["verified"] is False


def test_procedures_models_and_deploy_tell_what_is_in_force(
    verb: Verb, tmp_path: Path, counter: Counter
) -> None:
    (one,) = json.loads(verb("procedures", "--json")[1])
    assert (one["code"], one["version"]) == ("1.000001", 1)
    files = json.loads(verb("models", "--json")[1])
    assert {file["kind"] for file in files} >= {"bpmn", "form"}
    folder = written(counter, tmp_path / "walk")
    assert verb("deploy", str(folder))[0] == 0
    assert json.loads(verb("procedures", "--json")[1])[0]["version"] == 1
    rules = (folder / "procedure.yaml").read_text().replace("A test procedure", "Another")
    (folder / "procedure.yaml").write_text(rules)
    assert verb("deploy", str(folder))[0] == 0
    assert json.loads(verb("procedures", "--json")[1])[0]["version"] == 2
    assert counter.scalar("SELECT array_agg(findings ORDER BY version) FROM deployment") == [0, 0]
    (folder / "walk.bpmn").write_text("<nonsense/>")
    status, _, err = verb("deploy", str(folder))
    assert (status, err.count("\n")) == (1, 1)
    assert json.loads(verb("procedures", "--json")[1])[0]["version"] == 2


def test_deploy_remembers_the_commit_that_git_names(
    verb: Verb, tmp_path: Path, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(counter, tmp_path / "repository" / "walk")
    assert verb("deploy", str(folder), "--json")[1].count('"commit": null') == 1, "git knows no such folder"
    assert commits(verb) == (None, None)
    git(folder, "init", "-q")
    assert verb("deploy", str(folder))[0] == 0
    assert commits(verb) == (None, None), "nothing of it is in a commit"
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    commit = git(folder, "rev-parse", "HEAD")
    (folder / "notes.md").write_text("not yet in a commit")
    assert f" of {commit[:12]}" in verb("deploy", str(folder))[1]
    assert commits(verb) == (commit, True)
    assert f"{commit[:12]}+" in verb("procedures")[1]
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "second")
    second = git(folder, "rev-parse", "HEAD")
    assert verb("deploy", str(folder))[0] == 0
    assert commits(verb) == (second, False), "the same content, and now in a commit"
    monkeypatch.setenv("LIENTHONG_COMMIT", "v1.2-dirty")
    assert verb("deploy", str(folder))[0] == 0
    assert commits(verb) == (second, False), "what is known for certain is kept"
    (folder / "notes.md").write_text("changed")
    assert verb("deploy", str(folder))[0] == 0
    assert commits(verb) == ("v1.2", True)
    (folder / "notes.md").write_text("changed again")
    monkeypatch.setenv("PATH", str(tmp_path))  # where no git is
    assert verb("deploy", str(folder), "--commit", "Bản-3")[0] == 0
    assert commits(verb) == ("Bản-3", None)
    status, _, err = verb("deploy", str(folder), "--commit", "two words")
    assert (status, "--commit" in err) == (2, True)
    monkeypatch.delenv("LIENTHONG_COMMIT")
    (folder / "notes.md").write_text("and again")
    assert verb("deploy", str(folder))[0] == 0
    assert commits(verb) == (None, None)


def written(counter: Counter, folder: Path) -> Path:
    """The deployed procedure as a folder."""
    folder.mkdir(parents=True)
    for name in ("procedure.yaml", "walk.bpmn", "check.form"):
        stored = counter.scalar("SELECT original FROM model WHERE name = :name", name=name)
        (folder / name).write_bytes(bytes(stored))  # type: ignore[call-overload]
    return folder


def commits(verb: Verb) -> tuple[object, object]:
    (one,) = json.loads(verb("procedures", "--json")[1])
    return one["commit"], one["commit_changed"]


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=lan", "-c", "user.email=lan@example.vn", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_partners_are_listed_and_knocked_at(
    verb: Verb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    labels = {one["name"]: one["label"] for one in json.loads(verb("partners", "--json")[1])}
    assert labels["portal"] == "real"
    assert verb("partners", "check", "nobody")[0] == 1
    journal = tmp_path / "journal"
    journal.mkdir()
    simulators = serve(load().contract, port=0, journal_dir=journal)
    monkeypatch.setenv("LIENTHONG_SIMULATORS_URL", simulators.url)
    try:
        status, out, _ = verb("partners", "check", "portal", "--json")
        assert status == 0
        assert [one["stage"] for one in json.loads(out)] == ["contract file", "label", *STAGES]
    finally:
        simulators.close()
    status, out, _ = verb("partners", "check", "portal", "--json")
    assert status == 1
    assert [one["stage"] for one in json.loads(out) if one["ok"] is False] == ["tcp"]
