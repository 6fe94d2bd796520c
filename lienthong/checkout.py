"""What git says of a folder: the commit that it is of. Without git, or outside a checkout, nothing, and that is no error."""

import subprocess
from pathlib import Path

import structlog

from engine.models.origin import Origin

_PATIENCE_S = 20.0

log = structlog.get_logger()


def origin_of(path: Path) -> Origin | None:
    """The commit that the folder or file *path* is of, and whether it has changes in none; None where git does not know it."""
    folder, what = (path, ".") if path.is_dir() else (path.parent, path.name)
    if not _git(folder, "ls-files", "-z", "--", what):
        return None  # no checkout, or a folder in one that is in no commit of it
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--untracked-files=all", "--", what)
    if not commit or changes is None:
        return None
    return Origin(commit=commit.strip(), changed=bool(changes))


def _git(folder: Path, *words: str) -> str | None:
    """What git prints; None where it fails or is not there. It runs nothing that the checkout's own settings name."""
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=_PATIENCE_S)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as exc:
        log.debug("no_commit_known", folder=str(folder), why=type(exc).__name__)
        return None
    return done.stdout.decode(errors="replace")
