"""Testing the way to one partner: its name, a connection, TLS, the log-in, and whether it answers as its contract says.

Only what the contract names as `check`, an operation that only reads, is called; without one the root is asked for, whose
answer means nothing.
"""

import time
from collections.abc import Iterator

from adapters.calling import Caller
from adapters.contracts import shape
from adapters.outbound import Door
from engine.errors import CallOutcomeUnknown, CallUnavailable, ComposeFailed
from engine.exchange.checking import Stage
from engine.exchange.ports import Answer, Outcome

_LOGIN_REFUSED = (401, 403)
_ANSWERED = {
    Outcome.OK: (True, "fits"),
    Outcome.FAULT: (True, "business"),
    Outcome.INVALID: (False, "unfit"),
    Outcome.NOT_SENT: (False, "busy"),
    Outcome.UNKNOWN: (False, "unreadable"),
}


def check(caller: Caller, door: Door, total_s: float) -> Iterator[Stage]:
    """The stages up to the first that fails."""
    until = time.monotonic() + total_s
    partner = caller.contract.partner
    if isinstance(caller.contract.form.transport, shape.Mailbox):
        yield Stage(stage="contract", ok=None, saw="mailbox")
        return
    if not door.knows(partner):
        yield Stage(stage="dns", ok=False, saw="no-address")
        return
    for reached in door.reach(partner, total_s):
        yield reached
        if reached.ok is False:
            return
    yield from _spoken(caller, max(0.1, until - time.monotonic()))


def _spoken(caller: Caller, left_s: float) -> Iterator[Stage]:
    """Authentication and contract."""
    try:
        if caller.contract.form.check is None:
            yield from _knocked(caller, left_s)
        else:
            yield from _asked(caller, left_s)
    except CallUnavailable as exc:
        yield Stage(stage="authentication", ok=False, saw="no-log-in", detail=str(exc.facts["reason"]))
    except CallOutcomeUnknown as exc:
        yield Stage(stage="authentication", ok=None, saw="not-told")
        yield Stage(stage="contract", ok=False, saw="no-answer", detail=str(exc.facts["reason"]))
    except ComposeFailed as exc:
        yield Stage(stage="contract", ok=False, saw="not-composed", detail=exc.message)


def _knocked(caller: Caller, left_s: float) -> Iterator[Stage]:
    travelled = caller.knock(left_s)
    status = travelled.response.status
    refused = travelled.refused or status == _LOGIN_REFUSED[0]
    yield _log_in(caller, refused=refused, status=status)
    if not refused:
        yield Stage(stage="contract", ok=None, saw="no-check", detail=f"HTTP {status}")


def _asked(caller: Caller, left_s: float) -> Iterator[Stage]:
    answer = caller.check(left_s)
    refused = answer.outcome is Outcome.REFUSED and answer.http_status in _LOGIN_REFUSED
    yield _log_in(caller, refused=refused, status=answer.http_status)
    if not refused:
        yield _judged(answer)


def _judged(answer: Answer) -> Stage:
    """A business no is an answer by the contract, too."""
    by_status = answer.outcome is Outcome.REFUSED and (answer.http_status or 0) >= 400
    ok, saw = (False, "refused") if by_status else _ANSWERED.get(answer.outcome, (True, "business"))
    told = [f"HTTP {answer.http_status}", answer.fault or "", answer.detail]
    return Stage(stage="contract", ok=ok, saw=saw, detail=" · ".join(one for one in told if one)[:500])


def _log_in(caller: Caller, *, refused: bool, status: int | None) -> Stage:
    transport = caller.contract.form.transport
    none = isinstance(transport, shape.Plain) and transport.auth == "none"
    if refused:
        return Stage(stage="authentication", ok=False, saw="log-in-refused", detail=f"HTTP {status}")
    return Stage(
        stage="authentication", ok=None if none else True, saw="no-log-in-asked" if none else "taken"
    )
