"""Every expression must compile, and read only what can be there."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from engine import feel
from engine.errors import FeelSyntaxError
from engine.feel import syntax
from engine.models.graph import Node, Process
from engine.models.rules.subject import Subject

# What expressions find in `dossier`; docs/models.md tells what each is.
DOSSIER_KEYS = frozenset(
    (
        *(
            "code",
            "procedure",
            "procedure_name",
            "field",
            "status",
            "phase",
            "channel",
            "delivery",
            "applicant",
        ),
        *(
            "received_at",
            "submitted_at",
            "due_at",
            "finished_at",
            "data",
            "results",
            "documents",
            "supplements",
        ),
        *("receiving_unit", "competent_unit", "returning_unit"),
    )
)
_WANTED = ("papers", "fee")  # properties that see the dossier alone
_CONTEXTS = {
    "serviceTask": "reply",
    "sendTask": "reply",
    "userTask": "form",
    "receiveTask": "message",
    "intermediateCatchEvent": "message",
    "intermediateThrowEvent": "reply",
    "endEvent": "reply",
    "boundaryEvent": "message",
    "businessRuleTask": "result",
}


def check(subject: Subject) -> None:
    """All rules of this module."""
    variables = assigned(subject.process) | _handed_in(subject)
    for scope, node in subject.nodes():
        for flow in scope.outgoing(node.id):
            if flow.condition:
                _expression(subject, node, flow.condition, variables, line=flow.line, what="condition")
        for text, line, extra, what in _texts(subject, node):
            _expression(subject, node, text, variables | extra, line=line, what=what)


def assigned(process: Process) -> frozenset[str]:
    """The variables that *process* sets somewhere."""
    found: set[str] = set()
    for node in process.nodes():
        binding = node.binding
        found.update(one.target for one in binding.outputs)
        if binding.result:
            found.add(binding.result)
        if node.inner is not None or node.type == "callActivity":
            found.update(one.target for one in binding.inputs)
        if node.loop is not None:
            found.update(name for name in (node.loop.item, node.loop.gathered, "loopCounter") if name)
        if node.by_event:
            found.update(("message", "error"))
    return frozenset(name for name in found if not name.startswith("dossier."))


def _handed_in(subject: Subject) -> frozenset[str]:
    """What comes from outside: from the caller, or from processes that call this one."""
    found = set(subject.given)
    for process in subject.deployment.drawn.values():
        for node in process.nodes():
            if node.type == "callActivity" and node.binding.called == subject.process.id:
                found.update(one.target for one in node.binding.inputs)
                if node.binding.pass_all and process.id != subject.process.id:
                    found |= assigned(process)
            if node.type == "callActivity" and process.id == subject.process.id and node.binding.take_all:
                target = subject.deployment.drawn.get(node.binding.called or "")
                if target is not None:
                    found |= assigned(target)
    return frozenset(found)


def _texts(subject: Subject, node: Node) -> Iterator[tuple[str, int, frozenset[str], str]]:
    """Every expression of *node*: text, line, what else it may read, and what it is for."""
    nothing: frozenset[str] = frozenset()
    binding = node.binding
    for one in binding.inputs:
        yield one.source, one.line, nothing, "input"
    extra = {_CONTEXTS[node.type]} if node.type in _CONTEXTS else set()
    if any(trigger.kind in ("error", "escalation") for trigger in node.triggers):
        extra.add("error")
    target = subject.deployment.drawn.get(binding.called or "")
    inside = assigned(target) if target is not None else nothing
    for one in binding.outputs:
        yield one.source, one.line, frozenset(extra) | inside, "output"
    said = binding.properties
    yield from ((said[one], node.line, nothing, one) for one in _WANTED if said.get(one))
    if binding.script:
        yield binding.script, node.line, frozenset(one.target for one in binding.inputs), "script"
    for trigger in node.triggers:
        text = trigger.key if trigger.kind == "message" else trigger.text
        if text and trigger.kind in ("message", "timer", "conditional"):
            what = {"message": "correlation key", "timer": "timer"}.get(trigger.kind, "condition")
            yield text, trigger.line, nothing, what
    for text, what in _of_loop(node):
        if text:
            yield text, node.line, nothing, what


def _paths(subject: Subject, node: Node, tree: object, *, line: int, text: str) -> None:
    """Keys of the dossier and of its data that nobody declares or writes: most often a slip of the pen."""
    declared = _declared(subject)
    for path in paths_in(tree):
        if path[0] != "dossier" or len(path) < 2:
            continue
        wrong = path[1] if path[1] not in DOSSIER_KEYS else None
        if path[1] == "data" and len(path) > 2 and declared is not None and path[2] not in declared:
            wrong = f"data.{path[2]}"
        if wrong:
            message = f"`{text[1:]}` reads `dossier.{wrong}`, which nothing declares or writes"
            remedy = "mend the name, or declare the field in procedure.yaml"
            subject.warning("feel-path", node, message, remedy, line)


def _declared(subject: Subject) -> set[str] | None:
    """The keys that the dossier's data can have; None where nobody says."""
    procedure = subject.deployment.procedure
    if procedure is None:
        return None
    written = {
        one.target.removeprefix("dossier.")
        for process in subject.deployment.drawn.values()
        for node in process.nodes()
        for one in node.binding.outputs
        if one.target.startswith("dossier.")
    }
    results = {
        (node.binding.result or "").removeprefix("dossier.")
        for process in subject.deployment.drawn.values()
        for node in process.nodes()
    }
    return {field.name for field in procedure.data} | written | results


def paths_in(tree: object) -> Iterator[tuple[str, ...]]:
    """The longest paths (``a.b.c``) in a FEEL tree that begin with a name."""
    names: list[str] = []
    inner = tree
    while isinstance(inner, syntax.Path):
        names.append(inner.name)
        inner = inner.source
    if isinstance(inner, syntax.Name):
        yield (inner.name, *reversed(names))
        return
    for part in _parts(inner):
        yield from paths_in(part)


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, list | tuple):
        yield from value
    elif is_dataclass(value) and not isinstance(value, type):
        yield from (getattr(value, one.name) for one in fields(value))


def _of_loop(node: Node) -> list[tuple[str | None, str]]:
    loop = node.loop
    if loop is None:
        return []
    texts = [(text, "loop") for text in (loop.cardinality, loop.collection, loop.gather)]
    return [*texts, (loop.condition, "condition")]


def _expression(
    subject: Subject, node: Node, text: str, variables: frozenset[str], *, line: int, what: str
) -> None:
    if not text.startswith("="):
        if what == "condition":
            subject.error("feel", node, f"the {what} `{text}` is no expression", "write it as `=…`", line)
        return
    try:
        expression = feel.compile(text[1:], variables)
    except FeelSyntaxError as exc:
        message = f"the {what} `{text[1:]}` is not FEEL: {exc.message}"
        subject.error("feel", node, message, "mend it; docs/feel.md tells what FEEL can say", line)
        return
    if what == "condition" and text[1:].strip().replace(".", "").isdigit():
        message = f"the {what} `{text[1:]}` is a number, not true or false"
        subject.error("feel", node, message, "write a comparison", line)
    _paths(subject, node, expression.tree, line=line, text=text)
    known = {"dossier"} if what in _WANTED else variables | {"dossier"}
    for name in sorted(expression.names - known):
        message = f"the {what} `{text[1:]}` reads `{name}`, which nothing here sets"
        remedy = "map it in an output first, or read it as `dossier.data.…`"
        subject.strictly("feel-name", node, message, remedy, line)
