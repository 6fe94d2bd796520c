"""Claim, send, settle: the three steps of every call, each committed before the next (design §1 rule 2).

No transaction is open while a partner is spoken to. Settling counts only for the attempt that it belongs to; an answer
that comes too late is kept with its attempt and changes nothing.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from engine import errors
from engine.exchange.ports import Answer, Contracted, Dispatch, Outcome, Partners, Terms
from engine.exchange.settling import Attempted, Decision, decide, unknown
from engine.storage import calls, incidents, partners, settlements, waking
from engine.storage.calls import ClaimedCall, ExpiredCall
from engine.storage.database import Connection, Store
from engine.storage.partners import BreakerPolicy
from engine.storage.settlements import SettledCall, Settlement

log = structlog.get_logger()

TROUBLE = (Outcome.NOT_SENT, Outcome.UNKNOWN)


def claim(
    store: Store, free: Mapping[str, int], *, worker: str, margin_s: float, breaker: BreakerPolicy
) -> list[ClaimedCall]:
    """Lease the calls that may be sent now, at most *free* per partner; committed before this returns."""
    wanted = {name: count for name, count in free.items() if count > 0}
    if not wanted:
        return []
    send_before = _uptime_s() + margin_s  # read first: the lease begins later
    with store.at_once() as connection:
        return calls.claim(
            connection,
            wanted,
            open_s=breaker.open_s,
            worker=worker,
            margin_s=margin_s,
            send_before=send_before,
        )


def send(port: Partners, call: ClaimedCall) -> Answer:
    """Speak to the partner once; blocks at most as long as the operation's total time-out.

    A worker that stood still since its claim says nothing: its lease may end before an answer comes, or ended already and
    another one has sent the call again.
    """
    if _uptime_s() > call.send_before:
        log.warning("send_too_late", call=call.id, partner=call.partner, attempt=call.attempt)
        return Answer(
            outcome=Outcome.NOT_SENT, detail="its worker stood still and did not send it", ours=True
        )
    dispatch = Dispatch(
        call=call.id,
        partner=call.partner,
        operation=call.operation,
        key=call.key,
        body=call.body,
        attempt=call.attempt,
        ask=call.ask,
        trace=call.trace,
        total_s=call.limits.total_timeout_s,
        connect_s=call.limits.connect_timeout_s,
    )
    begun = time.perf_counter()
    try:
        answer = port.send(dispatch)
    except Exception as error:  # the runner's boundary: what was begun has an outcome, if only unknown
        log.exception("sender_failed", call=call.id, partner=call.partner, error=type(error).__name__)
        answer = Answer(outcome=Outcome.UNKNOWN, detail=f"the sender failed: {type(error).__name__}")
    log.debug(
        "call_sent",
        call=call.id,
        partner=call.partner,
        operation=call.operation,
        attempt=call.attempt,
        outcome=answer.outcome.value,
        duration_ms=round((time.perf_counter() - begun) * 1000, 2),
        trace=call.trace,
    )
    return answer


def _uptime_s() -> float:
    """Seconds on a clock that goes on while the process, or the whole machine, stands still."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def settle(store: Store, port: Partners, call: ClaimedCall, answer: Answer) -> bool:
    """Write what an attempt came to, and the event that tells the instance; False when the answer came too late.

    An answer that the database cannot hold is kept as bytes only, and is for a person to read.
    """
    try:
        return call.id in settle_group(store, port, [(call, answer)])
    except errors.StoreRefused as error:
        outcome = answer.outcome if answer.outcome in TROUBLE else Outcome.INVALID
        bare = replace(answer, outcome=outcome, reply=None, fault=None, detail=error.message)
        return call.id in settle_group(store, port, [(call, bare)])


def settle_group(
    store: Store, port: Contracted, finished: Sequence[tuple[ClaimedCall, Answer]]
) -> Mapping[int, SettledCall]:
    """`settle` for calls of which none is twice, in one transaction; those whose answer counted, by their ids.

    What is lost with the transaction is no more than lost: their leases run out, and they become unknown.
    """
    decided = [
        (call, answer, decide(answer, _terms(port, call), _attempted(call))) for call, answer in finished
    ]
    group = [_settlement(*one) for one in decided]
    alone = all(decision.cause is None for _, _, decision in decided)
    with store.at_once() if alone else store.transaction() as connection:
        settled = settlements.settle(connection, group)
        for call, answer, decision in decided:
            log.debug(
                "call_settled",
                call=call.id,
                partner=call.partner,
                operation=call.operation,
                attempt=call.attempt,
                outcome=answer.outcome.value,
                status=decision.status,
                counted=call.id in settled,
                trace=call.trace,
            )
            if decision.cause is not None and call.id in settled and _matters(settled[call.id], decision):
                _tell_admin(connection, call.id, settled[call.id], decision, answer.detail)
        if alone:
            waking.wake(connection, *settlements.listeners(group, settled))
    if not alone:
        with store.at_once() as connection:
            waking.wake(connection, *settlements.listeners(group, settled))
    return settled


def _terms(port: Contracted, call: ClaimedCall) -> Terms:
    """The operation's, with what a person had set when the call was claimed."""
    terms, most = port.terms(call.partner, call.operation), call.limits.max_attempts
    return terms if most is None else replace(terms, max_attempts=most)


def _settlement(call: ClaimedCall, answer: Answer, decision: Decision) -> Settlement:
    return Settlement(
        call=call,
        answer=answer,
        status=decision.status,
        holds=decision.holds,
        wait_s=decision.wait_s,
        absents=decision.absents,
        spent=decision.spent,
        told=decision.told,
    )


def _matters(settled: SettledCall, decision: Decision) -> bool:
    """Whether a person has to hear of it: not of a refusal of what nobody wants any more."""
    return settled.wanted or decision.status != "refused"


def record_health(
    store: Store, partner: str, answer: Answer, *, troubled: bool, policy: BreakerPolicy
) -> None:
    """Tell the partner's breaker how it went; in a transaction of its own. *troubled*: failures are on its account."""
    if answer.ours:
        return
    if answer.outcome in TROUBLE:
        with store.transaction() as connection:
            partners.record_failure(connection, partner, policy)
    elif troubled:
        with store.transaction() as connection:
            partners.record_success(connection, partner)


def sweep_leases(store: Store, port: Partners) -> int:
    """Calls whose sender went away become unknown, and go the way of their operation's class; how many."""
    with store.transaction() as connection:
        expired = calls.expire_leases(connection)
        for call in expired:
            decision = _silent(port, call)
            calls.decide_unknown(connection, call.id, status=decision.status, wait_s=decision.wait_s)
            if decision.cause is not None:
                _open_incident(connection, call, decision)
    return len(expired)


def _silent(port: Partners, call: ExpiredCall) -> Decision:
    """What becomes of a call whose sender went away; a person's business where its contract is gone, too."""
    try:
        terms = port.terms(call.partner, call.operation)
    except errors.LienthongError:
        return Decision(status="incident", cause="unknown-outcome", actions=("done", "resend", "skip"))
    return unknown(terms, Attempted(ask=False, sends=1, asks=0, absents=0))


def _attempted(call: ClaimedCall) -> Attempted:
    return Attempted(ask=call.ask, sends=call.sends, asks=call.asks, absents=call.absents)


def _tell_admin(
    connection: Connection, call: int, settled: SettledCall, decision: Decision, detail: str
) -> None:
    incidents.open_incident(
        connection,
        decision.cause or "",
        f"{settled.partner}.{settled.operation}: {detail or decision.cause}"[:500],
        dossier=settled.dossier,
        partner=settled.partner,
        call=call,
        task=settled.task,
        element=settled.element,
        facts={"operation": settled.operation},
        actions=decision.actions,
    )


def _open_incident(connection: Connection, call: ExpiredCall, decision: Decision) -> None:
    incidents.open_incident(
        connection,
        decision.cause or "unknown-outcome",
        f"{call.partner}.{call.operation}: the worker that sent it went away; what became of it is not known",
        dossier=call.dossier,
        partner=call.partner,
        call=call.id,
        task=call.task,
        element=call.element,
        facts={"operation": call.operation, "reason": "lease"},
        actions=decision.actions,
    )
