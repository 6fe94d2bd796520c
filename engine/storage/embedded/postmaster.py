"""What the server's pid file says, and whether it may be believed.

After kill -9 or a reboot the file stays and its process id may belong to anybody; PostgreSQL then refuses to start.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmaster:
    """The server process that a pid file names."""

    pid: int
    ready: bool


def find_postmaster(database: Path) -> Postmaster | None:
    """The living server of *database*; None when there is none, whatever its pid file says."""
    try:
        lines = (database / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    if not _serves(pid, database):
        return None
    return Postmaster(pid=pid, ready=len(lines) > 7 and lines[7].strip() == "ready")


def disown_stale_files(database: Path, sockets: Path) -> None:
    """Make leftovers of a server that is gone harmless; call only when `find_postmaster` found none.

    The pid file is not removed: PostgreSQL needs its shared-memory key to see orphaned backends. It takes its parent's
    pid for its own, so naming us makes the file stale in its eyes and keeps that check.
    """
    with suppress(FileNotFoundError, ValueError):
        file = database / "postmaster.pid"
        lines = file.read_text().splitlines(keepends=True)
        if lines:
            file.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))
    for leftover in sockets.glob(".s.PGSQL.*"):
        leftover.unlink(missing_ok=True)


def _serves(pid: int, database: Path) -> bool:
    """Whether process *pid* is a PostgreSQL whose working directory is *database*."""
    process = Path("/proc") / str(pid)
    try:
        if not process.parent.is_dir():
            return True  # no /proc here: believe the file
        return process.joinpath("cwd").readlink() == database.resolve()
    except OSError:
        return False
