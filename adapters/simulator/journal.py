"""What happened at the simulated partners, line by line, in a file that only grows: the witness of every count.

A line is on its way to the disk before its request is answered; with *durable* it is on the disk. Reading it back after
a restart gives the same world.
"""

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson

from engine.exchange.ports import Json

FILE = "journal.jsonl"
Line = dict[str, Json]


class Journal:
    """One file of lines; every line says its `kind` and `at`."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE
        self._durable = durable
        self._lock = threading.Lock()
        self._file = os.open(self.path, os.O_APPEND | os.O_CREAT | os.O_RDWR, 0o600)
        self._end_unfinished_line()

    def write(self, line: Line) -> Line:
        """Append *line* with the present moment; returns it as written."""
        stamped: Line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **line}
        data = orjson.dumps(stamped) + b"\n"
        with self._lock:
            os.write(self._file, data)
            if self._durable:
                os.fsync(self._file)
        return stamped

    def close(self) -> None:
        os.close(self._file)

    def _end_unfinished_line(self) -> None:
        """A line that a crash cut short stays as it is; the next begins on its own."""
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")


def read(folder: Path) -> Iterator[Line]:
    """The whole lines of the journal in *folder*, oldest first; none where there is no journal."""
    path = folder / FILE
    if not path.is_file():
        return
    with path.open("rb") as file:
        for data in file:
            try:
                line = orjson.loads(data)
            except orjson.JSONDecodeError:
                continue
            if isinstance(line, dict):
                yield line
