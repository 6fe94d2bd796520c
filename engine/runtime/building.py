"""From graphs to specifications: every scope of a process becomes elements joined by flows."""

from dataclasses import replace

from engine.models.expressions import NO_NAMES, Names, compiled
from engine.models.graph import Flow, Node, Process, Scope
from engine.runtime.elements.activities import DecisionTask, PlainTask, ScriptTask, ServiceTask, UserTask
from engine.runtime.elements.boundary import THROWN, Boundary
from engine.runtime.elements.containers import CallActivity, Container, EventSubProcess
from engine.runtime.elements.element import DOSSIER, Element, Out
from engine.runtime.elements.events import CatchEvent, ErrorEnd, EventGateway, StartEvent, ThrowEvent
from engine.runtime.elements.gateways import ExclusiveGateway, InclusiveGateway, ParallelGateway
from engine.runtime.elements.loops import LoopTask
from engine.runtime.scopes import ScopeSpec

_KINDS: dict[str, type[Element]] = {
    "task": PlainTask,
    "manualTask": PlainTask,
    "userTask": UserTask,
    "serviceTask": ServiceTask,
    "sendTask": ServiceTask,
    "receiveTask": CatchEvent,
    "scriptTask": ScriptTask,
    "businessRuleTask": DecisionTask,
    "exclusiveGateway": ExclusiveGateway,
    "parallelGateway": ParallelGateway,
    "inclusiveGateway": InclusiveGateway,
    "eventBasedGateway": EventGateway,
    "startEvent": StartEvent,
    "intermediateCatchEvent": CatchEvent,
    "intermediateThrowEvent": ThrowEvent,
    "boundaryEvent": Boundary,
}


def build(process: Process, scopes: dict[str, ScopeSpec], given: Names = NO_NAMES) -> None:
    """Add the specifications of *process* and of everything inside it to *scopes*.

    Raises:
        FeelSyntaxError: an expression, which linting would have said.
    """
    _build(process.scope, process.id, variable_names(process) | given, scopes)


def variable_names(process: Process) -> Names:
    """The variables that *process* sets: FEEL must know those of several words, and those named like a function."""
    found: set[str] = set()
    for node in process.nodes():
        binding = node.binding
        found.update(one.target for one in (*binding.inputs, *binding.outputs))
        if binding.result:
            found.add(binding.result)
        if node.loop:
            found.update(name for name in (node.loop.item, node.loop.gathered) if name)
    return frozenset(found)


def _build(scope: Scope, key: str, names: Names, scopes: dict[str, ScopeSpec]) -> ScopeSpec:
    spec = ScopeSpec(key)
    spec.blank = dict.fromkeys(name for name in names if not name.startswith(DOSSIER))
    scopes[key] = spec
    for node in scope.nodes.values():
        _element(spec, node, names, scopes)
    elements = spec.elements
    for element in list(elements.values()):
        element.outs = tuple(
            _out(flow, elements, element.node.default, names) for flow in scope.outgoing(element.id)
        )
        element.flows_in = tuple(flow.id for flow in scope.incoming(element.id))
        attached = [
            one for one in elements.values() if isinstance(one, Boundary) and one.node.host == element.id
        ]
        element.boundaries = tuple(one for one in attached if one.waits)
        element.handlers = tuple(
            one for one in attached if any(trigger.kind in THROWN for trigger in one.triggers)
        )
    spec.watchers = [one for one in elements.values() if isinstance(one, EventSubProcess)]
    spec.starts = _starts(elements)
    return spec


def _starts(elements: dict[str, Element]) -> list[Element]:
    """The start events without trigger; where each has one, the first stands for whatever began the instance."""
    starts = [one for one in elements.values() if isinstance(one, StartEvent)]
    return [one for one in starts if not one.triggers] or starts[:1]


def _out(flow: Flow, elements: dict[str, Element], default: str | None, names: Names) -> Out:
    condition = compiled(flow.condition, names) if flow.condition and flow.id != default else None
    return Out(flow.id, elements[flow.target], condition, flow.id == default)


def _element(spec: ScopeSpec, node: Node, names: Names, scopes: dict[str, ScopeSpec]) -> Element:
    inside = f"{spec.key}/{node.id}"
    if node.loop is not None:
        once = replace(node, loop=None, host=None)
        alone = Scope(id=node.id, nodes={node.id: once}, flows={})
        _build(alone, f"{inside}*", names, scopes)
        scopes[f"{inside}*"].starts = [scopes[f"{inside}*"].elements[node.id]]
        return LoopTask(spec, node, names, f"{inside}*")
    if node.inner is not None:
        _build(node.inner, inside, names, scopes)
        return (EventSubProcess if node.by_event else Container)(spec, node, names, inside)
    if node.type == "callActivity":
        return CallActivity(spec, node, names, node.binding.called or "")
    if node.type == "endEvent":
        thrown = any(trigger.kind in ("error", "cancel") for trigger in node.triggers)
        kind = ErrorEnd if thrown else ServiceTask if node.binding.service else ThrowEvent
        return kind(spec, node, names)
    if node.type in ("intermediateThrowEvent", "businessRuleTask") and node.binding.service:
        return ServiceTask(spec, node, names)
    return _KINDS[node.type](spec, node, names)
