"""What an admin does about calls and messages that no incident asks about: send now, ask, hold, withdraw, deliver by hand."""

from engine import errors
from engine.actions.conditions import Seen, as_it_stands
from engine.actions.receive import AMBIGUOUS
from engine.exchange.ports import Json
from engine.storage import access, dossiers, events, handling, holds, incidents, messages, suspensions
from engine.storage.database import Connection, Store
from engine.storage.handling import HeldCall

CALL_ACTS = ("now", "ask", "resend", "hold", "release", "withdraw")
"""What can be done about a call, one or many."""
UNTAKEN = frozenset({"kept", "unclaimed", "ambiguous"})
"""States of a message that no dossier has: a person may say whose it is, or that nobody is to have it."""


def possible(
    status: str, repeat: str, *, has_incident: bool, held: bool = False, certain: bool = False
) -> tuple[str, ...]:
    """The acts that a call in *status* allows; where an incident is open about it, that one's acts count instead.

    *certain*: no attempt of it can have had an effect; only such a call is withdrawn.
    """
    if has_incident:
        return ()
    if status == "pending":
        return (("release",) if held else ("now", "hold")) + (("withdraw",) if certain else ())
    if status == "unknown" and held:
        return ("release",)
    if status == "unknown":
        return {"queryable": ("ask",), "idempotent": ("resend",)}.get(repeat, ())
    return ()


def act_on_call(
    store: Store,
    call: int,
    act: str,
    *,
    by: str,
    reason: str,
    seen: Seen = as_it_stands,
) -> None:
    """`on_call` in a transaction of its own."""
    with store.transaction() as connection:
        on_call(connection, call, act, by=by, reason=reason, seen=seen)


def on_call(
    connection: Connection,
    call: int,
    act: str,
    *,
    by: str,
    reason: str,
    seen: Seen = as_it_stands,
) -> None:
    """Do *act* about a call, with its audit line. Nothing is written where it is refused.

    *seen* looks at the call once it is locked, and raises where its caller saw something else.

    Raises:
        CallNotFound. ActionNotNow: the call does not allow it as it stands, or its dossier is suspended.
    """
    found = handling.hold_call(connection, call)
    if found is None:
        raise errors.CallNotFound(call=call)
    seen(connection)
    able = possible(
        found.status, found.repeat, has_incident=found.has_incident, held=found.held, certain=found.certain
    )
    if act not in able:
        state = "held" if found.held and found.status in ("pending", "unknown") else found.status
        raise errors.ActionNotNow(what=f"call {call} is {state} and does not allow {act}")
    if found.suspended and act not in ("hold", "release"):
        raise errors.ActionNotNow(what=f"the dossier of call {call} is suspended")
    _do(connection, call, found, act, by=by, reason=reason)
    facts: dict[str, Json] = {"call": call, "partner": found.partner, "operation": found.operation}
    access.audit(connection, by, f"call-{act}", dossier=found.dossier_id, facts=facts, reason=reason)


def _do(connection: Connection, call: int, found: HeldCall, act: str, *, by: str, reason: str) -> None:
    if act == "hold":
        holds.add(connection, call, who=by, reason=reason)
    elif act == "release":
        holds.remove(connection, call)
    elif act == "withdraw":
        handling.withdraw(connection, call, f"withdrawn by {by}: {reason}")
        tell(connection, found, "skip", by=by, reason=reason)
    else:
        handling.make_due(connection, call)


def tell(connection: Connection, found: HeldCall, act: str, *, by: str, reason: str) -> None:
    """Let the dossier hear that its call is no more: its step is gone past (``skip``) or made anew (``retry``)."""
    payload: dict[str, Json] = {
        "act": act,
        "task": found.task,
        "data": {},
        "by": by,
        "reason": reason,
        "incident": None,
        "partner": found.partner,
        "report_seq": found.report_seq,
        "operation": found.operation,
        "step": found.step,
        "inputs": found.body.get("inputs") if isinstance(found.body, dict) else None,
    }
    events.append(connection, found.dossier_id, "resolved", payload)


def retry_dossier(store: Store, code: str, *, by: str, reason: str, seen: Seen = as_it_stands) -> None:
    """Let every call of the dossier that waits go on now, but for those that an incident asks about.
    *seen* looks at the dossier once it is locked, and raises where its caller saw something else.

    Raises:
        DossierNotFound. ActionNotNow: it is suspended, or no call of it waits.
    """
    with store.transaction() as connection:
        held = suspensions.hold(connection, code)
        if held is None:
            raise errors.DossierNotFound(dossier=code)
        seen(connection)
        if held.suspended:
            raise errors.ActionNotNow(what=f"{code} is suspended")
        waiting: list[Json] = []
        for call in handling.waiting_calls(connection, held.id):
            handling.make_due(connection, call)
            waiting.append(call)
        if not waiting:
            raise errors.ActionNotNow(what=f"no call of {code} waits")
        facts: dict[str, Json] = {"calls": waiting}
        access.audit(connection, by, "dossier-retried", dossier=held.id, facts=facts, reason=reason)


def deliver(
    store: Store,
    message: int,
    dossier: str,
    *,
    by: str,
    reason: str,
    seen: Seen = as_it_stands,
) -> bool:
    """Give a message that nobody took to *dossier*: True when it met a wait, else it is kept for the dossier's next one.
    An incident that asks whose it is is closed. *seen* looks at the message once it is locked, and raises where its caller
    saw something else.

    Raises:
        MessageNotFound, DossierNotFound. ActionNotNow: it was taken already.
    """
    with store.transaction() as connection:
        incidents.close_of_message(connection, AMBIGUOUS, message, by=by, resolution="deliver")
        target, met = hand_over(connection, message, dossier, seen=seen)
        facts: dict[str, Json] = {"message": message, "met": met}
        access.audit(connection, by, "message-delivered", dossier=target, facts=facts, reason=reason)
    return met


def hand_over(
    connection: Connection,
    message: int,
    dossier: str,
    *,
    seen: Seen = as_it_stands,
) -> tuple[int, bool]:
    """`deliver` within a transaction that does more: the dossier's id, and whether the message met a wait of it.

    Raises:
        MessageNotFound, DossierNotFound. ActionNotNow: it was taken already.
    """
    target = dossiers.find_status(connection, dossier)
    if target is None:
        raise errors.DossierNotFound(dossier=dossier)
    called = messages.named(connection, message)
    if called is None:
        raise errors.MessageNotFound(message=message)
    status = messages.hold(connection, message, called, target[0])
    seen(connection)
    if status not in UNTAKEN:
        raise errors.ActionNotNow(what=f"message {message} was taken already")
    task = messages.give(connection, message, target[0])
    if task is not None:
        payload: dict[str, Json] = {"message": message, "task": task}
        events.append(connection, target[0], "message", payload)
    return target[0], task is not None
