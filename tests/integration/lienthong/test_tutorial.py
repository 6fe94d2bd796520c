"""The tutorial, followed word for word: its files, its commands, and the token in the console at the end."""

import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.whole_system import CONSOLE, ROOT, until

PAGE = ROOT / "docs" / "tutorial.md"
_BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PRINTED = "http://127.0.0.1:8080"
_COMMANDS = Path(sys.executable).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: its language, the word behind it, and what is in it."""

    language: str
    word: str
    text: str


def blocks() -> list[Block]:
    found = _BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    return [Block(language=language, word=word, text=text) for language, word, text in found]


def script(place: Path, address: str) -> str:
    """Everything that the reader does in the second terminal, in the page's order; writes its files where they come."""
    lines = ["set -eu"]
    for number, block in enumerate(blocks()):
        if block.word.startswith("file:"):
            source = place / f"block-{number}"
            source.write_text(block.text, encoding="utf-8")
            lines.append(f"cp '{source}' '{block.word.removeprefix('file:')}'")
        elif (block.language, block.word) == ("console", ""):
            lines.append(block.text.replace(_PRINTED, address))
    return "\n".join(lines)


@pytest.fixture
def place() -> Iterator[Path]:
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3
    path = Path(tempfile.mkdtemp(prefix="lt-tutorial-", dir=memory if roomy else None))
    path.chmod(0o755)
    for name in ("blocks", "reader"):
        (path / name).mkdir()
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def environment(place: Path) -> dict[str, str]:
    path = f"{_COMMANDS}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "LIENTHONG_DATA_DIR": str(place / "data")}


@pytest.fixture
def address(place: Path, environment: dict[str, str]) -> Iterator[str]:
    """The first terminal: the page's own command, on a free port."""
    [start] = [block.text.split() for block in blocks() if block.word == "run"]
    log = place / "system.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [*start, "--port", "0"], cwd=place / "reader", env=environment, stdout=out, stderr=out
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
        ["bash", "-c", script(place / "blocks", address)],
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
