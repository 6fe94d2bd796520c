"""What an answer means: the HTTP rules that hold for every partner, then the table of the partner's contract.

Pure: it is given a status, a parsed reply and rules that are already compiled; it knows no HTTP library and no contract
file. The rules are those of design section 1, rule 3.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from engine.exchange.ports import Json, Outcome

Scope: TypeAlias = Mapping[str, Json]
Condition: TypeAlias = Callable[[Scope], bool]


class Occasion(StrEnum):
    """Which kind of answer a rule speaks of."""

    REPLY = "reply"  # a parsed answer of success (2xx, or a SOAP body that is no fault)
    FAULT = "fault"  # a SOAP fault
    STATUS = "status"  # an HTTP status that the rule names, whatever it holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a contract's table; *statuses* matters only on `Occasion.STATUS`."""

    when: Condition
    outcome: Outcome
    occasion: Occasion = Occasion.REPLY
    statuses: frozenset[int] = frozenset()
    fault: str | None = None
    detail: Callable[[Scope], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an answer came to, and why in one sentence."""

    outcome: Outcome
    fault: str | None = None
    detail: str = ""
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An answer as far as classification needs it. *parsed* False: it could not be read as what was promised."""

    status: int
    parsed: bool
    reply: Json = None
    soap_fault: Json = None
    text: str = ""
    retry_after_s: float | None = None
    problem: str = ""  # why it could not be parsed, or where it breaks its schema
    valid: bool = True

    def scope(self) -> dict[str, Json]:
        """The names that a rule may use."""
        return {"status": self.status, "reply": self.reply, "fault": self.soap_fault, "text": self.text}


def classify(heard: Heard, rules: Sequence[Rule]) -> Verdict:
    """What *heard* means.

    The order: what certainly was not processed; a status that the table names; a SOAP fault; other failures of HTTP;
    an answer that cannot be read; one that breaks its schema; then the table, where a reply that no line of a filled
    table names is as unusable as one that breaks its schema.
    """
    if certainly_unsent(heard.status, heard.retry_after_s):
        return Verdict(
            outcome=Outcome.NOT_SENT, detail=f"HTTP {heard.status}", retry_after_s=heard.retry_after_s
        )
    named = _of_table(
        heard, [r for r in rules if r.occasion is Occasion.STATUS and heard.status in r.statuses]
    )
    if named is not None:
        return named
    if heard.soap_fault is not None:
        return _of_fault(heard, rules)
    if not 200 <= heard.status < 300:
        return of_status(heard.status)
    if not heard.parsed:
        return Verdict(outcome=Outcome.UNKNOWN, detail=f"HTTP {heard.status}, unreadable: {heard.problem}")
    if not heard.valid:
        return Verdict(outcome=Outcome.INVALID, detail=heard.problem)
    return _of_reply(heard, [rule for rule in rules if rule.occasion is Occasion.REPLY])


def certainly_unsent(status: int, retry_after_s: float | None) -> bool:
    """Whether an HTTP status says that the request was turned away before it did anything."""
    return status == 429 or (status == 503 and retry_after_s is not None)


def of_status(status: int) -> Verdict:
    """What a failing HTTP status means by itself: 4xx refused, everything else unknown (a redirect too)."""
    outcome = Outcome.REFUSED if 400 <= status < 500 else Outcome.UNKNOWN
    return Verdict(outcome=outcome, detail=f"HTTP {status}")


def _of_fault(heard: Heard, rules: Sequence[Rule]) -> Verdict:
    """A fault is the table's business first; by itself the caller's fault is a refusal, the server's tells nothing."""
    named = _of_table(heard, [rule for rule in rules if rule.occasion is Occasion.FAULT])
    if named is not None:
        return named
    fault = heard.soap_fault if isinstance(heard.soap_fault, dict) else {}
    code, text = str(fault.get("code", "")), str(fault.get("text", ""))
    local = code.rpartition(":")[2]
    ours = local.split(".")[0] in ("Client", "Sender", "VersionMismatch", "MustUnderstand")
    return Verdict(outcome=Outcome.REFUSED if ours else Outcome.UNKNOWN, detail=f"SOAP fault {local}: {text}")


def _of_reply(heard: Heard, rules: Sequence[Rule]) -> Verdict:
    if not rules:
        return Verdict(outcome=Outcome.OK)
    named = _of_table(heard, rules)
    if named is not None:
        return named
    return Verdict(outcome=Outcome.INVALID, detail="no line of the contract's table names this reply")


def _of_table(heard: Heard, rules: Sequence[Rule]) -> Verdict | None:
    if not rules:
        return None
    scope = heard.scope()
    for rule in rules:
        if rule.when(scope):
            detail = rule.detail(scope) if rule.detail is not None else ""
            return Verdict(
                outcome=rule.outcome, fault=rule.fault, detail=detail, retry_after_s=heard.retry_after_s
            )
    return None
