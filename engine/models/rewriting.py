"""What must change in a graph before it can run as BPMN says, without changing what it says.

Links become flows, implicit splits and conditional flows out of tasks become gateways of their own, a scope
without start events gets one. All that is added is synthetic and shown nowhere. `REWRITER` counts the
meanings of this module: stored models say by which one they were made.
"""

from dataclasses import replace

from engine.models.graph import GATEWAYS, Flow, Node, Process, Scope

REWRITER = 1
SPLIT = "~split"
START = "~start"


def rewrite(process: Process) -> Process:
    """*process* in the form that the specification is built from."""
    return replace(process, scope=_scope(process.scope))


def _scope(scope: Scope) -> Scope:
    nodes = {
        key: replace(node, inner=_scope(node.inner)) if node.inner is not None else node
        for key, node in scope.nodes.items()
    }
    scope = replace(scope, nodes=nodes)
    return _with_start(_with_splits(_with_links(scope)))


def is_link(node: Node) -> bool:
    return any(trigger.kind == "link" for trigger in node.triggers)


def link_target(scope: Scope, node: Node) -> Node | None:
    """The one catching link event of the same name in the same scope."""
    name = node.trigger.name if node.trigger else None
    found = [
        other
        for other in scope.nodes.values()
        if other.type == "intermediateCatchEvent" and is_link(other) and other.trigger
        if (other.trigger.name or other.name) == (name or node.name)
    ]
    return found[0] if len(found) == 1 else None


def _with_links(scope: Scope) -> Scope:
    nodes, flows = dict(scope.nodes), dict(scope.flows)
    for node in scope.nodes.values():
        if not is_link(node):
            continue
        nodes[node.id] = replace(node, triggers=())
        target = link_target(scope, node) if node.type == "intermediateThrowEvent" else None
        if target is not None:
            key = f"{node.id}~link"
            flows[key] = Flow(id=key, source=node.id, target=target.id, synthetic=True)
    # A catching link without its trigger is entered by its flow and goes straight on.
    for key, node in nodes.items():
        if key in scope.nodes and is_link(scope.nodes[key]) and node.type == "intermediateCatchEvent":
            nodes[key] = replace(node, type="intermediateThrowEvent")
    return replace(scope, nodes=nodes, flows=flows)


def _with_splits(scope: Scope) -> Scope:
    nodes, flows = dict(scope.nodes), dict(scope.flows)
    for node in scope.nodes.values():
        outgoing = scope.outgoing(node.id)
        conditional = any(flow.condition for flow in outgoing)
        if node.type in GATEWAYS or (len(outgoing) < 2 and not conditional):
            continue
        kind = "inclusiveGateway" if conditional else "parallelGateway"
        key = node.id + SPLIT
        nodes[key] = Node(
            id=key, type=kind, line=node.line, lane=node.lane, default=node.default, synthetic=True
        )
        nodes[node.id] = replace(node, default=None)
        for flow in outgoing:
            flows[flow.id] = replace(flow, source=key)
        flows[key + "-in"] = Flow(id=key + "-in", source=node.id, target=key, synthetic=True)
    return replace(scope, nodes=nodes, flows=flows)


def _with_start(scope: Scope) -> Scope:
    """Without start events every node that nothing leads to starts at once, as BPMN says."""
    if any(node.type == "startEvent" for node in scope.nodes.values()) or not scope.nodes:
        return scope
    targets = {flow.target for flow in scope.flows.values()}
    first = [
        node
        for node in scope.nodes.values()
        if node.id not in targets and node.host is None and not node.by_event
    ]
    key = scope.id + START
    nodes = {key: Node(id=key, type="startEvent", synthetic=True), **scope.nodes}
    flows = dict(scope.flows)
    for node in first:
        flow = Flow(id=f"{key}-{node.id}", source=key, target=node.id, synthetic=True)
        flows[flow.id] = flow
    return (
        _with_splits(replace(scope, nodes=nodes, flows=flows))
        if len(first) > 1
        else replace(scope, nodes=nodes, flows=flows)
    )
