"""A BPMN file becomes processes: bytes in, graphs and findings out.

Only what is written is read; what it is worth is judged by the rules, and what must change before it can run is
`engine.models.rewriting`. Extensions of the vendors are read by `engine.models.dialects`.
"""

from dataclasses import dataclass, field, replace

from lxml import etree

from engine import xml
from engine.errors import XmlRefused
from engine.models import conformance, dialects
from engine.models.dialects import BPMN
from engine.models.findings import Findings
from engine.models.graph import CONTAINERS, NODES, Flow, Node, Process, Scope
from engine.models.reading_events import EVENT, Triggers, bare, local, loop_of

LIMIT_BYTES = 4 * 1024 * 1024
LIMIT_ELEMENTS = 50_000

_QUIET = frozenset(
    [
        "incoming",
        "outgoing",
        "documentation",
        "extensionElements",
        "laneSet",
        "textAnnotation",
        "association",
        "group",
        "dataObject",
        "dataObjectReference",
        "dataStoreReference",
        "auditing",
        "monitoring",
        "supportedInterfaceRef",
        "ioSpecification",
        "property",
        "correlationSubscription",
        "resourceRole",
        "performer",
        "humanPerformer",
        "potentialOwner",
        "rendering",
        "script",
        "multiInstanceLoopCharacteristics",
        "standardLoopCharacteristics",
        "sequenceFlow",
        "eventDefinitionRef",
        "completionCondition",
        "activationCondition",
        "dataInput",
        "dataOutput",
        "inputSet",
        "outputSet",
        "artifact",
        "dataInputAssociation",
        "dataOutputAssociation",
        "category",
        "ioBinding",
        "partitionElement",
    ]
)


DEEPEST = 30  # sub-processes in one another: what an instance may nest, and what our JSON may
LARGEST = 3_000  # elements of one process: it is read and compiled in less than a second


@dataclass(slots=True)
class ModelFile:
    """What one BPMN file holds."""

    name: str
    processes: dict[str, Process] = field(default_factory=dict)
    root: etree._Element | None = None


def read_model(name: str, data: bytes, findings: Findings) -> ModelFile:
    """The processes of one file; a file that cannot be read leaves a finding and no processes."""
    model = ModelFile(name)
    try:
        root = xml.parse(data, limit_bytes=LIMIT_BYTES, max_elements=LIMIT_ELEMENTS)
    except XmlRefused as exc:
        line = exc.facts.get("line")
        findings.error(
            "xml", "definitions", line if isinstance(line, int) else 0, exc.message, XmlRefused.remedy
        )
        return model
    if root.tag != BPMN + "definitions":
        findings.error(
            "not-bpmn",
            "definitions",
            xml.line_of(root),
            f"the root element is {etree.QName(root).localname}, not BPMN definitions",
            "save the file as BPMN 2.0 XML",
        )
        return model
    model.root = root
    _check_ids(root, findings)
    conformance.check(root, findings)
    reader = _Reader(root, findings)
    for element in root.iterfind(BPMN + "process"):
        process = reader.process(element, name)
        model.processes[process.id] = process
    if not model.processes:
        findings.error(
            "no-process", "definitions", 1, "the file holds no process", "draw a process and save it"
        )
    return model


def _check_ids(root: etree._Element, findings: Findings) -> None:
    seen: dict[str, int] = {}
    for element in root.iter():
        key = element.get("id")
        if key is None or not isinstance(element.tag, str) or not element.tag.startswith(BPMN):
            continue
        if key in seen:
            message = f"the id `{key}` is used in line {seen[key]} already"
            findings.error("id-unique", key, xml.line_of(element), message, "give each element its own id")
        seen[key] = xml.line_of(element)


class _Reader:
    def __init__(self, root: etree._Element, findings: Findings) -> None:
        self._findings = findings
        self._triggers = Triggers(root)
        self._depth = 0

    # -- processes and scopes -------------------------------------------------------------------

    def process(self, element: etree._Element, file: str) -> Process:
        key = element.get("id") or f"process-{xml.line_of(element)}"
        size = sum(1 for one in element.iter() if local(one) in NODES)
        if size > LARGEST:
            self._refuse(
                "too-large", element, key, f"the process has {size} elements, at most {LARGEST} are run"
            )
        return Process(
            id=key,
            name=element.get("name") or "",
            file=file,
            scope=self._scope(element, key, self._lanes(element))
            if size <= LARGEST
            else Scope(id=key, nodes={}, flows={}),
            line=xml.line_of(element),
            executable=element.get("isExecutable") != "false",
        )

    def _scope(self, element: etree._Element, key: str, lanes: dict[str, str]) -> Scope:
        if self._depth == DEEPEST:
            message = f"sub-processes lie more than {DEEPEST} deep in one another"
            self._refuse("too-deep", element, key, message)
            return Scope(id=key, nodes={}, flows={})
        self._depth += 1
        scope = self._inside(element, key, lanes)
        self._depth -= 1
        return scope

    def _refuse(self, rule: str, element: etree._Element, key: str, message: str) -> None:
        remedy = "put a part of it into a process of its own, and call it by a call activity"
        self._findings.error(rule, key, xml.line_of(element), message, remedy)

    def _inside(self, element: etree._Element, key: str, lanes: dict[str, str]) -> Scope:
        nodes: dict[str, Node] = {}
        flows: dict[str, Flow] = {}
        for child in element.iterchildren():
            tag = local(child)
            if tag in NODES:
                node = self._node(child, tag, lanes)
                nodes[node.id] = node
            elif tag == "sequenceFlow":
                flow = self._flow(child)
                flows[flow.id] = flow
            elif tag is not None and tag not in _QUIET and not tag.endswith(EVENT):
                self._unsupported(child, tag, child.get("id") or key)
        return Scope(id=key, nodes=nodes, flows=flows)

    def _lanes(self, process: etree._Element) -> dict[str, str]:
        """The innermost lane's name for each node."""
        found: dict[str, str] = {}
        for lane in process.iter(BPMN + "lane"):
            for reference in lane.iterchildren(BPMN + "flowNodeRef"):
                found[(reference.text or "").strip()] = lane.get("name") or lane.get("id") or ""
        return found

    def _flow(self, element: etree._Element) -> Flow:
        condition = element.find(BPMN + "conditionExpression")
        return Flow(
            id=element.get("id") or self._unnamed(element),
            source=element.get("sourceRef") or "",
            target=element.get("targetRef") or "",
            name=element.get("name") or "",
            condition=dialects.expression(condition.text) if condition is not None else None,
            line=xml.line_of(element),
        )

    def _unnamed(self, flow: etree._Element) -> str:
        """A flow without id gets one made of its ends and its place."""
        parent = flow.getparent()
        place = parent.index(flow) if parent is not None else 0
        return f"{flow.get('sourceRef')}-{flow.get('targetRef')}-{place}"

    # -- nodes ----------------------------------------------------------------------------------

    def _node(self, element: etree._Element, tag: str, lanes: dict[str, str]) -> Node:
        key = element.get("id") or f"{tag}-{xml.line_of(element)}"
        unsupported = []
        for child in element.iterchildren():
            kind = local(child)
            inside = tag in CONTAINERS and kind in NODES
            if kind and not inside and kind not in _QUIET and not kind.endswith(EVENT):
                unsupported.append((kind, xml.line_of(child)))
        script = element.find(BPMN + "script")
        binding = dialects.bind(element)
        if binding.called is None and element.get("calledElement"):
            binding = replace(binding, called=bare(element.get("calledElement")))
        if script is not None and binding.script is None and (script.text or "").strip():
            unsupported.append(("script", xml.line_of(script)))
        return Node(
            id=key,
            type=tag,
            name=element.get("name") or "",
            line=xml.line_of(element),
            lane=lanes.get(key),
            triggers=self._triggers.of(element, tag),
            all_triggers=element.get("parallelMultiple") == "true",
            host=element.get("attachedToRef"),
            interrupting=(element.get("cancelActivity") or element.get("isInterrupting")) != "false",
            default=element.get("default"),
            binding=binding,
            loop=loop_of(element),
            inner=self._scope(element, key, lanes) if tag in CONTAINERS else None,
            by_event=element.get("triggeredByEvent") == "true",
            unsupported=tuple(unsupported if tag not in CONTAINERS else ()),
        )

    def _unsupported(self, element: etree._Element, tag: str, owner: str) -> None:
        self._findings.error(
            "unsupported-element",
            owner,
            xml.line_of(element),
            f"{tag} is not run by this engine",
            "model it with the elements of the profile (docs/models.md)",
        )
