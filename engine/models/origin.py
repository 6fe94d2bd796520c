"""Where a deployed folder came from, as whoever deploys it says: a commit of its repository."""

import re
from dataclasses import dataclass

from engine import errors

MOST = 80
DIRTY = "-dirty"
_COMMIT = re.compile(rf"[^\s\x00-\x1f\x7f]{{1,{MOST}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """*commit* is its id or a tag; *changed*: whether the folder had changes that are in no commit, None: nobody said."""

    commit: str
    changed: bool | None = None


def origin(text: str) -> Origin | None:
    """What *text* says: an id or a tag, with ``-dirty`` at its end (as ``git describe --dirty`` writes) where there were changes.

    None where it says nothing.

    Raises:
        RequestInvalid: it has blanks or control characters, or more than 80 characters.
    """
    text = text.strip()
    if not text:
        return None
    commit = text.removesuffix(DIRTY)
    if not _COMMIT.fullmatch(commit) or not commit.isprintable():
        why = f"must be a commit's id or a tag: 1 to {MOST} characters without blanks"
        raise errors.RequestInvalid(reason=f"commit {why}", fields=[{"field": "commit", "reason": why}])
    return Origin(commit=commit, changed=True if commit != text else None)
