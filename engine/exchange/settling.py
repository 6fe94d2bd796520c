"""What an answer makes of its call: the rules of design §1 rule 3 as one pure function.

No SQL and no time here: the decision is a value that the settling transaction writes.
"""

from dataclasses import dataclass

from engine.exchange.ports import Answer, Outcome, Repeat, Terms
from engine.exchange.retries import Backoff

ABSENT_TWICE = 2
MAX_ASKS = 20
LONGEST_WAIT_S = 3600.0  # whatever a partner asks for: it is asked again at least once an hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """What is known of a call when an answer comes in."""

    ask: bool
    sends: int  # with this one
    asks: int
    absents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The call's next state. *told*: the instance hears of it; *cause*: an incident is opened with *actions*."""

    status: str
    holds: bool = True
    wait_s: float = 0.0
    absents: int = 0
    spent: bool = True
    told: bool = False
    cause: str | None = None
    actions: tuple[str, ...] = ()


def decide(answer: Answer, terms: Terms, attempted: Attempted) -> Decision:
    """What becomes of a call after *answer*."""
    match answer.outcome:
        case Outcome.OK | Outcome.FOUND:
            return Decision(status="done", holds=False, told=True)
        case Outcome.FAULT:
            return Decision(status="done", holds=False, told=True)
        case Outcome.ABSENT:
            return _absent(terms, attempted)
        case Outcome.NOT_SENT:
            return _not_sent(answer, terms, attempted)
        case Outcome.REFUSED if not attempted.ask:
            return _refused(terms)
        case Outcome.INVALID if not attempted.ask:
            return Decision(status="incident", cause="reply-invalid", actions=("accept", "skip"))
        case _:
            return _unknown(terms, attempted)


def unknown(terms: Terms, attempted: Attempted) -> Decision:
    """What becomes of a call whose sender went away."""
    return _unknown(terms, attempted)


def _backoff(terms: Terms, number: int) -> float:
    return Backoff(waits_s=terms.backoff_s or (1.0,)).wait_s(number)


def _absent(terms: Terms, attempted: Attempted) -> Decision:
    if attempted.absents + 1 < ABSENT_TWICE:
        return Decision(status="unknown", absents=attempted.absents + 1, wait_s=terms.settle_s)
    return Decision(status="pending")


def _not_sent(answer: Answer, terms: Terms, attempted: Attempted) -> Decision:
    wait_s = max(_backoff(terms, attempted.sends), min(answer.retry_after_s or 0.0, LONGEST_WAIT_S))
    if attempted.ask:
        return Decision(status="unknown", wait_s=wait_s, absents=attempted.absents)
    return Decision(status="pending", wait_s=wait_s, spent=False)


def _refused(terms: Terms) -> Decision:
    holds = terms.lane_on_refused != "continue"
    return Decision(status="refused", holds=holds, cause="call-refused", actions=("retry", "skip"))


def _unknown(terms: Terms, attempted: Attempted) -> Decision:
    if terms.repeat is Repeat.NEITHER:
        return Decision(status="incident", cause="unknown-outcome", actions=("done", "resend", "skip"))
    if terms.repeat is Repeat.QUERYABLE:
        if attempted.asks >= MAX_ASKS:
            return Decision(
                status="incident", cause="unknown-outcome", actions=("ask", "done", "resend", "skip")
            )
        wait_s = _backoff(terms, attempted.asks) if attempted.ask else terms.settle_s
        return Decision(status="unknown", wait_s=wait_s, absents=attempted.absents)
    if attempted.sends >= terms.max_attempts:
        return Decision(status="incident", cause="attempts-exhausted", actions=("resend", "done", "skip"))
    return Decision(status="unknown", wait_s=_backoff(terms, attempted.sends))
