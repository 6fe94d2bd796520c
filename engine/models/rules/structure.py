"""How nodes and flows must be joined: what BPMN demands, and what would otherwise stall or run away."""

from engine.models.graph import ACTIVITIES, GATEWAYS, Flow, Node, Scope
from engine.models.rewriting import is_link, link_target
from engine.models.rules.subject import Subject

REFUSED = {
    "complexGateway": "use an inclusive or exclusive gateway",
    "adHocSubProcess": "draw the order of the tasks, or a loop with a user task",
}
_PLAIN_SPLITS = frozenset(("parallelGateway", "eventBasedGateway"))
_CHOICES = frozenset(("exclusiveGateway", "inclusiveGateway"))


def check(subject: Subject) -> None:
    """All rules of this module."""
    for scope in subject.scopes():
        _flows(subject, scope)
        _ends(subject, scope)
        for node in scope.nodes.values():
            _supported(subject, node)
            _connections(subject, scope, node)
            _links(subject, scope, node)
            if node.type in GATEWAYS:
                _gateway(subject, scope, node)
            else:
                _conditions(subject, scope, node)


def _supported(subject: Subject, node: Node) -> None:
    if node.type in REFUSED:
        subject.error(
            "unsupported-element", node, f"{node.type} is not run by this engine", REFUSED[node.type]
        )
    for child, line in node.unsupported:
        if child == "script":
            message = "a script that is not FEEL is never run"
            remedy = 'write `<zeebe:script expression="=…" resultVariable="…"/>`'
            subject.error("script-feel", node, message, remedy, line)
        else:
            message = f"{child} is not understood here"
            remedy = "remove it, or model it otherwise (docs/models.md)"
            subject.error("unsupported-element", node, message, remedy, line)


def _flows(subject: Subject, scope: Scope) -> None:
    known = {node.id for one in subject.scopes() for node in one.nodes.values()}
    for flow in scope.flows.values():
        for end in (flow.source, flow.target):
            if end not in scope.nodes:
                why = "lies in another sub-process" if end in known else "is no flow node of this file"
                subject.findings.error(
                    "flow-ends",
                    flow.id,
                    flow.line,
                    f"the sequence flow {flow.id} names `{end}`, which {why}",
                    "join nodes of the same process or sub-process",
                )


def _ends(subject: Subject, scope: Scope) -> None:
    kinds = {node.type for node in scope.nodes.values()}
    starts, ends = "startEvent" in kinds, "endEvent" in kinds
    owner = scope.id
    if starts != ends and not any(node.type in REFUSED for node in scope.nodes.values()):
        has, lacks = ("a start", "an end") if starts else ("an end", "a start")
        first = next(iter(scope.nodes.values()))
        subject.findings.error(
            "start-and-end",
            owner,
            first.line,
            f"{owner} has {has} event but not {lacks} event",
            f"draw {lacks} event at each {'end' if starts else 'beginning'}",
        )
    if not scope.nodes:
        subject.findings.error(
            "empty",
            owner,
            subject.process.line,
            f"{owner} holds no element",
            "draw what happens, or remove it",
        )


def _connections(subject: Subject, scope: Scope, node: Node) -> None:
    incoming, outgoing = scope.incoming(node.id), scope.outgoing(node.id)
    link = is_link(node)
    if node.type == "startEvent" and incoming:
        subject.error(
            "start-incoming", node, "a start event has an incoming flow", "let the flow go elsewhere"
        )
    if node.type == "endEvent" and outgoing:
        subject.error("end-outgoing", node, "an end event has an outgoing flow", "use an intermediate event")
    if node.type == "boundaryEvent":
        _boundary(subject, scope, node)
        return
    if node.by_event:
        if incoming or outgoing:
            message = "an event sub-process has sequence flows"
            remedy = "remove the flows; its start event opens it"
            subject.error("event-sub-process-flows", node, message, remedy)
        return
    _reachable(subject, scope, node, link=link)
    kinds = {one.type for one in scope.nodes.values()}
    dangling = (
        not outgoing and node.type != "endEvent" and not (link and node.type == "intermediateThrowEvent")
    )
    if dangling and "endEvent" in kinds:
        message = "nothing follows here, although other paths end in end events"
        subject.error("end-missing", node, message, "draw an end event behind it")


def _reachable(subject: Subject, scope: Scope, node: Node, *, link: bool) -> None:
    kinds = {one.type for one in scope.nodes.values()}
    caught = link and node.type == "intermediateCatchEvent"
    first = not scope.incoming(node.id) and node.type != "startEvent" and not caught
    if not first:
        return
    if node.type.startswith("intermediate"):
        message = "an intermediate event has no incoming flow"
        subject.error("intermediate-incoming", node, message, "draw the flow that leads to it")
    elif "startEvent" in kinds:
        subject.error(
            "unreachable", node, "nothing leads here", "draw the flow that leads to it, or remove it"
        )


def _boundary(subject: Subject, scope: Scope, node: Node) -> None:
    host = scope.nodes.get(node.host or "")
    if host is None or host.type not in ACTIVITIES:
        message = f"it is attached to `{node.host}`, which is no activity of this scope"
        subject.error("boundary-host", node, message, "attach it to a task or sub-process")
    elif host.by_event:
        message = "it is attached to an event sub-process"
        subject.error("boundary-host", node, message, "attach it to a task or sub-process")
    if scope.incoming(node.id):
        message = "a boundary event has an incoming flow"
        subject.error("boundary-incoming", node, message, "let the flow lead to the activity")
    if not scope.outgoing(node.id):
        message = "a boundary event leads nowhere"
        subject.error("boundary-outgoing", node, message, "draw what happens then, ending in an end event")


def _links(subject: Subject, scope: Scope, node: Node) -> None:
    if not is_link(node):
        return
    if node.type == "intermediateThrowEvent":
        if link_target(scope, node) is None:
            name = (node.trigger.name if node.trigger else None) or node.name
            message = f"there is not exactly one catching link event `{name}` in this scope"
            subject.error("link-target", node, message, "give both link events the same name, once each")
        if scope.outgoing(node.id):
            message = "a throwing link event has an outgoing flow"
            subject.error("link-flows", node, message, "the catching link event goes on for it")
    elif node.type == "intermediateCatchEvent" and scope.incoming(node.id):
        message = "a catching link event has an incoming flow"
        subject.error("link-flows", node, message, "only its throwing link event leads to it")


# -- gateways and conditions ------------------------------------------------------------------------


def _gateway(subject: Subject, scope: Scope, node: Node) -> None:
    incoming, outgoing = scope.incoming(node.id), scope.outgoing(node.id)
    if len(incoming) < 2 and len(outgoing) < 2 and node.type != "eventBasedGateway":
        message = "a gateway with one flow in and one out decides nothing"
        subject.error("gateway-flows", node, message, "draw the other flows, or remove the gateway")
    if node.type in _CHOICES:
        _choice(subject, node, outgoing)
    if node.type == "parallelGateway" and len(incoming) > 1:
        _join(subject, scope, node)
    _default(subject, node, outgoing)
    if node.type in _PLAIN_SPLITS:
        for flow in outgoing:
            if flow.condition:
                message = f"the flow {flow.id} has a condition, which a {node.type} does not look at"
                remedy = "use an exclusive or inclusive gateway"
                subject.error("condition-place", node, message, remedy, flow.line)
    if node.type == "eventBasedGateway":
        _event_gateway(subject, scope, node, outgoing)


def _join(subject: Subject, scope: Scope, node: Node) -> None:
    """A parallel join takes one token from each flow: two flows of one choice can never both bring one."""
    origins: dict[str, str] = {}
    for flow in scope.incoming(node.id):
        origin = _origin(scope, flow)
        if origin is None:
            continue
        other = origins.setdefault(origin.id, flow.id)
        if other != flow.id and origin.type in ("exclusiveGateway", "eventBasedGateway"):
            message = f"its flows {other} and {flow.id} both come from the choice at {origin.id}: it would wait for ever"
            subject.warning(
                "join-starves", node, message, "join them by an exclusive gateway first", flow.line
            )
        if origin.type == "boundaryEvent" and origin.interrupting:
            message = f"its flow {flow.id} comes from {origin.id}, which ends what else leads here"
            remedy = "join it with the flow of its activity by an exclusive gateway first"
            subject.warning("join-starves", node, message, remedy, flow.line)


def _origin(scope: Scope, flow: Flow) -> Node | None:
    """The nearest choice or boundary event before *flow*, along a path without other joins or splits."""
    seen: set[str] = set()
    while flow.source not in seen:
        seen.add(flow.source)
        node = scope.nodes.get(flow.source)
        if node is None or node.type == "boundaryEvent":
            return node
        incoming = scope.incoming(node.id)
        if len(scope.outgoing(node.id)) > 1:
            return node
        if len(incoming) != 1:
            return None
        flow = incoming[0]
    return None


def _choice(subject: Subject, node: Node, outgoing: list[Flow]) -> None:
    if len(outgoing) < 2:
        return
    for flow in outgoing:
        if flow.condition is None and flow.id != node.default:
            message = f"the flow {flow.id} has no condition and is not the default"
            remedy = "write its condition (`=…`), or make it the default flow"
            subject.error("gateway-condition", node, message, remedy, flow.line)
    if node.default is None:
        message = "no flow is the default: a case that no condition covers would stop here"
        subject.warning("gateway-default", node, message, "make one flow the default flow")


def _default(subject: Subject, node: Node, outgoing: list[Flow]) -> None:
    if node.default is None:
        return
    flow = next((one for one in outgoing if one.id == node.default), None)
    if flow is None:
        message = f"the default flow `{node.default}` does not leave this element"
        subject.error("default-flow", node, message, "choose one of its outgoing flows")
    elif flow.condition:
        message = f"the default flow {flow.id} has a condition, which is never looked at"
        subject.error("default-flow", node, message, "remove the condition", flow.line)


def _event_gateway(subject: Subject, scope: Scope, node: Node, outgoing: list[Flow]) -> None:
    kinds: set[str] = set()
    if len(outgoing) < 2:
        message = "an event-based gateway needs two events or more"
        subject.error("event-gateway", node, message, "draw the other events, or remove the gateway")
    for flow in outgoing:
        target = scope.nodes.get(flow.target)
        if target is None:
            continue
        kinds.add(target.type)
        event = target.type == "intermediateCatchEvent" and target.triggers and not is_link(target)
        if not event and target.type != "receiveTask":
            message = f"`{target.id}` behind it is no catching event"
            remedy = "lead to catch events or receive tasks only"
            subject.error("event-gateway", node, message, remedy, flow.line)
        if len(scope.incoming(target.id)) > 1:
            message = f"`{target.id}` behind it has another incoming flow"
            subject.error("event-gateway", node, message, "let only the gateway lead to it", flow.line)
        if scope.boundaries(target.id):
            message = f"`{target.id}` behind it has boundary events"
            remedy = "remove them; other events belong behind the gateway"
            subject.error("event-gateway", node, message, remedy)
        if any(trigger.kind == "message" for trigger in target.triggers) and target.type != "receiveTask":
            kinds.add("message")
    if {"receiveTask", "message"} <= kinds:
        message = "message events and receive tasks are mixed behind one gateway"
        subject.error("event-gateway", node, message, "use one of them for all")


def _conditions(subject: Subject, scope: Scope, node: Node) -> None:
    """Flows out of anything but a gateway."""
    outgoing = scope.outgoing(node.id)
    conditional = [flow for flow in outgoing if flow.condition]
    _default(subject, node, outgoing)
    if conditional and node.type not in ACTIVITIES:
        message = f"the flow {conditional[0].id} out of a {node.type} has a condition"
        remedy = "put an exclusive gateway between"
        subject.error("condition-place", node, message, remedy, conditional[0].line)
    elif conditional and len(outgoing) == 1:
        message = f"the only flow {conditional[0].id} has a condition: the path could end here silently"
        remedy = "draw the other flow, or an exclusive gateway"
        subject.error("condition-place", node, message, remedy, conditional[0].line)
    elif conditional and len(conditional) == len(outgoing):
        message = "each flow has a condition: a case that none covers would stop here"
        subject.warning("gateway-default", node, message, "make one flow the default flow")
