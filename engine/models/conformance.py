"""What BPMN demands of the document itself, beyond what the graph of a process shows.

Looks at the checked element tree: parts of BPMN that are no part of an executable process, references between
elements, and what tools list redundantly. Everything found here refuses the file, for what it means cannot be
known.
"""

from lxml import etree

from engine.models.dialects import BPMN
from engine.models.findings import Findings
from engine.models.graph import NODES
from engine.xml import line_of

_FOREIGN = {
    "choreography": "choreographies",
    "globalChoreographyTask": "choreographies",
    "conversation": "conversations",
    "callConversation": "conversations",
    "globalConversation": "conversations",
    "subConversation": "conversations",
    "globalTask": "global tasks",
    "globalUserTask": "global tasks",
    "globalManualTask": "global tasks",
    "globalScriptTask": "global tasks",
    "globalBusinessRuleTask": "global tasks",
    "dataInputAssociation": "data associations",
    "dataOutputAssociation": "data associations",
    "ioSpecification": "input and output specifications",
    "correlationSubscription": "correlation subscriptions",
    "property": "properties of activities",
}
_REMEDIES = {
    "dataInputAssociation": "map variables with zeebe:ioMapping",
    "dataOutputAssociation": "map variables with zeebe:ioMapping",
    "ioSpecification": "map variables with zeebe:ioMapping",
    "property": "use variables, set by zeebe:ioMapping outputs",
    "correlationSubscription": "write zeebe:subscription at the message",
}
_ASSIGNED = "resourceAssignmentExpression"
_DIVERGING = "Diverging"
_CONVERGING = "Converging"
_ATTRIBUTE_REFS = ("messageRef", "signalRef", "errorRef", "escalationRef", "processRef", "attachedToRef")


def check(root: etree._Element, findings: Findings) -> None:
    """All rules of this module."""
    document = _Document(root, findings)
    document.foreign()
    document.ids()
    document.listed_flows()
    document.activities()
    document.gateways()
    document.references()
    document.message_flows()


class _Document:
    def __init__(self, root: etree._Element, findings: Findings) -> None:
        self._root = root
        self._findings = findings
        self._by_id = {str(one.get("id")): one for one in self._all() if one.get("id")}

    def foreign(self) -> None:
        """Parts of BPMN that no engine of this kind runs."""
        for element in self._all():
            what = _FOREIGN.get(_local(element))
            if what is not None:
                remedy = _REMEDIES.get(_local(element), "model it as a process")
                self._wrong("unsupported-element", element, f"{what} are not run by this engine", remedy)
            public = _local(element) == "process" and element.get("processType") == "Public"
            if public and element.get("isExecutable") == "true":
                message = "a public process is only a description, yet it is marked executable"
                self._wrong("public-process", element, message, "set processType to None or Private")

    def ids(self) -> None:
        """Every element of a process that can be referred to needs an id."""
        for process in self._root.iterfind(BPMN + "process"):
            for element in (process, *_nodes(process)):
                if not element.get("id"):
                    message = f"this {_local(element)} has no id"
                    self._wrong("id-missing", element, message, "give each element an id of its own")

    def listed_flows(self) -> None:
        """`incoming` and `outgoing`, where a tool writes them, must tell the same as the sequence flows."""
        for process in self._root.iterfind(BPMN + "process"):
            flows = {str(one.get("id")): one for one in process.iter(BPMN + "sequenceFlow") if one.get("id")}
            listed = {
                (_local(one), one.getparent().get("id"), _bare(one.text))  # type: ignore[union-attr]
                for one in process.iter(BPMN + "incoming", BPMN + "outgoing")
            }
            if not listed:
                continue
            drawn = {("outgoing", one.get("sourceRef"), key) for key, one in flows.items()}
            drawn |= {("incoming", one.get("targetRef"), key) for key, one in flows.items()}
            for kind, node, flow in sorted(drawn ^ listed, key=str):
                element = self._by_id.get(str(node), process)
                message = f"its {kind} flows and the sequence flow `{flow}` do not tell the same"
                remedy = "open the file in the modeler and save it again"
                self._wrong("flow-listing", element, message, remedy)

    def activities(self) -> None:
        """Attributes and markers that ask for what is not done here."""
        for element in self._all():
            if element.get("isForCompensation") == "true":
                message = "compensation is not run by this engine"
                self._wrong("compensation", element, message, "draw the undoing as a path of its own")
            for name in ("startQuantity", "completionQuantity"):
                if element.get(name) not in (None, "1"):
                    message = f"{name} {element.get(name)} is not run by this engine"
                    self._wrong("quantity", element, message, "use a multi-instance marker")
            if element.get("instantiate") == "true":
                message = "an element that creates the instance by itself is not run here"
                self._wrong("instantiate", element, message, "begin with a start event")
            loops = ("standardLoopCharacteristics", "multiInstanceLoopCharacteristics")
            if all(element.find(BPMN + one) is not None for one in loops):
                message = "it has a loop marker and a multi-instance marker"
                self._wrong("loop", element, message, "keep one of them")
            if all(element.find(BPMN + one) is not None for one in ("resourceRef", _ASSIGNED)):
                message = "it names a resource and an expression for it"
                self._wrong("resource", element, message, "use zeebe:assignmentDefinition")

    def gateways(self) -> None:
        """`gatewayDirection`, where it is written, must be true."""
        for element in self._root.iter():
            direction = element.get("gatewayDirection")
            if direction in (None, "Unspecified") or not isinstance(element.tag, str):
                continue
            key = element.get("id")
            flows = list(self._root.iter(BPMN + "sequenceFlow"))
            many_in = sum(one.get("targetRef") == key for one in flows) > 1
            many_out = sum(one.get("sourceRef") == key for one in flows) > 1
            shape = {
                (False, True): _DIVERGING,
                (True, False): _CONVERGING,
                (True, True): "Mixed",
            }.get((many_in, many_out))
            if direction != shape and not (shape is None and not flows):
                message = f"its direction is `{direction}`, but its flows are not"
                self._wrong("gateway-direction", element, message, "mend gatewayDirection or the flows")

    def references(self) -> None:
        """What an element names must be there."""
        for element in self._all():
            for name in _ATTRIBUTE_REFS:
                value = element.get(name)
                if value is not None and _bare(value) not in self._by_id:
                    message = f"{name} names `{value}`, which is not in this file"
                    self._wrong("reference", element, message, "declare it, or choose another")
            if _local(element) == "eventDefinitionRef":
                target = self._by_id.get(_bare(element.text))
                parent = target.getparent() if target is not None else None
                if parent is None or _local(parent) != "definitions":
                    message = f"it names the event definition `{element.text}`, which is not declared for all"
                    self._wrong("reference", element, message, "declare it directly in the definitions")

    def message_flows(self) -> None:
        """Message flows join different participants, and events that are messages."""
        owners = self._participants()
        for flow in self._root.iter(BPMN + "messageFlow"):
            ends = [flow.get("sourceRef"), flow.get("targetRef")]
            places = [owners.get(_bare(end)) for end in ends]
            if None in places or places[0] == places[1]:
                message = "a message flow must join two different participants or what lies in them"
                remedy = "mend sourceRef or targetRef, or use a sequence flow"
                self._wrong("message-flow", flow, message, remedy)
                continue
            for end in ends:
                event = self._by_id.get(_bare(end))
                if event is not None and _local(event).endswith("Event") and not _tells_a_message(event):
                    message = f"the message flow {flow.get('id')} ends at `{end}`, which is no message event"
                    self._wrong("message-flow", event, message, "make it a message event")

    def _participants(self) -> dict[str, str]:
        """For each participant and each element of its process the participant."""
        owners: dict[str, str] = {}
        for one in self._root.iter(BPMN + "participant"):
            key = str(one.get("id"))
            owners[key] = key
            process = self._by_id.get(_bare(one.get("processRef"))) if one.get("processRef") else None
            if process is not None:
                owners.update({str(node.get("id")): key for node in _nodes(process)})
        return owners

    def _all(self) -> list[etree._Element]:
        return [one for one in self._root.iter() if isinstance(one.tag, str) and one.tag.startswith(BPMN)]

    def _wrong(self, rule: str, element: etree._Element, message: str, remedy: str) -> None:
        owner: etree._Element | None = element
        while owner is not None and not owner.get("id"):
            owner = owner.getparent()
        key = str(owner.get("id")) if owner is not None else "definitions"
        self._findings.error(rule, key, line_of(element), message, remedy)


def _tells_a_message(event: etree._Element) -> bool:
    if event.find(BPMN + "messageEventDefinition") is not None:
        return True
    return event.find(BPMN + "eventDefinitionRef") is not None


def _nodes(process: etree._Element) -> list[etree._Element]:
    return [one for one in process.iter() if _local(one) in NODES]


def _local(element: etree._Element) -> str:
    tag = element.tag
    return tag[len(BPMN) :] if isinstance(tag, str) and tag.startswith(BPMN) else ""


def _bare(reference: str | None) -> str:
    return (reference or "").strip().rpartition(":")[2]
