"""Where an embedded server keeps its data, socket, passwords and locks.

Folders only; the server itself is in `server`. A data folder that its user cannot reach is replaced by one of our own
under `/var/lib/lienthong`, always the same one for the same data folder.
"""

import fcntl
import hashlib
import os
import secrets
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from engine.errors import DatabaseServerError
from engine.storage.embedded.account import Account, server_account
from engine.storage.embedded.binaries import OWN_FOLDER, make_folder

_SOCKET_NAME = "/.s.PGSQL.5432.lock"
_SOCKET_LIMIT = 107
ROLE = DATABASE = "lienthong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The folder of one embedded server and what is in it."""

    home: Path
    account: Account

    @property
    def database(self) -> Path:
        return self.home / "db"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def sockets(self) -> Path:
        """The folder of the private socket; a short one elsewhere where the path would be too long."""
        near = self.home / "run"
        if len(os.fsencode(near)) + len(_SOCKET_NAME) <= _SOCKET_LIMIT:
            return near
        base = OWN_FOLDER / "run" if os.geteuid() == 0 else Path(tempfile.gettempdir())
        return base / f"lienthong-{self.account.uid}-{_digest(self.home)}"

    def prepare(self) -> None:
        """Make the folders: the home ours, the socket's folder the server's and nobody else's."""
        try:
            make_folder(self.home)
            make_folder(self.sockets.parent)
            self.sockets.mkdir(mode=0o700, exist_ok=True)
            if self.sockets.stat().st_uid == os.geteuid():
                self.account.owns(self.sockets)
            self.sockets.chmod(0o700)
        except OSError as exc:
            raise DatabaseServerError(
                reason=f"{exc.filename} cannot be used ({exc.strerror}); set LIENTHONG_DATA_DIR to a folder of yours"
            ) from exc

    def password(self, name: str) -> str:
        """The secret of role *name*; made on first use, readable by its owner only."""
        file = self.home / f"{name}.password"
        with suppress(FileExistsError):
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write(secrets.token_urlsafe(24))
        try:
            return file.read_text(encoding="ascii")
        except OSError as exc:
            raise DatabaseServerError(reason=f"{file} cannot be read: {exc.strerror}") from exc

    def url(self, database: str = DATABASE, role: str = ROLE) -> str:
        """The address of *database* for SQLAlchemy with psycopg, password included."""
        return (
            f"postgresql+psycopg://{role}:{quote(self.password(role), safe='')}@/{database}"
            f"?host={quote(str(self.sockets), safe='')}"
        )


def find_place(data_dir: Path, os_user: str = "") -> Place:
    """The place of *data_dir*'s server: where its data already is, else where its user can reach it."""
    near = data_dir.absolute() / "postgres"
    far = OWN_FOLDER / f"data-{_digest(near)}" / "postgres"
    for home in (near, far):
        if (home / "db").is_dir():
            return Place(home=home, account=server_account(os_user, home / "db"))
    account = server_account(os_user)
    return Place(home=near if account.reaches(near) else far, account=account)


class Hold:
    """A lock on a file that the operating system drops when its holder dies, however it dies."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor = -1

    def take(self, *, shared: bool = False, wait_s: float = 0.0) -> bool:
        """Take the lock, or keep it; False when another process still has it after *wait_s*.

        Raises:
            DatabaseServerError: the file belongs to another user.
        """
        if self._descriptor >= 0:
            return True
        try:
            self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise DatabaseServerError(
                reason=f"{self._file} cannot be opened ({exc.strerror}); the data belongs to another user"
            ) from exc
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        until = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    self.free()
                    return False
                time.sleep(0.05)  # flock has no time-out of its own
            else:
                return True

    def free(self) -> None:
        """Give the lock back; nothing happens when it is not held."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
