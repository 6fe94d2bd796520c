"""Sending a refused call again with a new key: as another request, which the partner cannot know for a repeat.

Two requests are two effects wherever the first had one after all. So it takes a right of its own, and every attempt of the
old call must be certain to have done nothing; the old call is withdrawn and the step composes its request anew.
"""

from engine import errors
from engine.actions.by_hand import tell
from engine.actions.conditions import Seen, as_it_stands
from engine.exchange.ports import Json
from engine.storage import access, handling, incidents
from engine.storage.database import Store

RESOLUTION = "renew"
"""How an incident was dealt with whose call was sent with a new key."""


def possible(status: str, *, certain: bool, attempts: int) -> bool:
    """Whether a call in *status* may be sent with a new key: it was tried, was refused, and did nothing."""
    return status in ("refused", "incident") and certain and attempts > 0


def send_with_new_key(store: Store, call: int, *, by: str, reason: str, seen: Seen = as_it_stands) -> None:
    """Withdraw a refused call and let its step write another one, in one transaction with its audit line.

    The incident about it is dealt with. Where a contract makes keys of the dossier's own fields the new one may be the same.
    *seen* looks at the call once it is locked, and raises where its caller saw something else.

    Raises:
        CallNotFound. ActionNotNow: it may have had an effect, does not wait for a person, or its dossier is suspended.
    """
    with store.transaction() as connection:
        found = handling.hold_call(connection, call)
        if found is None:
            raise errors.CallNotFound(call=call)
        seen(connection)
        if not possible(found.status, certain=found.certain, attempts=found.attempt):
            raise errors.ActionNotNow(what=f"call {call} may have had an effect, or is not refused")
        if found.suspended:
            raise errors.ActionNotNow(what=f"the dossier of call {call} is suspended")
        handling.withdraw(connection, call, f"sent again with a new key by {by}: {reason}")
        incidents.close_of_call(connection, call, by=by, resolution=RESOLUTION)
        tell(connection, found, "retry", by=by, reason=reason)
        facts: dict[str, Json] = {"call": call, "partner": found.partner, "operation": found.operation}
        access.audit(connection, by, "call-renewed", dossier=found.dossier_id, facts=facts, reason=reason)
