"""The desk's journal: what it handed in and what it was shown, line by line, for the witness to compare.

One file a run, below the data folder; the number of files tells which run this is.
"""

import os
import threading
from pathlib import Path

import orjson

from engine.exchange.ports import Json


class DeskJournal:
    """A new file of lines; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self.run = 1 + max((int(file.stem[5:]) for file in folder.glob("desk-*.jsonl")), default=0)
        self.path = folder / f"desk-{self.run:04d}.jsonl"
        self._file = os.open(self.path, os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)

    def write(self, kind: str, **line: Json) -> None:
        """Append one line."""
        data = orjson.dumps({"kind": kind, **line}) + b"\n"
        with self._lock:
            os.write(self._file, data)

    def close(self) -> None:
        os.close(self._file)
