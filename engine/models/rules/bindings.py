"""What tasks are bound to: operations, people, scripts, processes, decisions, and the properties of the profile."""

import re

from engine.dossiers.filling import names_read, options_read
from engine.exchange.ports import Json
from engine.models.graph import Node
from engine.models.rules.subject import Subject

_OPERATION = re.compile(r"[A-Za-z][\w-]*\.[A-Za-z][\w.-]*")
_TARGET = re.compile(r"(dossier\.)?[A-Za-z_]\w*")
_CLOCK = frozenset(("pause", "stop", "start"))
_WANTED = {
    "papers": "write `=…`, which gives the codes of the papers wanted",
    "fee": "write `=…`, which gives the amount in đồng, or an object with amount and link",
}
_PROPERTIES = frozenset(("status", "clock", "reason", "ground", "phase", "papers", "fee"))
RESERVED = frozenset(("dossier", "reply", "message", "form", "error"))
_OUTSIDE = "dossier."


def check(subject: Subject) -> None:
    """All rules of this module."""
    for _, node in subject.nodes():
        _service(subject, node)
        _people(subject, node)
        _others(subject, node)
        _assignments(subject, node)
        _properties(subject, node)
        _loop(subject, node)


def _service(subject: Subject, node: Node) -> None:
    if node.type not in ("serviceTask", "sendTask"):
        if node.binding.service and node.type not in (
            "intermediateThrowEvent",
            "endEvent",
            "businessRuleTask",
        ):
            message = f"a {node.type} cannot call `{node.binding.service}`"
            subject.error("service-binding", node, message, "make it a service task")
        return
    service = node.binding.service
    if not service:
        message = "the task is bound to no operation of a partner"
        remedy = 'write `<zeebe:taskDefinition type="partner.operation"/>`'
        subject.error("service-binding", node, message, remedy)
    elif not _OPERATION.fullmatch(service) and node.binding.dialect == "zeebe":
        message = f"`{service}` is no operation of a partner"
        subject.error("service-binding", node, message, "write `partner.operation`")
    elif not _OPERATION.fullmatch(service):
        message = f"`{service}` is no operation of a partner here"
        subject.strictly("service-binding", node, message, "bind it to `partner.operation`")


def _people(subject: Subject, node: Node) -> None:
    if node.type != "userTask":
        return
    if not node.binding.groups:
        message = "nobody is named who does this"
        remedy = "write `zeebe:assignmentDefinition candidateGroups`"
        subject.strictly("user-task-groups", node, message, remedy)
    form = node.binding.form
    if form and subject.strict and form not in subject.deployment.forms:
        message = f"there is no form `{form}` in this deployment"
        subject.error("form", node, message, "add the .form file, or mend formId")
    drawn = subject.deployment.forms.get(form or "")
    if isinstance(drawn, dict):
        _filled(subject, node, drawn)


def _filled(subject: Subject, node: Node, form: dict[str, Json]) -> None:
    """What the task's inputs and its form say of each other."""
    inputs = {one.target: one for one in node.binding.inputs}
    for name in sorted(set(inputs) - names_read(form)):
        message = f"the input `{name}` is neither a field of the form nor options of one"
        subject.warning("form-input", node, message, "name it like a field's key", inputs[name].line)
    for name in sorted(options_read(form) - set(inputs)):
        message = f"a field of the form takes its options from `{name}`, which is no input of this task"
        subject.error(
            "form-input", node, message, f"map an input to `{name}`: a list of texts or of label and value"
        )


def _others(subject: Subject, node: Node) -> None:
    binding = node.binding
    if node.type == "scriptTask" and not binding.script:
        if not any(kind == "script" for kind, _ in node.unsupported):
            message, remedy = "the script task has no FEEL expression", "write `zeebe:script expression`"
            subject.error("script-feel", node, message, remedy)
    elif node.type == "scriptTask" and not binding.result:
        subject.warning("script-result", node, "the script's result goes nowhere", "name a resultVariable")
    if node.type == "callActivity":
        _called(subject, node)
    if node.type == "businessRuleTask" and not binding.service:
        _decision(subject, node)


def _decision(subject: Subject, node: Node) -> None:
    decision = node.binding.decision
    if not decision:
        message = "the task asks for no decision"
        subject.error("decision", node, message, "write `zeebe:calledDecision decisionId`")
    elif decision.startswith("="):
        message = "which decision is asked for must be known at deployment"
        subject.error("decision", node, message, "write the id itself")
    elif decision not in subject.deployment.decisions:
        message = f"there is no decision `{decision}` in this deployment"
        subject.error("decision", node, message, "add its .dmn file, or mend decisionId")
    elif not node.binding.result and not node.binding.outputs:
        subject.warning("decision", node, "the decision's result goes nowhere", "name a resultVariable")


def _called(subject: Subject, node: Node) -> None:
    called = node.binding.called
    if not called:
        message = "it calls no process"
        subject.error("called-process", node, message, "write `zeebe:calledElement processId`")
        return
    if called.startswith("="):
        message = "which process is called must be known at deployment"
        subject.error("called-process", node, message, "write the id itself")
        return
    target = subject.deployment.drawn.get(called)
    if target is None:
        message = f"there is no process `{called}` in this deployment"
        subject.error("called-process", node, message, "add its file, or mend processId")
        return
    starts = [one for one in target.scope.nodes.values() if one.type == "startEvent"]
    if starts and not any(not one.triggers for one in starts):
        message = f"`{called}` starts by an event only, so it cannot be called"
        subject.error("called-process", node, message, "give it a start event without definition")


def _assignments(subject: Subject, node: Node) -> None:
    for one in (*node.binding.inputs, *node.binding.outputs):
        if not one.target or not one.source:
            message, remedy = "a mapping lacks its source or target", "write both"
            subject.error("mapping", node, message, remedy, one.line)
    for one in node.binding.outputs:
        name = one.target
        if name in RESERVED:
            message = f"`{name}` cannot be assigned: expressions read something else by that name"
            subject.error("mapping", node, message, "use another name", one.line)
        elif name and not _TARGET.fullmatch(name):
            message = f"`{name}` is no variable and no `dossier.<key>`"
            remedy = "letters, digits and _; only one key behind `dossier.`"
            subject.error("mapping", node, message, remedy, one.line)
    for one in node.binding.inputs:
        if one.target.startswith(_OUTSIDE):
            message = "an input cannot set the dossier"
            subject.error("mapping", node, message, "set it by an output", one.line)
    told = node.type in ("receiveTask", "task", "manualTask") or node.type.endswith("Event")
    if node.binding.inputs and told and not node.binding.service:
        message = f"inputs of a {node.type} are not read"
        subject.warning("mapping", node, message, "remove them", node.binding.inputs[0].line)


def _properties(subject: Subject, node: Node) -> None:
    properties = node.binding.properties
    status = properties.get("status")
    if status is not None and not (status.isdigit() and 1 <= int(status) <= 10):
        subject.error(
            "property", node, f"status `{status}` is none of 1 to 10", "write a number from 1 to 10"
        )
    clock = properties.get("clock")
    if clock is not None and clock not in _CLOCK:
        subject.error(
            "property", node, f"clock `{clock}` is not known", f"one of {', '.join(sorted(_CLOCK))}"
        )
    if clock == "pause" and not properties.get("reason"):
        message = "the legal clock is paused without a reason"
        subject.strictly("property", node, message, "add the property `reason`")
    for name in sorted(_WANTED):
        said = properties.get(name, "=")
        if not said.startswith("="):
            subject.error("property", node, f"{name} `{said}` is no expression", _WANTED[name])
    for name in sorted(set(properties) - _PROPERTIES):
        message = f"the property `{name}` means nothing here"
        subject.warning("property", node, message, f"known are {', '.join(sorted(_PROPERTIES))}")


def _loop(subject: Subject, node: Node) -> None:
    loop = node.loop
    if loop is None:
        return
    if loop.kind == "standard" and loop.condition is None and loop.maximum is None:
        subject.error("loop", node, "the loop has no condition and no maximum", "write one of them")
    if loop.kind == "multi" and loop.collection is None and loop.cardinality is None:
        message = "the multi-instance marker says neither how often nor over what"
        subject.error("loop", node, message, "write an input collection or a cardinality")
    if loop.behavior != "All":
        message = f"the behavior `{loop.behavior}` of a multi-instance marker is not run here"
        subject.error("loop", node, message, "use All")
    if node.by_event:
        subject.error("loop", node, "an event sub-process cannot be repeated", "remove the marker")
