"""Holding a dossier still, and letting it go on: an operator's act, not the law's.

While a dossier is suspended nothing of it is applied or sent. Whatever comes in stays pending and is applied in its order
once it goes on; what was sent already is settled as ever. The legal clock goes on: only the law pauses that.
"""

from datetime import datetime

from engine import errors
from engine.actions.conditions import Seen, as_it_stands
from engine.dossiers.statuses import is_final
from engine.exchange.ports import Json
from engine.storage import access, suspensions, timelines
from engine.storage.database import Connection, Store
from engine.storage.suspensions import HeldDossier


def suspend(
    store: Store, code: str, *, by: str, reason: str, now: datetime, seen: Seen = as_it_stands
) -> None:
    """Hold the dossier still, at once. *seen* looks at it once it is locked.

    Raises:
        DossierNotFound. ActionNotNow: it is over, or suspended already.
    """
    with store.transaction() as connection:
        found = _hold(connection, code, seen)
        if is_final(found.status) or not found.running:
            raise errors.ActionNotNow(what=f"{code} is over")
        if found.suspended:
            raise errors.ActionNotNow(what=f"{code} is suspended already")
        suspensions.add(connection, found.id, who=by, reason=reason)
        _tell(connection, found, "suspended", by=by, reason=reason, now=now)


def resume(
    store: Store, code: str, *, by: str, reason: str, now: datetime, seen: Seen = as_it_stands
) -> None:
    """Let the dossier go on; what waited is applied in its order. *seen* looks at it once it is locked.

    Raises:
        DossierNotFound. ActionNotNow: it is not suspended.
    """
    with store.transaction() as connection:
        found = _hold(connection, code, seen)
        if not found.suspended:
            raise errors.ActionNotNow(what=f"{code} is not suspended")
        suspensions.remove(connection, found.id)
        _tell(connection, found, "resumed", by=by, reason=reason, now=now)


def _hold(connection: Connection, code: str, seen: Seen) -> HeldDossier:
    found = suspensions.hold(connection, code)
    if found is None:
        raise errors.DossierNotFound(dossier=code)
    seen(connection)
    return found


def _tell(
    connection: Connection, found: HeldDossier, what: str, *, by: str, reason: str, now: datetime
) -> None:
    facts: dict[str, Json] = {"by": by, "reason": reason}
    timelines.tell(connection, found.id, now, what, facts)
    access.audit(connection, by, f"dossier-{what}", dossier=found.id, reason=reason)
