"""The tutorial as what a reader does: its blocks, and its commands as a script for the second terminal."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.killing import ROOT

PAGE = Path("docs") / "tutorial.md"
_BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PRINTED = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: its language, the word behind it, and what is in it."""

    language: str
    word: str
    text: str


def blocks(root: Path = ROOT) -> list[Block]:
    """Those of the page in the checkout *root*, in its order."""
    found = _BLOCK.findall((root / PAGE).read_text(encoding="utf-8"))
    return [Block(language=language, word=word, text=text) for language, word, text in found]


def preparation(root: Path = ROOT) -> str:
    """What is done once, and its environment in every terminal: the page's first block."""
    [first] = [block.text for block in blocks(root) if (block.language, block.word) == ("sh", "")]
    return first


def start(root: Path = ROOT) -> str:
    """The command of the first terminal."""
    [command] = [block.text.strip() for block in blocks(root) if block.word == "run"]
    return command


def script(place: Path, address: str, root: Path = ROOT) -> str:
    """Everything that the reader does in the second terminal, in the page's order; writes its files into *place* for that."""
    lines = ["set -eu"]
    for number, block in enumerate(blocks(root)):
        if block.word.startswith("file:"):
            source = place / f"block-{number}"
            source.write_text(block.text, encoding="utf-8")
            lines.append(f"cp '{source}' '{block.word.removeprefix('file:')}'")
        elif (block.language, block.word) == ("console", ""):
            lines.append(block.text.replace(_PRINTED, address))
    return "\n".join(lines)


@contextmanager
def place(room_bytes: int, *folders: str) -> Iterator[Path]:
    """An empty place for a reader, with *folders* in it; in memory where that has *room_bytes* to spare."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > room_bytes
    path = Path(tempfile.mkdtemp(prefix="lt-reader-", dir=memory if roomy else None))
    path.chmod(0o755)
    for name in folders:
        (path / name).mkdir()
    yield path
    shutil.rmtree(path, ignore_errors=True)
