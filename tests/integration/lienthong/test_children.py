"""Child processes are restarted when they end, and none outlives its parent, however the parent ends."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from lienthong.children import Family, child_environment
from tests.support.waiting import gone, until

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    family = Family()
    changes = {"LIENTHONG_DATA_DIR": str(tmp_path)}
    family.add("simulators", "simulators", environment=child_environment(dict(os.environ), changes))
    yield family
    family.stop(5.0)


def test_a_child_that_ends_is_started_again(family: Family) -> None:
    child = family.members[0]
    first = child.process
    assert first is not None
    first.kill()

    def restarted() -> bool:
        family.look()
        return child.process is not first

    assert until(restarted)


def test_a_child_that_keeps_ending_is_started_ever_later(family: Family) -> None:
    child = family.members[0]
    waits = []
    for _ in range(3):
        assert child.process is not None
        child.process.kill()
        child.process.wait()
        child.look()
        waits.append(child.wait_s)
        child.start()
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]


def test_stopping_ends_also_who_does_not_listen(family: Family) -> None:
    child = family.members[0]
    assert child.process is not None
    child.process.send_signal(signal.SIGSTOP)
    family.stop(0.2)
    assert child.process.poll() is not None


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    program = textwrap.dedent(f"""
        import os, time
        from lienthong.children import Family, child_environment
        family = Family()
        family.add("simulators", "simulators",
                   environment=child_environment(dict(os.environ), {{"LIENTHONG_DATA_DIR": {str(tmp_path)!r}}}))
        print(family.members[0].process.pid, flush=True)
        time.sleep(60)
    """)
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    assert not gone(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert until(lambda: gone(child), timeout_s=20)


def test_the_environment_of_a_child_has_no_second_form_of_what_is_changed() -> None:
    made = child_environment({"DATABASE_URL_FILE": "/x", "PATH": "/bin"}, {"DATABASE_URL": "postgresql://y"})
    assert "DATABASE_URL_FILE" not in made
    assert (made["DATABASE_URL"], made["PATH"]) == ("postgresql://y", "/bin")
