"""Putting off what needs attention, until a moment and with a reason; it is shown apart meanwhile, never hidden."""

from datetime import datetime

from engine import errors
from engine.actions.conditions import Seen
from engine.exchange.ports import Json
from engine.queries import attention
from engine.storage import access, incidents
from engine.storage.database import Store

HOURS = (1, 4, 24, 72)
"""For how long a count may be put off."""

KINDS = frozenset(attention.kinds())
"""What may be put off: everything that is counted."""


MOST_DAYS = 30
"""For how long the incidents of a cause may be muted."""


def mute(store: Store, cause: str, until: datetime | None, *, by: str, reason: str) -> None:
    """Put the incidents of *cause* off until a moment of the database's own time; None: no longer.

    They stay in every list and count, marked as muted; it is the very thing that the first page's put off does.

    Raises:
        RequestInvalid: no such cause or time, no reason.
    """
    if not 0 < len(cause) <= 100:
        raise errors.RequestInvalid(reason="there is no such cause to mute")
    if not reason.strip():
        raise errors.RequestInvalid(reason="the reason is missing")
    facts: dict[str, Json] = {"cause": cause, "until": until.isoformat() if until else None}
    with store.transaction() as connection:
        if not access.snooze_until(connection, "incidents", cause, until, MOST_DAYS, who=by, reason=reason):
            raise errors.RequestInvalid(
                reason=f"a cause is muted until a moment of the next {MOST_DAYS} days"
            )
        what = "cause-muted" if until is not None else "cause-unmuted"
        access.audit(connection, by, what, facts=facts, reason=reason)


def mute_for(store: Store, cause: str, hours: int, *, by: str, reason: str, seen: Seen) -> None:
    """`mute` for *hours* from now of the database's own time, as programs ask for it; 0: no longer.

    *seen* looks at what is put off while nobody else can change it, and raises where its caller saw something else.

    Raises:
        RequestInvalid: no incident ever had this cause, or it is longer than `MOST_DAYS`.
    """
    if not 0 <= hours <= MOST_DAYS * 24:
        raise errors.RequestInvalid(reason=f"a cause is muted until a moment of the next {MOST_DAYS} days")
    facts: dict[str, Json] = {"cause": cause, "hours": hours}
    with store.transaction() as connection:
        if not incidents.has_cause(connection, cause):
            raise errors.RequestInvalid(reason="there is no such cause to mute")
        access.hold_snoozes(connection)
        seen(connection)
        access.snooze(connection, "incidents", cause, hours, who=by, reason=reason)
        what = "cause-muted" if hours else "cause-unmuted"
        access.audit(connection, by, what, facts=facts, reason=reason)


def put_off(store: Store, kind: str, name: str, hours: int, *, by: str, reason: str) -> None:
    """Put a count off for *hours* from now; 0: no longer. Raises: RequestInvalid: no such count or time, no reason."""
    if kind not in KINDS or not 0 < len(name) <= 100:
        raise errors.RequestInvalid(reason="there is no such count to put off")
    if hours not in (0, *HOURS):
        raise errors.RequestInvalid(reason=f"a count is put off for {', '.join(map(str, HOURS))} hours")
    if not reason.strip():
        raise errors.RequestInvalid(reason="the reason is missing")
    facts: dict[str, Json] = {"kind": kind, "name": name, "hours": hours}
    with store.transaction() as connection:
        access.snooze(connection, kind, name, hours, who=by, reason=reason)
        access.audit(connection, by, "attention-put-off", facts=facts, reason=reason)
