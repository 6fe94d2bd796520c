"""A contract ready for use: values whose expressions, templates and schemas are compiled.

Built by `compiling`; whoever calls, receives, polls or simulates reads these and never the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adapters.contracts import shape
from adapters.contracts.expressions import Expression
from adapters.contracts.schemas import Check
from adapters.contracts.templates import Fill
from adapters.soap.service import SoapService
from engine.exchange.classification import Rule
from engine.exchange.ports import Json, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """How to learn what became of a call."""

    operation: str
    inputs: Mapping[str, Fill]
    found: Expression
    reply: Fill | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionCheck:
    """What a test of the connection calls."""

    operation: str
    inputs: Mapping[str, Fill]


@dataclass(frozen=True, slots=True, kw_only=True)
class Soap:
    """The WSDL at work, and what it calls this operation."""

    service: SoapService
    operation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be asked of the partner."""

    name: str
    form: shape.Operation
    terms: Terms
    headers: Mapping[str, Expression]
    request: Fill
    dossier_members: frozenset[str] | None  # what its mapping reads of the dossier; None: perhaps all of it
    check_request: Check
    check_reply: Check
    rules: tuple[Rule, ...]
    reply: Fill | None
    key: Expression | None
    ask: Ask | None
    soap: Soap | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    kind: str
    value: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    body: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A message that the partner may send; *signed*: only with its signature; *soap*: as an envelope."""

    name: str
    signed: bool
    soap: Soap | None
    message: str
    check: Check
    message_id: Expression
    key: Expression
    reference: Reference | None
    payload: Fill | None
    ok: Reply
    duplicate: Reply
    error: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A poll."""

    name: str
    form: shape.Feed
    inputs: Mapping[str, Fill]
    items: Expression
    keep: Expression
    message_id: Expression
    key: Expression
    reference: Reference | None
    payload: Fill | None
    cursor: Expression | None
    more: Expression | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    when: Expression
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    operation: str
    inputs: Mapping[str, Fill]
    next: tuple[Transition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    name: str
    reports: bool
    dossier_members: frozenset[str] | None  # what it reads of the dossier; None: perhaps all of it
    start: tuple[Transition, ...]
    steps: Mapping[str, Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedAnswer:
    form: shape.SimulatedAnswer
    when: Expression
    body: Fill
    fault_text: Expression | None
    fault_detail: Fill | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    form: shape.Later
    when: Expression
    key: Expression
    body: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    feed: str
    after: Expression
    size: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """How one operation is played."""

    name: str
    form: shape.SimulatedOperation
    key: Expression | None
    record: Fill | None
    page: Page | None
    answers: tuple[SimulatedAnswer, ...]
    later: tuple[Later, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Everything that one partner's folder says; *hash* names this version of it."""

    partner: str
    folder: Path
    form: shape.Contract
    hash: str
    transport_headers: Mapping[str, Expression]
    expired: Expression | None
    check: ConnectionCheck | None = None
    operations: Mapping[str, Operation]
    inbound: Mapping[str, Inbound] = field(default_factory=dict)
    offered: SoapService | None = None  # what we offer the partner under /soap/<partner>
    feeds: Mapping[str, Feed] = field(default_factory=dict)
    exchanges: Mapping[str, Exchange] = field(default_factory=dict)
    simulated: Mapping[str, Simulated] = field(default_factory=dict)

    @property
    def settings(self) -> Mapping[str, Json]:
        """The partner's public settings as the contract presets them."""
        return self.form.settings
