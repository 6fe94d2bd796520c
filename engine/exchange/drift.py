"""What drift is: a contract, or a partner's own description of itself, that is no longer what calls were tried with.

Values only. How descriptions are fetched and compared is in the adapters, what is kept of it in `engine.storage.drift`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What was compared."""

    CONTRACT = "contract"  # what workers hold, with what the last good answer was had by or a person accepted
    SECRET = "secret"  # what workers hold of a secret, with what a person put in force  # noqa: S105
    WORKERS = "workers"  # what the workers that run hold, with each other
    DESCRIPTION = "description"  # what the partner says of itself now, with the file beside the contract


class Standing(StrEnum):
    """What a comparison came to."""

    SAME = "same"
    DIFFERS = "differs"
    UNREACHED = "unreached"  # there was nothing to compare with: no answer, or no such address
    UNREADABLE = "unreadable"  # what came is no description that can be compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A partner's description at the address *about*, held against the file that is kept of it.

    *pinned* and *found* are digests of both in canonical form; parts are named as ``operation X`` or ``element {ns}y``.
    What it offers beyond the file (*added*) breaks nothing and is no drift.
    """

    about: str
    standing: Standing
    detail: str = ""
    pinned: str = ""
    found: str = ""
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
