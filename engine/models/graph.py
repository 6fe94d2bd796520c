"""A process as it is meant, free of XML and of the dialect it was written in: nodes, flows, scopes and their bindings.

Reading builds it, rewriting changes it, the rules look at it, its canonical bytes are stored, and the
SpiffWorkflow specification is made of it. Texts that are expressions start with ``=`` and are FEEL; other
texts are literal.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

TASKS = frozenset(
    [
        "task",
        "manualTask",
        "userTask",
        "serviceTask",
        "sendTask",
        "receiveTask",
        "scriptTask",
        "businessRuleTask",
    ]
)
CONTAINERS = frozenset(("subProcess", "transaction", "adHocSubProcess"))
ACTIVITIES = TASKS | CONTAINERS | {"callActivity"}
GATEWAYS = frozenset(
    ["exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"]
)
EVENTS = frozenset(
    ["startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"]
)
NODES = ACTIVITIES | GATEWAYS | EVENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What an event waits for or causes: one event definition.

    *kind* is the BPMN name without ``EventDefinition``. *name* is that of the message, signal or link; *code*
    that of an error or escalation (None catches any); *key* the correlation expression; *form* of a timer is
    date, duration or cycle.
    """

    kind: str
    line: int = 0
    name: str | None = None
    code: str | None = None
    key: str | None = None
    form: str | None = None
    text: str | None = None  # of a timer or a condition
    defined: bool = True  # False: the reference leads nowhere
    coded: bool = False  # the error or escalation has a code of its own, not only a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """*source* (an expression or a literal) becomes the variable *target*, or ``dossier.<key>``."""

    source: str
    target: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A loop or multi-instance marker."""

    kind: str  # standard | multi
    sequential: bool = True
    cardinality: str | None = None
    maximum: int | None = None
    before: bool = False
    collection: str | None = None
    item: str | None = None
    gathered: str | None = None  # output collection
    gather: str | None = None  # output element
    condition: str | None = None  # goes on while true (standard), is complete when true (multi)
    behavior: str = "All"
    throws: str | None = None  # signal thrown for each instance that completes (behavior None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What a node does beyond its BPMN type, the same whatever dialect said it."""

    dialect: str = ""
    service: str | None = None  # "<partner>.<operation>"
    inputs: tuple[Assignment, ...] = ()
    outputs: tuple[Assignment, ...] = ()
    groups: tuple[str, ...] = ()
    form: str | None = None
    script: str | None = None
    result: str | None = None
    called: str | None = None
    decision: str | None = None
    pass_all: bool = True  # a call activity hands all variables in
    take_all: bool = True  # … and takes all back
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A flow node. *synthetic* ones came from rewriting and are never shown."""

    id: str
    type: str
    name: str = ""
    line: int = 0
    lane: str | None = None
    triggers: tuple[Trigger, ...] = ()
    all_triggers: bool = False  # parallelMultiple
    host: str | None = None  # of a boundary event
    interrupting: bool = True
    default: str | None = None
    binding: Binding = field(default_factory=Binding)
    loop: Loop | None = None
    inner: "Scope | None" = None
    by_event: bool = False  # event sub-process
    synthetic: bool = False
    unsupported: tuple[tuple[str, int], ...] = ()  # BPMN children that we do not read, with lines

    @property
    def trigger(self) -> Trigger | None:
        """The one event definition, or the first of several."""
        return self.triggers[0] if self.triggers else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A sequence flow."""

    id: str
    source: str
    target: str
    name: str = ""
    condition: str | None = None
    line: int = 0
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The inside of a process or sub-process."""

    id: str
    nodes: Mapping[str, Node]
    flows: Mapping[str, Flow]

    def outgoing(self, node: str) -> list[Flow]:
        return [flow for flow in self.flows.values() if flow.source == node]

    def incoming(self, node: str) -> list[Flow]:
        return [flow for flow in self.flows.values() if flow.target == node]

    def boundaries(self, host: str) -> list[Node]:
        return [node for node in self.nodes.values() if node.host == host]

    def scopes(self) -> Iterator["Scope"]:
        """This scope and all below it."""
        yield self
        for node in self.nodes.values():
            if node.inner is not None:
                yield from node.inner.scopes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One BPMN process of one file."""

    id: str
    name: str
    file: str
    scope: Scope
    line: int = 0
    executable: bool = True

    def nodes(self) -> Iterator[Node]:
        """Every node, those in sub-processes too."""
        for scope in self.scope.scopes():
            yield from scope.nodes.values()
