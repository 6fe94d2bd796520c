"""`lienthong run` serves from an empty folder, mends itself, and leaves no process behind, however it ends."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

CHECKOUT = Path(__file__).resolve().parents[3]


@dataclass(slots=True, kw_only=True)
class Running:
    """A running system: its process and where its console is."""

    process: subprocess.Popen[str]
    address: str

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, word: str) -> psutil.Process:
        """The child with *word* in its command line; waits for it."""
        seen: list[psutil.Process] = []

        def found() -> bool:
            seen.extend(child for child in self.children() if word in command_line(child))
            return bool(seen)

        assert until(found), word
        return seen[-1]

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.address + "/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def command_line(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    """Whether *condition* came true in time."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def folder() -> Iterator[Path]:
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3
    path = Path(tempfile.mkdtemp(prefix="lt-run-", dir=memory if roomy else None))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


# What make is to `make run`, started by a shell with `&`: a parent of ours, under which Ctrl-C is ignored.
PARENT = """
import signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.exit(subprocess.call([sys.executable, "-m", "lienthong", "run", "--with-parent", "--simulate", "--port", "0"]))
"""
ALONE = ("-m", "lienthong", "run", "--simulate", "--port", "0")


@pytest.fixture
def running(folder: Path, request: pytest.FixtureRequest) -> Iterator[Running]:
    process = subprocess.Popen(
        [sys.executable, *getattr(request, "param", ALONE)],
        cwd=CHECKOUT,
        env={**os.environ, "LIENTHONG_DATA_DIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    address = ""
    for line in process.stdout:
        if line.startswith("console: "):
            address = line.removeprefix("console: ").strip()
            break
    yield Running(process=process, address=address)
    process.kill()
    process.wait()
    process.stdout.close()


def test_it_is_ready_and_ends_within_three_seconds_of_ctrl_c(running: Running) -> None:
    assert until(running.is_ready)
    family = running.children()
    assert len(family) >= 5
    running.process.send_signal(signal.SIGINT)
    running.process.wait(3)
    _, alive = psutil.wait_procs(family, timeout=0.5)
    assert not alive
    assert running.process.returncode == 0


def test_it_leaves_no_process_within_three_seconds_of_its_own_violent_death(running: Running) -> None:
    assert until(running.is_ready)
    family = running.children()
    running.process.kill()
    _, alive = psutil.wait_procs(family, timeout=3)
    assert not [child for child in alive if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("running", [("-c", PARENT)], indirect=True)
@pytest.mark.parametrize("end", ["ctrl-c in the background", "the parent is killed"])
def test_nor_when_make_is_killed_or_a_shell_had_it_ignore_ctrl_c(running: Running, end: str) -> None:
    assert until(running.is_ready)
    family = running.children()
    if end == "the parent is killed":
        running.process.kill()
    else:
        running.child("run").send_signal(signal.SIGINT)
    _, alive = psutil.wait_procs(family, timeout=3)
    assert not [child for child in alive if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_whatever_is_killed_comes_back(running: Running) -> None:
    assert until(running.is_ready)
    for word in ("worker", "scheduler", "web"):
        victim = running.child(word)
        victim.kill()
        assert until(lambda: running.child(word).pid != victim.pid), word  # noqa: B023
    server = next(child for child in running.children() if "postgres" in " ".join(command_line(child)[:1]))
    server.kill()
    assert until(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)
    assert until(running.is_ready, 30)


# Ctrl-C that comes while the last child is forked: Python swallows what is raised in callbacks around a fork.
SWALLOWED = """
import os, signal, sys
forks = []
def strike():
    forks.append(1)
    if len(forks) == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGINT)
os.register_at_fork(after_in_parent=strike)
from lienthong.cli import run
sys.exit(run(["run", "--simulate", "--port", "0"]))
"""


# In the second fork the house is not there yet, so that the interruption ends the command; in the fourth it is.
@pytest.mark.parametrize(("fork", "status"), [(2, 130), (4, 0)])
def test_a_ctrl_c_that_python_swallows_ends_it_all_the_same(folder: Path, fork: int, status: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SWALLOWED, str(fork)],
        cwd=CHECKOUT,
        env={**os.environ, "LIENTHONG_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "KeyboardInterrupt" in ended.stderr, "nothing was swallowed"
    assert ended.returncode == status
