"""Claim, send, settle: the three steps of every call, each committed before the next (design §1 rule 2).

No transaction is open while a partner is spoken to. Settling counts only for the attempt that it belongs to; an answer
that comes too late is kept with its attempt and changes nothing.
"""

from collections.abc import Mapping

import structlog

from engine.exchange.ports import Answer, Dispatch, Outcome, Partners
from engine.exchange.settling import Attempted, Decision, decide, unknown
from engine.storage import calls, events, incidents, partners
from engine.storage.calls import ClaimedCall, ExpiredCall, SettledCall, Settlement
from engine.storage.database import Connection, Store, notify
from engine.storage.partners import BreakerPolicy

log = structlog.get_logger()

_TROUBLE = (Outcome.NOT_SENT, Outcome.UNKNOWN)


def claim(
    store: Store, free: Mapping[str, int], *, worker: str, margin_s: float, breaker: BreakerPolicy
) -> list[ClaimedCall]:
    """Lease the calls that may be sent now, at most *free* per partner; committed before this returns."""
    wanted = {name: count for name, count in free.items() if count > 0}
    if not wanted:
        return []
    with store.transaction() as connection:
        probing = partners.take_probes(connection, wanted, breaker)
        limits = {name: 1 if name in probing else count for name, count in wanted.items()}
        return calls.claim(connection, limits, probing=probing, worker=worker, margin_s=margin_s)


def send(port: Partners, call: ClaimedCall) -> Answer:
    """Speak to the partner once; blocks at most as long as the operation's total time-out."""
    dispatch = Dispatch(
        call=call.id,
        partner=call.partner,
        operation=call.operation,
        key=call.key,
        body=call.body,
        attempt=call.attempt,
        ask=call.ask,
        trace=call.trace,
    )
    try:
        return port.send(dispatch)
    except Exception as error:  # the runner's boundary: what was begun has an outcome, if only unknown
        log.exception("sender_failed", call=call.id, partner=call.partner, error=type(error).__name__)
        return Answer(outcome=Outcome.UNKNOWN, detail=f"the sender failed: {type(error).__name__}")


def settle(store: Store, port: Partners, call: ClaimedCall, answer: Answer) -> bool:
    """Write what an attempt came to, and the event that tells the instance; False when the answer came too late."""
    terms = port.terms(call.partner, call.operation)
    decision = decide(answer, terms, _attempted(call))
    settlement = Settlement(
        status=decision.status,
        holds=decision.holds,
        wait_s=decision.wait_s,
        absents=decision.absents,
        spent=decision.spent,
    )
    with store.transaction() as connection:
        settled = calls.settle(connection, call, answer, settlement)
        calls.end_attempt(connection, call, answer)
        if settled is not None:
            _follow(connection, call.id, settled, decision, answer.detail)
    return settled is not None


def record_health(
    store: Store, partner: str, outcome: Outcome, *, troubled: bool, policy: BreakerPolicy
) -> None:
    """Tell the partner's breaker how it went; in a transaction of its own. *troubled*: failures are on its account."""
    if outcome in _TROUBLE:
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
            terms = port.terms(call.partner, call.operation)
            decision = unknown(terms, Attempted(ask=False, sends=1, asks=0, absents=0))
            calls.decide_unknown(connection, call.id, status=decision.status, wait_s=decision.wait_s)
            if decision.cause is not None:
                _open_incident(connection, call, decision)
    return len(expired)


def _attempted(call: ClaimedCall) -> Attempted:
    return Attempted(ask=call.ask, sends=call.sends, asks=call.asks, absents=call.absents)


def _follow(connection: Connection, call: int, settled: SettledCall, decision: Decision, detail: str) -> None:
    if decision.told:
        incidents.close_of_call(connection, call, by="system", resolution="answered")
        events.append(connection, settled.dossier, "call-settled", {"call": call})
    if decision.cause is not None:
        incidents.open_incident(
            connection,
            decision.cause,
            f"{settled.partner}.{settled.operation}: {detail or decision.cause}"[:500],
            dossier=settled.dossier,
            partner=settled.partner,
            call=call,
            task=settled.task,
            element=settled.element,
            facts={"operation": settled.operation},
            actions=decision.actions,
        )
    if not decision.holds:
        notify(connection, calls.CHANNEL)


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
