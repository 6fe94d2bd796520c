"""What a caller saw must still be so once the thing that is changed is locked: only then can nobody come in between."""

from collections.abc import Callable

from engine.storage import dossiers
from engine.storage.database import Connection

Seen = Callable[[Connection], None]
"""Looks at the thing once it is locked; raises where its caller saw something else."""


def as_it_stands(_connection: Connection) -> None:
    """Of a caller who acts on a thing however it looks by now."""


def hold_dossier(connection: Connection, code: str, seen: Seen | None) -> None:
    """Lock the dossier, as appliers do, and let *seen* look at it; None: its caller asks nothing, and nobody waits."""
    if seen is not None:
        dossiers.lock(connection, code)
        seen(connection)
