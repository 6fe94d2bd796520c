"""The mailbox: a partner that cannot be called fetches its calls (a claim) and acknowledges them (a settlement).

Between the two a call is `sending`. One that is not acknowledged within its lease becomes unknown and goes the way of its
operation's class: offered again where the partner knows repeats by their key, an incident where it does not. A late
acknowledgement still settles it.
"""

from engine import errors
from engine.actions import send
from engine.exchange.ports import Answer, Json, Mailboxes, Outcome
from engine.storage import mailbox, partners
from engine.storage.database import Store
from engine.storage.mailbox import MailboxCall, WaitingCall

MARGIN_S = 10.0
_OVER = ("done", "refused")
_OPEN = ("sending", "unknown", "incident")


def list_waiting(store: Store, partner: str, *, after: int | None, limit: int) -> list[WaitingCall]:
    """What *partner* may fetch now: of each dossier the oldest call, in the order in which they were written."""
    with store.reading() as connection:
        return mailbox.waiting(connection, partner, after=after, limit=limit)


def fetch(store: Store, partner: str, call: int, *, holder: str) -> MailboxCall:
    """The call with its body, leased to *holder*; committed before this returns. The same holder may fetch again.

    Raises:
        CallNotFound: there is none of this partner. CallNotWaiting: it is over, held by another, or not its turn.
    """
    with store.transaction() as connection:
        partners.ensure(connection, [partner])
        fetched = mailbox.fetch(connection, partner, call, holder=holder, margin_s=MARGIN_S)
        found = mailbox.find(connection, partner, call)
    if found is None:
        raise errors.CallNotFound(call=call)
    ours = found.status == "sending" and found.held and found.holder == holder
    if not fetched and not ours:
        raise errors.CallNotWaiting(call=call, reason=_why_not(found))
    return found


def acknowledge(
    store: Store, port: Mailboxes, partner: str, call: int, *, attempt: int, answer: Answer
) -> str:
    """Say what became of a fetched call, once; its status then. The same acknowledgement again changes nothing.

    Raises:
        CallNotFound. BodyInvalid: the reply is none that the contract knows; nothing is settled.
        CallNotWaiting: it was never fetched, was fetched again since, or was acknowledged otherwise before.
    """
    with store.reading() as connection:
        found = mailbox.find(connection, partner, call)
    if found is None:
        raise errors.CallNotFound(call=call)
    if found.call.attempt != attempt:
        raise errors.CallNotWaiting(
            call=call, reason=f"its last attempt is {found.call.attempt}, not {attempt}"
        )
    if answer.outcome is Outcome.INVALID:
        raise errors.BodyInvalid(reason=answer.detail, fields=[{"field": "reply", "reason": answer.detail}])
    if found.status in _OPEN and send.settle_group(store, port, [(found.call, answer)]):
        return _status(store, partner, call)
    status = _status(store, partner, call)
    with store.reading() as connection:
        again = mailbox.find(connection, partner, call)
    if status in _OVER and again is not None and again.outcome == answer.outcome.value:
        return status
    raise errors.CallNotWaiting(call=call, reason=f"it is {status}")


def judged(store: Store, port: Mailboxes, partner: str, call: int, reply: Json) -> Answer:
    """What *reply* comes to by the contract. Raises: CallNotFound."""
    with store.reading() as connection:
        found = mailbox.find(connection, partner, call)
    if found is None:
        raise errors.CallNotFound(call=call)
    return port.judge(partner, found.call.operation, reply)


def refused(reason: str) -> Answer:
    """The answer of a partner that will not do it."""
    reply: dict[str, Json] = {"refused": reason}
    return Answer(outcome=Outcome.REFUSED, reply=reply, detail=reason)


def _status(store: Store, partner: str, call: int) -> str:
    with store.reading() as connection:
        found = mailbox.find(connection, partner, call)
    return found.status if found is not None else "gone"


def _why_not(found: MailboxCall) -> str:
    if found.status == "sending" and found.lease_until is not None:
        return f"{found.holder} holds it until {found.lease_until.isoformat()}"
    if found.status in ("pending", "unknown"):
        return "it is not its turn: an earlier one of its dossier is open, it is due later, or the partner is paused"
    return f"it is {found.status}"
