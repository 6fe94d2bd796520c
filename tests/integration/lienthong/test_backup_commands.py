"""`lienthong db backup | verify | restore | release` as they are typed, and the job of the timetable that does the first."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lienthong.assembly import System
from tests.integration.lienthong.conftest import Verb
from tests.support.counter import Counter


def test_a_backup_is_told_as_json_with_its_progress_on_stderr_and_can_be_verified_again(
    verb: Verb, counter: Counter, tmp_path: Path
) -> None:
    counter.new_dossier()
    code, out, err = verb("db", "backup", str(tmp_path / "b"), "--json")
    told = json.loads(out)
    assert (code, told["verified"], told["evidence_checked"], told["manifest"]["dossiers"]) == (0, True, 1, 1)
    assert "restoring it beside the database" in err
    code, out, _ = verb("db", "verify", told["file"])
    assert (code, "the evidence of 1 dossiers holds" in out) == (0, True)
    Path(told["file"]).write_bytes(b"x")
    code, out, err = verb("db", "verify", told["file"])
    assert (code, out) == (1, "")
    assert "is no backup to rely on" in err.splitlines()[-1]


def test_the_doctor_says_whether_there_is_one_to_rely_on(verb: Verb, tmp_path: Path) -> None:
    def found() -> dict[str, object]:
        told = json.loads(verb("doctor", "--json")[1])
        return next(one for one in told if one["check"] == "backups")

    assert found()["ok"] is True
    assert "LIENTHONG_BACKUP_FOLDER is empty" in str(found()["saw"])
    verb("db", "backup", str(tmp_path / "b"))
    assert "the newest that was verified is of 20" in str(found()["saw"])
    (tmp_path / "file").write_text("")
    assert verb("db", "backup", str(tmp_path / "file"))[0] == 2
    assert verb("db", "backup", str(tmp_path / "file" / "below"))[0] == 1
    assert (found()["ok"], "the last one failed" in str(found()["saw"])) == (False, True)


def test_without_a_folder_it_is_bad_usage_and_with_a_setting_that_one(
    verb: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = verb("db", "backup")
    assert (code, err.count("\n")) == (2, 1)
    assert "LIENTHONG_BACKUP_FOLDER" in err
    assert verb("db", "verify", str(tmp_path / "none.dump"))[0] == 2
    monkeypatch.setenv("LIENTHONG_BACKUP_FOLDER", str(tmp_path / "set"))
    code, out, _ = verb("db", "backup", "--no-verify")
    assert (code, "not verified" in out) == (0, True)
    assert len(list((tmp_path / "set").glob("*.dump"))) == 1


def test_what_was_backed_up_is_restored_elsewhere_and_sends_once_it_is_released(
    verb: Verb,
    counter: Counter,
    tmp_path: Path,
    new_database: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dossier = counter.new_dossier()
    file = json.loads(verb("db", "backup", str(tmp_path / "b"), "--json")[1])["file"]
    code, _, err = verb("db", "restore", file)
    assert code == 1
    assert "the database has 1 dossiers -> name an empty database in DATABASE_URL" in err.splitlines()[-1]
    monkeypatch.setenv("DATABASE_URL", new_database().url)  # type: ignore[attr-defined]
    monkeypatch.setenv("LIENTHONG_ENVIRONMENT", "staging")
    code, out, err = verb("db", "restore", file, "--json")
    assert (code, json.loads(out)["sending"]) == (0, "paused")
    assert "started as staging, it sends nothing at all" in err
    assert json.loads(verb("dossier", dossier, "--verify", "--json")[1])["verified"] is True
    assert verb("db", "release")[0] == 2
    assert verb("db", "release", "--reason", "looked at")[0] == 0
    code, _, err = verb("db", "release", "--reason", "again")
    assert (code, "sending is not paused" in err) == (1, True)


# Asked to end while a program is started: in a callback around its fork, where Python swallows what is raised, or just after.
STRUCK = """
import os, signal, subprocess, sys
started, start = [], subprocess.Popen.__init__
def count():
    started.append(1)
    if len(started) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGTERM)
def starting(*words, **more):
    start(*words, **more)
    count()
if sys.argv[1] == "swallowed":
    os.register_at_fork(after_in_parent=count)
else:
    subprocess.Popen.__init__ = starting
from lienthong.cli import run
sys.exit(run(["db", "backup", sys.argv[3]]))
"""


@pytest.mark.parametrize("fork", range(1, 4))  # pg_dump, pg_restore, psql
@pytest.mark.parametrize("where", ["swallowed", "after"])
def test_one_that_is_terminated_takes_its_scratch_database_with_it(
    counter: Counter, tmp_path: Path, where: str, fork: int
) -> None:
    counter.new_dossier()
    ended = subprocess.run(
        [sys.executable, "-c", STRUCK, where, str(fork), str(tmp_path / "b")],
        env={**os.environ, "DATABASE_URL": counter.store.url, "LIENTHONG_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 130, ended.stderr
    assert where == "after" or "KeyboardInterrupt" in ended.stderr, "nothing was swallowed"
    assert counter.scalar("SELECT count(*) FROM pg_database WHERE datname LIKE 'lienthong_check_%'") == 0
    assert counter.scalar("SELECT status FROM backup") == "failed"
    assert "interrupted" in str(counter.scalar("SELECT detail FROM backup"))


def system(counter: Counter, **environment: str) -> System:
    from engine import settings

    return System(settings.read(environment), counter.store.url)


def test_the_timetable_has_a_row_for_it_only_while_there_is_a_folder(
    counter: Counter, tmp_path: Path
) -> None:
    here = {"LIENTHONG_DATA_DIR": str(tmp_path)}
    rows = "SELECT trigger FROM schedule WHERE name = 'backup'"
    for folder, wanted in (("", None), (str(tmp_path / "b"), "0 3 * * *"), ("", None)):
        opened = system(counter, LIENTHONG_BACKUP_FOLDER=folder, LIENTHONG_BACKUP_AT="0 3 * * *", **here)
        opened.ticker()
        opened.close()
        assert counter.scalar(rows) == wanted


def test_the_job_makes_one_and_a_worker_without_a_folder_says_so(counter: Counter, tmp_path: Path) -> None:
    opened = system(counter, LIENTHONG_DATA_DIR=str(tmp_path), LIENTHONG_BACKUP_FOLDER=str(tmp_path / "b"))
    assert opened.worker("w1").background_work()["backup"]() == 1
    opened.close()
    other = system(counter, LIENTHONG_DATA_DIR=str(tmp_path))
    assert other.worker("w2").background_work()["backup"]() == 0
    other.close()
    with counter.store.reading() as connection:
        found = connection.exec_driver_sql("SELECT status, who, detail FROM backup ORDER BY id").all()
    assert [tuple(row) for row in found] == [
        ("done", "timetable", ""),
        ("failed", "timetable", "LIENTHONG_BACKUP_FOLDER is not set for this worker"),
    ]
