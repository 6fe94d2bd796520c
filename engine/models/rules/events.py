"""Which events may stand where, and what their definitions must say."""

from datetime import UTC, datetime

from engine.models.graph import EVENTS, Node, Trigger
from engine.models.rules.subject import Subject
from engine.models.timing import parse

_PLAIN = "message timer signal conditional".split()
_ALLOWED: dict[str, tuple[str, ...]] = {
    "startEvent": ("message",),
    "inner startEvent": (),
    "event startEvent": (*_PLAIN, "error", "escalation"),
    "endEvent": ("message", "signal", "error", "escalation", "terminate", "cancel"),
    "intermediateThrowEvent": ("message", "signal", "escalation", "link"),
    "intermediateCatchEvent": (*_PLAIN, "link"),
    "boundaryEvent": (*_PLAIN, "error", "escalation", "cancel"),
    "receiveTask": ("message",),
}
_ALWAYS_INTERRUPTING = frozenset(("error", "cancel"))
_CODED = frozenset(("error", "escalation"))
_CATCHING = frozenset(("startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask"))
_MOMENT = datetime(2026, 1, 5, 1, tzinfo=UTC)


def check(subject: Subject) -> None:
    """All rules of this module."""
    by_event = {node.id for _, node in subject.nodes() if node.by_event}
    inner = {node.id for _, node in subject.nodes() if node.inner is not None}
    for scope, node in subject.nodes():
        if node.type not in EVENTS and node.type != "receiveTask":
            continue
        place = node.type
        if node.type == "startEvent" and scope.id in inner:
            place = "event startEvent" if scope.id in by_event else "inner startEvent"
        for trigger in node.triggers:
            _allowed(subject, node, trigger, place)
            _defined(subject, node, trigger)
        _several(subject, node, place)
        if node.type == "boundaryEvent":
            host = scope.nodes.get(node.host or "")
            _boundary(subject, node, host)
        if node.type == "endEvent":
            _cancel_end(subject, node, scope.id)
    _starts(subject, by_event)


def _allowed(subject: Subject, node: Node, trigger: Trigger, place: str) -> None:
    if trigger.kind not in _ALLOWED[place]:
        may = ", ".join(_ALLOWED[place]) or "none"
        message = f"a {node.type} with a {trigger.kind} definition is not run here"
        subject.error("event-definition", node, message, f"possible here: {may}", trigger.line)
    elif trigger.kind in _ALWAYS_INTERRUPTING and not node.interrupting and node.type in _CATCHING:
        message = f"a {trigger.kind} event always interrupts"
        subject.error("event-interrupting", node, message, "make it interrupting", trigger.line)


def _defined(subject: Subject, node: Node, trigger: Trigger) -> None:
    kind = trigger.kind
    if kind == "message":
        _message(subject, node, trigger)
    elif kind == "timer":
        _timer(subject, node, trigger)
    elif kind == "conditional" and not trigger.text:
        remedy = "write it as FEEL: `=…`"
        subject.error("condition-missing", node, "the condition is empty", remedy, trigger.line)
    elif not trigger.defined:
        message = f"the {kind} that it names is not declared in this file"
        subject.error("reference", node, message, f"declare the {kind} and choose it here", trigger.line)
    elif kind in _CODED and node.type not in _CATCHING and not trigger.coded:
        message = f"a thrown {kind} needs a code"
        subject.error(f"{kind}-code", node, message, f"choose an {kind} with a code", trigger.line)


def _message(subject: Subject, node: Node, trigger: Trigger) -> None:
    if not trigger.defined:
        message = "it names no message: it would go on at once"
        remedy = "choose a message (`messageRef`) with a subscription"
        subject.error("message-reference", node, message, remedy, trigger.line)
    elif node.type not in _CATCHING and node.binding.service is None:
        message = "nothing is bound to this message: it would be thrown into the void"
        remedy = "bind it with zeebe:taskDefinition, or use a send task"
        subject.error("service-binding", node, message, remedy, trigger.line)
    elif node.type in _CATCHING and node.type != "startEvent" and trigger.key is None:
        message = f"the message `{trigger.name}` has no correlation key"
        remedy = "write `zeebe:subscription correlationKey`, such as `=dossier.code`"
        subject.strictly("correlation-key", node, message, remedy, trigger.line)


def _timer(subject: Subject, node: Node, trigger: Trigger) -> None:
    text = trigger.text or ""
    if not trigger.defined:
        what = f"has {text}" if text else "has no time"
        remedy = "write exactly one of timeDate, timeDuration and timeCycle"
        subject.error("timer", node, f"the timer {what}", remedy, trigger.line)
        return
    if text.startswith("="):
        return
    due = parse(text, _MOMENT)
    shapes = {"date": "a date-time with an offset", "duration": "PT1H or P3D", "cycle": "R3/PT10M"}
    wanted = shapes[trigger.form or "duration"]
    right = due is not None and (due.every is not None) == (trigger.form == "cycle")
    right = right and (trigger.form != "duration" or text.startswith("P"))
    if not right:
        message = f"`{text}` is no {trigger.form} that this engine reads"
        subject.error("timer", node, message, f"write ISO 8601 ({wanted}) or FEEL behind `=`", trigger.line)


def _several(subject: Subject, node: Node, place: str) -> None:
    if len(node.triggers) > 1 and node.type not in ("intermediateCatchEvent", "intermediateThrowEvent"):
        message = f"a {node.type} with several definitions is not run here"
        subject.error("event-definition", node, message, "draw one event for each")
    if len(node.triggers) > 1 and any(one.kind == "timer" for one in node.triggers):
        message = "several definitions of which one is a timer are not run here"
        subject.error("event-definition", node, message, "use an event-based gateway")
    if not node.triggers and place in ("intermediateCatchEvent", "boundaryEvent", "event startEvent"):
        message = f"this {node.type} waits for nothing"
        subject.error("event-definition", node, message, "give it a message, timer, signal or error")


def _boundary(subject: Subject, node: Node, host: Node | None) -> None:
    if any(one.kind == "cancel" for one in node.triggers) and (host is None or host.type != "transaction"):
        message = "a cancel event sits on something that is no transaction"
        subject.error("cancel-place", node, message, "attach it to a transaction")


def _cancel_end(subject: Subject, node: Node, scope: str) -> None:
    if not any(one.kind == "cancel" for one in node.triggers):
        return
    owner = next((one for _, one in subject.nodes() if one.id == scope), None)
    if owner is None or owner.type != "transaction":
        message = "a cancel end event lies outside of a transaction"
        subject.error("cancel-place", node, message, "use an error or terminate end event")


def _starts(subject: Subject, by_event: set[str]) -> None:
    for scope in subject.scopes():
        starts = [node for node in scope.nodes.values() if node.type == "startEvent"]
        plain = [node for node in starts if not node.triggers]
        if len(plain) > 1 or (len(starts) > 1 and not plain) or (len(starts) > 1 and scope.id in by_event):
            message = f"{scope.id} has {len(starts)} start events; which one begins it is not said"
            subject.error("several-starts", starts[1], message, "keep one start event")
        elif len(starts) > 1:
            message = "only the start event without definition begins an instance here"
            subject.warning("several-starts", starts[1], message, "remove the others")
