"""Which operating-system user runs the embedded server, and what that user can reach.

PostgreSQL refuses to run as root. We never create a user and never change the mode of a folder that is not ours.
"""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from engine.errors import DatabaseServerError

_PREFERRED = ("lienthong", "nobody", "daemon")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user with an entry in the password file."""

    name: str
    uid: int
    gid: int

    @property
    def popen_options(self) -> dict[str, object]:
        """What `subprocess` needs to run a program as this user; nothing when we are that user."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": ()}

    def owns(self, path: Path) -> None:
        """Give *path*, which we made, to this user."""
        if self.uid != os.geteuid():
            os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether this user may pass every folder down to *path*, or to its nearest parent that exists."""
        return all(self._may_pass(folder) for folder in (path, *path.parents) if folder.is_dir())

    def _may_pass(self, folder: Path) -> bool:
        status = folder.stat()
        if self.uid in {0, status.st_uid}:
            return self.uid == 0 or bool(status.st_mode & 0o100)
        return bool(status.st_mode & (0o010 if status.st_gid == self.gid else 0o001))


def server_account(wanted: str = "", data: Path | None = None) -> Account:
    """The user for the server: we ourselves, or as root the owner of *data*, *wanted*, or an unprivileged user.

    Raises:
        DatabaseServerError: there is no such user, or none without privileges.
    """
    if os.geteuid() != 0:
        return _by_uid(os.geteuid())
    if data is not None and data.exists() and data.stat().st_uid != 0:
        return _by_uid(data.stat().st_uid)
    for name in (wanted,) if wanted else _PREFERRED:
        found = _by_name(name)
        if found is not None:
            return found
    if not wanted and (others := [entry for entry in pwd.getpwall() if entry.pw_uid != 0]):
        return _account(others[0])
    raise DatabaseServerError(
        reason=f"there is no unprivileged user {wanted!r} to run it; name one in LIENTHONG_DATABASE_OS_USER"
    )


def _by_uid(uid: int) -> Account:
    try:
        return _account(pwd.getpwuid(uid))
    except KeyError:
        raise DatabaseServerError(
            reason=f"user id {uid} has no entry in /etc/passwd, which initdb needs; add one or set DATABASE_URL"
        ) from None


def _by_name(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return _account(entry) if entry.pw_uid != 0 else None


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
