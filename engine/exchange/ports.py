"""The ports between the engine and the outside world, and the values that cross them.

Adapters implement `Partners` and `Inbound`; the engine's actions call them and never know HTTP, SOAP or a contract file.
Everything here is a plain value or a Protocol; no behaviour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from engine.exchange.drift import Described

Json: TypeAlias = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class Repeat(StrEnum):
    """What a second sending of the same call does at the partner (domain/operation-classes.md)."""

    IDEMPOTENT = "idempotent"
    QUERYABLE = "queryable"
    NEITHER = "neither"


class Outcome(StrEnum):
    """What an attempt came to, after the contract's table and the HTTP rules (design §1 rule 3)."""

    OK = "ok"  # the partner did it; a recognised duplicate too
    FAULT = "fault"  # a business fault with a code that the contract names
    NOT_SENT = "not_sent"  # certainly not processed: may be sent again
    UNKNOWN = "unknown"  # something left, no usable answer
    REFUSED = "refused"  # their 4xx, client fault, or failed log-in after one fresh one
    INVALID = "invalid"  # an answer that breaks its schema: kept, never resent
    FOUND = "found"  # only of an ask: the effect is there
    ABSENT = "absent"  # only of an ask: the partner does not know it


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the engine must know of an operation to keep its promises; from the contract."""

    partner: str
    operation: str
    label: str  # honesty label: real | single-source | sample
    repeat: Repeat
    ask: bool  # can be asked what became of a call (queryable)
    settle_s: float  # "absent" counts only this long after the attempt, and twice
    total_timeout_s: float
    lane_on_refused: str  # "hold" | "continue"
    backoff_s: tuple[float, ...]  # waits between attempts of NOT_SENT and resends; the last repeats
    max_attempts: int  # of really sent attempts, then an incident
    window: int  # calls in flight per worker
    faults: tuple[str, ...]  # business fault codes that a boundary event can catch
    contract_hash: str
    effect: bool = True  # false for look-ups: nothing to undo when one comes too late


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A call's request, fixed when the call is written: the same key and body on every attempt."""

    key: str
    body: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One sending (or asking) of a call."""

    call: int
    partner: str
    operation: str
    key: str
    body: Json
    attempt: int
    ask: bool = False
    trace: str | None = None
    total_s: float | None = None  # in place of the operation's
    connect_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one `Dispatch`. Bytes are as on the wire, secrets already redacted. *ours*: the partner has no part in it."""

    outcome: Outcome
    reply: Json = None
    fault: str | None = None
    detail: str = ""
    http_status: int | None = None
    retry_after_s: float | None = None
    request_bytes: bytes = b""
    reply_bytes: bytes = b""
    contract_hash: str = ""
    ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCall:
    """The next step of an exchange: a call to write, with what its mapping reads."""

    step: str
    operation: str
    inputs: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One item of a poll, to be stored as a message; *message_id* is built from the item."""

    message_id: str
    name: str  # message name that a receive task waits for
    key: str  # correlation key
    reference: tuple[str, str] | None  # (kind, value) that names the dossier, when not the key
    payload: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTerms:
    """A poll that a contract declares."""

    partner: str
    name: str
    every_s: float
    batch: int  # keys per request; 0 = the feed needs no keys (cursor only)
    message: str  # the message name whose open waits supply the keys
    timeout_s: float = 30.0  # of one poll


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """What one poll brought; *cursor* is stored with the items in one transaction."""

    items: Sequence[FeedItem]
    cursor: Json
    more: bool
    answer: Answer


class Contracted(Protocol):
    """Whoever knows what the engine must know of an operation."""

    def terms(self, partner: str, operation: str) -> Terms:
        """Raises: PartnerUnknown, OperationUnknown."""
        ...


class Partners(Protocol):
    """All partners behind one port; implemented by the adapters, built from contracts."""

    def terms(self, partner: str, operation: str) -> Terms:
        """Raises: PartnerUnknown, OperationUnknown."""
        ...

    def compose(
        self,
        partner: str,
        operation: str,
        inputs: Mapping[str, Json],
        *,
        dossier: Mapping[str, Json],
        call_key: str,
        now: datetime,
    ) -> Composed:
        """Map *inputs* (and the dossier) to the request; *call_key* is a uuid for contracts without a natural key.

        Raises: ComposeFailed.
        """
        ...

    def send(self, dispatch: Dispatch) -> Answer:
        """Send once, or with ``ask`` ask what became of it; never raises for the partner's sake.

        Blocks at most ``total_timeout_s``.
        """
        ...

    def exchange(
        self,
        partner: str,
        name: str,
        *,
        step: str | None,
        answer: Answer | None,
        report: Mapping[str, Json],
        dossier: Mapping[str, Json],
    ) -> NextCall | None:
        """The step after *step* given its answer (``step=None``: the first); None when the exchange is over."""
        ...

    def certificate_until(self, partner: str) -> datetime | None:
        """Until when the certificate that *partner* shows now is good, in UTC; None: it needs none, or is not called.

        Raises: CallUnavailable: it was not reached, or what it shows is not trusted.
        """
        ...

    def hashes(self) -> Mapping[str, str]:
        """Partner → the hash of the contract that this process holds."""
        ...

    def describe(self, partner: str) -> Sequence[Described]:
        """What *partner* says of itself now, held against what is kept beside its contract; asks over the network.

        Raises: PartnerUnknown.
        """
        ...

    def use_secret(self, partner: str, revision: int) -> None:
        """Have in force what the file of *partner*'s secret holds, once for each *revision*."""
        ...

    def secrets_in_use(self) -> Mapping[str, Json]:
        """Partner → since when its secret's file holds what is in force here: changed_at, revision, trouble."""
        ...

    def reports_to(self, partner: str) -> str:
        """The name of the exchange that carries reports to *partner*. Raises: PartnerUnknown."""
        ...

    def subscribers(self, procedure: str, units: frozenset[str]) -> Sequence[str]:
        """Partners that are told of a dossier though its procedure does not name them."""
        ...

    def names(self) -> Sequence[str]:
        """All partners known now."""
        ...

    def window(self, partner: str) -> int:
        """Calls that one worker may have under way with *partner*."""
        ...

    def feeds(self) -> Sequence[FeedTerms]: ...

    def poll(self, partner: str, feed: str, *, cursor: Json, keys: Sequence[str]) -> FeedPage: ...


class Mailboxes(Contracted, Protocol):
    """Partners that fetch their calls and acknowledge them; implemented by the adapters, handed to the web by the root."""

    def has_mailbox(self, partner: str) -> bool:
        """Whether *partner* fetches its calls; False for those that are called, and for strangers."""
        ...

    def judge(self, partner: str, operation: str, reply: Json) -> Answer:
        """What an acknowledgement with *reply* comes to by the contract's table.

        Raises: PartnerUnknown, OperationUnknown.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An incoming message, parsed and validated, not yet stored."""

    source: str
    message_id: str
    name: str
    key: str
    reference: tuple[str, str] | None
    payload: Json
    body: bytes
    signature: str = ""  # `SIGNED`; empty: none was agreed on, and nothing was checked


SIGNED = "good"
"""Of a message: the partner's signature was there and is right."""


class Reception(Protocol):
    """What adapters call when a message came in: stores it, durable when this returns."""

    def __call__(self, arrival: Arrival) -> bool:
        """True when the same message (same id, same body) was there already.

        Raises: MessageConflict: same id, another body.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A message that was not taken, and why; nothing of what it says."""

    source: str
    operation: str
    code: str
    reason: str
    body_sha256: str
    size_bytes: int


class Refusals(Protocol):
    """What adapters call when a message was refused: it is written down for those who look after the exchange."""

    def __call__(self, refusal: Refusal) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The reply to an incoming request, ready for the wire."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Inbound(Protocol):
    """Contract-driven reception; handed by the root to ``web/partners.py``."""

    def receive(self, partner: str, operation: str, headers: Mapping[str, str], body: bytes) -> Receipt: ...

    def receive_envelope(
        self, partner: str, headers: Mapping[str, str], body: bytes, *, trace_id: str
    ) -> Receipt:
        """As `receive`, for an envelope of SOAP: a reply by the WSDL, or a fault. Raises: PartnerUnknown, OperationUnknown."""
        ...

    def describe(self, partner: str, address: str) -> Receipt:
        """The WSDL that *partner* is offered at *address*. Raises: PartnerUnknown, OperationUnknown."""
        ...
