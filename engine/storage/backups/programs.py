"""Running PostgreSQL's programs: how they reach the database, how they are watched, and what of their words may be told.

A password goes by the environment of the process, never by its command line. What a server says about a row that it does
not like shows the row: only the first line of an error is told, and of that no value.
"""

import re
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from engine import parent
from engine.environment import process_environment
from engine.errors import BackupError
from engine.storage.database import KEEPALIVE, plain_url
from engine.storage.embedded.binaries import CLEAN_ENVIRONMENT

Tell = Callable[[str], None]
"""Told what is being done now, for people."""

_LOOK_S = 0.2
_SECRETS = ("password", "sslpassword")


class Stop(Protocol):
    """Asked again and again by whoever does something long, such as a `threading.Event`."""

    def is_set(self) -> bool:
        """Whether to leave off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A database as PostgreSQL's programs are told of it: *words* may be seen by anybody, *environment* may not."""

    words: str
    environment: dict[str, str] = field(repr=False)


def address(url: str) -> Address:
    """The database at *url*; what the URL leaves open is taken from our own PG… variables, as libpq does."""
    parts = conninfo_to_dict(plain_url(url), **KEEPALIVE)
    secret = parts.pop(_SECRETS[0], None)
    parts.pop(_SECRETS[1], None)
    ours = process_environment()
    environment = CLEAN_ENVIRONMENT | {name: value for name, value in ours.items() if name.startswith("PG")}
    if "HOME" in ours:  # where libpq looks for certificates
        environment["HOME"] = ours["HOME"]
    if secret:
        environment["PGPASSWORD"] = str(secret)
    return Address(words=make_conninfo("", **parts), environment=environment)


class Program:
    """One run of one of PostgreSQL's programs, that ends when we do; a context, which leaves no process behind."""

    def __init__(
        self,
        command: Sequence[str],
        environment: dict[str, str],
        *,
        stdin: int | None = subprocess.DEVNULL,
        stdout: int | None = subprocess.DEVNULL,
    ) -> None:
        self.name = Path(command[0]).name
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # closed by __exit__
        try:
            self.process = subprocess.Popen(
                list(command), cwd="/", env=environment, stdin=stdin, stdout=stdout, stderr=self._said,
                start_new_session=True, preexec_fn=parent.following(signal.SIGKILL),
            )  # fmt: skip
        except OSError as exc:
            self._said.close()
            raise BackupError(what=self.name, reason=f"it does not start: {exc.strerror}") from exc

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                _close(pipe)
        self.process.wait()
        self._said.close()

    def finish(self, stop: Stop, tick: Callable[[], None] | None = None) -> None:
        """Return when it ended well; *tick* is called now and then meanwhile.

        Raises: BackupError: it did not end well, or *stop* said so.
        """
        while True:
            try:
                code = self.process.wait(_LOOK_S)
                break
            except subprocess.TimeoutExpired:
                if stop.is_set():
                    raise interrupted() from None
                if tick is not None:
                    tick()
        if code != 0:
            raise BackupError(what=self.name, reason=self.complaint() or f"it ended with {code}")

    def complaint(self) -> str:
        """What it said was wrong, without anything that the database holds."""
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").splitlines()
        wrong = next((line for line in lines if re.search(r"error|fatal", line, re.IGNORECASE)), "")
        return bare(wrong or (lines[-1] if lines else ""))


def interrupted() -> BackupError:
    """We were asked to stop."""
    return BackupError(what="the backup", reason="it was interrupted")


def bare(line: str) -> str:
    """A line of PostgreSQL's without values of the data: they follow a colon, in double quotes."""
    line = re.sub(r"^(psql|pg_dump|pg_restore)(:\S+)?: ", "", line.strip())
    return re.sub(r'(invalid [^"]*|out of range[^"]*|too long[^"]*): ".*', r"\1", line)[:300]


def _close(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):  # it ended before it had read everything
        pipe.close()
