"""The tutorial's files and commands, word for word, in this environment, and the token in the console at the end.

From a fresh clone and with a browser it is followed in `tests/acceptance/test_strangers_hour.py`.
"""

import html
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import tutorial
from tests.support.waiting import until
from tests.support.whole_system import CONSOLE

_COMMANDS = Path(sys.executable).parent


@pytest.fixture
def place() -> Iterator[Path]:
    with tutorial.place(2 * 1024**3, "blocks", "reader") as path:
        yield path


@pytest.fixture
def environment(place: Path) -> dict[str, str]:
    path = f"{_COMMANDS}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "LIENTHONG_DATA_DIR": str(place / "data")}


@pytest.fixture
def address(place: Path, environment: dict[str, str]) -> Iterator[str]:
    """The first terminal: the page's own command, on a free port."""
    log = place / "system.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [*tutorial.start().split(), "--port", "0"],
            cwd=place / "reader",
            env=environment,
            stdout=out,
            stderr=out,
        )
    try:
        assert until(lambda: CONSOLE in log.read_text(), timeout_s=60), log.read_text()
        yield log.read_text().split(CONSOLE, 1)[1].split()[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def test_it_ends_with_the_token_seen_in_the_console(
    place: Path, environment: dict[str, str], address: str
) -> None:
    done = subprocess.run(
        ["bash", "-c", tutorial.script(place / "blocks", address)],
        cwd=place / "reader",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [page] = re.findall(rf"^{address}/ho-so/\S+$", done.stdout, re.MULTILINE)
    assert until(lambda: "Task_Check" in waiting(page), timeout_s=20), waiting(page)


def waiting(page: str) -> list[str]:
    """The elements that *page* draws a waiting token on."""
    with urllib.request.urlopen(page, timeout=10) as answer:
        tokens = re.findall(r' data-tokens="([^"]*)"', answer.read().decode())
    return [str(one["element"]) for one in json.loads(html.unescape(tokens[0]))] if tokens else []
