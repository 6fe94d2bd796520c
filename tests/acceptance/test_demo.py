"""`lienthong demo` keeps its promise, keeps it again on the same data, and leaves no process behind when it is killed."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.waiting import gone, until
from tests.support.witness import read_journal

Process = subprocess.Popen[str]
CHECKOUT = Path(__file__).resolve().parents[2]
LAST = re.compile(r"demo: 20 dossiers, 20 finished, 0 lost, 0 doubled, 0 incidents, (\d+) calls, \d+ s")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Each test's own: runs are counted in it, whichever test comes first."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3
    path = Path(tempfile.mkdtemp(prefix="lt-demo-", dir=memory if roomy else None))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


# A broken connection where nobody can find out what happened: what the plans never do.
HOPELESS = """
import sys
from lienthong import cli
from lienthong.demo import conductor, plans
trouble = plans.Trouble(call=plans.RESIDENCE, fault="drop-after")
object.__setattr__(plans.MIX[0], "troubles", (trouble,))
conductor.STALLED_S = 8.0
sys.exit(cli.run(["demo", *sys.argv[1:]]))
"""


def demo(folder: Path, *words: str, program: tuple[str, ...] = ("-m", "lienthong", "demo")) -> Process:
    return subprocess.Popen(
        [sys.executable, *program, *words],
        cwd=CHECKOUT,
        env={**os.environ, "LIENTHONG_DATA_DIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def handed_in(folder: Path, run: int) -> list[str]:
    """The codes that the desk of a run was given."""
    journal = folder / "demo" / f"desk-{run:04d}.jsonl"
    lines = read_journal(journal) if journal.exists() else []
    return [str(line["code"]) for line in lines if line["kind"] == "handed-in"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_twenty_dossiers_finish_and_a_killed_run_does_not_hurt_the_next(folder: Path) -> None:
    first = demo(folder)
    out, err = first.communicate(timeout=120)
    assert first.returncode == 0, out + err
    assert LAST.fullmatch(out.splitlines()[-1]), out + err

    killed = demo(folder)
    assert until(lambda: len(handed_in(folder, 2)) >= 15, timeout_s=60), handed_in(folder, 2)
    family = psutil.Process(killed.pid).children(recursive=True)
    assert killed.poll() is None, killed.communicate()
    assert len(family) > 5
    killed.kill()
    killed.communicate()
    assert until(lambda: all(map(gone, family)), timeout_s=20), family

    third = demo(folder, "--json")
    out, err = third.communicate(timeout=120)
    result = json.loads(out)
    assert third.returncode == 0, result["line"] + err
    assert result["holds"]
    assert LAST.fullmatch(result["line"])
    assert sum(row["dossiers"] for row in result["outcomes"]) == 20

    runs = [set(handed_in(folder, run)) for run in (1, 2, 3)]
    assert [len(run) for run in (runs[0], runs[2])] == [20, 20]
    assert len(set.union(*runs)) == sum(len(run) for run in runs)


@pytest.mark.control
@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_dossier_that_cannot_go_on_is_told_and_the_demo_fails(folder: Path) -> None:
    running = demo(folder, "--dossiers", "1", program=("-c", HOPELESS))
    out, err = running.communicate(timeout=120)
    assert running.returncode == 1, out + err
    assert re.fullmatch(
        r"demo: 1 dossiers, 0 finished, 0 lost, 0 doubled, 1 incidents, \d+ calls, \d+ s",
        out.splitlines()[-1],
    )
    assert re.search(r"stalled: .*waits for .*DangKyThuongTru \(incident\)", out)
