"""How a simulated partner can be told to misbehave: rules that apply a number of times, by operation, key or content.

What a fault does to an answer is here; where rules come from (the control endpoint) is in `serving`.
"""

import re
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from adapters.simulator.http import HttpReply


class Fault(StrEnum):
    """What can go wrong."""

    SLOW = "slow"  # answers after `seconds`
    REFUSE = "refuse"  # `status` (400) with `body`, without effect
    ERROR_CODE = "error-code"  # 200 with `body` that holds an error code, without effect
    HTML = "html"  # a gateway's 502 page; with `after` the effect has happened
    DROP_BEFORE = "drop-before"  # the connection is reset, nothing happened
    DROP_AFTER = "drop-after"  # the effect happened, the connection is reset
    TWICE = "twice"  # the answer is sent twice on the connection; a message of its own is sent twice
    GARBAGE = "garbage"  # bytes that are no HTTP, after the effect
    DOWN = "down"  # 503 with Retry-After for everybody, without effect, for `seconds`
    EXPIRE = "expire"  # sessions and tokens are forgotten before the request is looked at
    CHOOSE = "choose"  # nothing breaks: the contract's simulator reads `choice`


class FaultRule(BaseModel):
    """One order to misbehave; an empty field matches all. *pattern* is searched in the key and the request's text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: Fault
    partner: str = ""
    operation: str = ""
    pattern: str = ""
    times: Annotated[int, Field(ge=1)] | None = None
    skip: Annotated[int, Field(ge=0)] = 0
    seconds: Annotated[float, Field(ge=0, le=3600)] = 1.0
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    body: JsonValue = None
    after: bool = False
    choice: str = ""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as exc:
            raise ValueError(f"no regular expression: {exc}") from exc
        return value


@dataclass(slots=True)
class _Standing:
    rule: FaultRule
    skip: int
    left: int | None
    until: float = field(default=float("inf"))


class Faults:
    """The rules that stand; shared by the threads of a server."""

    def __init__(self) -> None:
        self._rules: list[_Standing] = []
        self._lock = threading.Lock()

    def add(self, rule: FaultRule) -> None:
        until = time.monotonic() + rule.seconds if rule.fault is Fault.DOWN else float("inf")
        with self._lock:
            self._rules.append(_Standing(rule, rule.skip, rule.times, until))

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def standing(self) -> list[dict[str, JsonValue]]:
        """The rules as they were given, with what is left of them."""
        with self._lock:
            return [{**item.rule.model_dump(mode="json"), "left": item.left} for item in self._rules]

    def meet(
        self, partner: str, operation: str, key: str, text: str, kinds: frozenset[Fault]
    ) -> FaultRule | None:
        """The first rule of *kinds* that this request meets; it is used up by one."""
        if not self._rules:
            return None
        with self._lock:
            self._rules = [item for item in self._rules if item.until > time.monotonic() and item.left != 0]
            for item in self._rules:
                if item.rule.fault in kinds and _matches(item.rule, partner, operation, key, text):
                    if item.skip:
                        item.skip -= 1
                        continue
                    if item.left is not None:
                        item.left -= 1
                    return item.rule
        return None


def _matches(rule: FaultRule, partner: str, operation: str, key: str, text: str) -> bool:
    if (rule.partner and rule.partner != partner) or (rule.operation and rule.operation != operation):
        return False
    return not rule.pattern or bool(re.search(rule.pattern, key) or re.search(rule.pattern, text))


BEFORE = frozenset({Fault.REFUSE, Fault.ERROR_CODE, Fault.DROP_BEFORE, Fault.DOWN, Fault.HTML, Fault.SLOW})
AFTER = frozenset({Fault.DROP_AFTER, Fault.TWICE, Fault.GARBAGE, Fault.HTML})
PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def broken(rule: FaultRule, reply: HttpReply) -> HttpReply:
    """*reply* as a rule of `AFTER` spoils it."""
    if rule.fault is Fault.DROP_AFTER:
        return HttpReply(drop=True)
    if rule.fault is Fault.GARBAGE:
        return HttpReply(raw=b"\x16\x03\x01 not what was promised \x00\xff\r\n\r\n")
    if rule.fault is Fault.HTML:
        return page(rule.status or 502)
    return HttpReply(status=reply.status, body=reply.body, content_type=reply.content_type, times=2)


def page(status: int) -> HttpReply:
    """What a gateway shows where it should have passed an answer on."""
    return HttpReply(status=status, body=PAGE, content_type="text/html")
