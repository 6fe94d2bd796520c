"""Messages that nobody took, and what a person does about them: offer them again to whoever waits now, or reject them.

Giving one to a dossier by hand is in `by_hand`.
"""

from datetime import datetime

from engine import errors
from engine.actions.by_hand import UNTAKEN
from engine.actions.conditions import Seen, as_it_stands
from engine.actions.receive import AMBIGUOUS, offer
from engine.exchange.ports import Json
from engine.storage import access, incidents, messages, timelines
from engine.storage.database import Connection, Store

OFFERED = frozenset({"unclaimed", "ambiguous", "rejected"})
"""States from which a message is offered again."""


def offer_again(store: Store, message: int, *, by: str, reason: str, seen: Seen = as_it_stands) -> str:
    """Treat a message as if it came now: it meets who waits for it, else it is kept as long as at first. Its new status.

    The dossier that its key names is looked for once more. *seen* looks at the message once it is locked, and raises where
    its caller saw something else.

    Raises:
        MessageNotFound. ActionNotNow: it was taken, or is kept for whoever will wait.
    """
    with store.transaction() as connection:
        incidents.close_of_message(connection, AMBIGUOUS, message, by=by, resolution="offer")
        dossier = _hold(connection, message, OFFERED, "offered again", seen)
        messages.keep(connection, message, dossier)
        offer(connection, message)
        status = messages.status(connection, message)
        facts: dict[str, Json] = {"message": message, "status": status}
        access.audit(connection, by, "message-offered", dossier=dossier, facts=facts, reason=reason)
    return status


def reject(
    store: Store,
    message: int,
    *,
    by: str,
    reason: str,
    now: datetime,
    seen: Seen = as_it_stands,
) -> None:
    """Say that nobody is to have a message: no wait takes it any more. Its dossier, where one is known, tells of it.

    Its sender was told that it arrived, and is not told of this. *seen* is as with `offer_again`.

    Raises:
        MessageNotFound. ActionNotNow: it was taken, or rejected before.
    """
    with store.transaction() as connection:
        incidents.close_of_message(connection, AMBIGUOUS, message, by=by, resolution="reject")
        known = messages.lock_dossier(connection, message)
        dossier = _hold(connection, message, UNTAKEN, "rejected", seen)
        messages.set_status(connection, [message], "rejected")
        if known is not None:
            told: dict[str, Json] = {"message": message, "by": by, "reason": reason}
            timelines.tell(connection, known, now, "message-rejected", told)
        facts: dict[str, Json] = {"message": message}
        access.audit(connection, by, "message-rejected", dossier=dossier, facts=facts, reason=reason)


def _hold(
    connection: Connection,
    message: int,
    states: frozenset[str],
    what: str,
    seen: Seen,
) -> int | None:
    """Lock a message as appliers do; the dossier that it is for, or that its key names."""
    called = messages.named(connection, message)
    if called is None:
        raise errors.MessageNotFound(message=message)
    dossier = messages.dossier_of(connection, message)
    status = messages.hold(connection, message, called, dossier)
    seen(connection)
    if status not in states:
        raise errors.ActionNotNow(what=f"message {message} is {status} and is not {what}")
    return dossier
