"""Event definitions and loop markers of a BPMN file, with everything that they refer to."""

from lxml import etree

from engine import xml
from engine.models import dialects
from engine.models.dialects import BPMN
from engine.models.graph import Loop, Trigger

EVENT = "EventDefinition"


class Triggers:
    """Reads event definitions; knows every element of the file by its id."""

    def __init__(self, root: etree._Element) -> None:
        self._by_id = {str(one.get("id")): one for one in root.iter() if one.get("id")}

    def of(self, element: etree._Element, tag: str) -> tuple[Trigger, ...]:
        """What *element* waits for or causes; *tag* is its BPMN name."""
        if tag == "receiveTask":
            return (self._message(element, xml.line_of(element)),)
        found = [
            self._trigger(child, kind[: -len(EVENT)])
            for child in element.iterchildren()
            if (kind := local(child)) and kind.endswith(EVENT)
        ]
        for reference in element.iterchildren(BPMN + "eventDefinitionRef"):
            target = self._by_id.get(bare(reference.text))
            kind = local(target) if target is not None else None
            if target is not None and kind and kind.endswith(EVENT):
                found.append(self._trigger(target, kind[: -len(EVENT)]))
            else:
                found.append(Trigger(kind="unknown", line=xml.line_of(reference), defined=False))
        return tuple(found)

    def _trigger(self, element: etree._Element, kind: str) -> Trigger:
        line = xml.line_of(element)
        if kind == "message":
            return self._message(element, line)
        if kind == "timer":
            return self._timer(element, line)
        if kind == "link":
            return Trigger(kind=kind, line=line, name=element.get("name"))
        if kind == "conditional":
            text = dialects.expression(element.findtext(BPMN + "condition"))
            return Trigger(kind=kind, line=line, text=text)
        if kind in ("signal", "error", "escalation"):
            return self._referenced(element, kind, line)
        return Trigger(kind=kind, line=line)

    def _referenced(self, element: etree._Element, kind: str, line: int) -> Trigger:
        reference = element.get(kind + "Ref")
        if reference is None:
            return Trigger(kind=kind, line=line, defined=kind != "signal")
        target = self._by_id.get(bare(reference))
        if target is None or local(target) != kind:
            return Trigger(kind=kind, line=line, name=reference, defined=False)
        name = target.get("name") or target.get("id")
        code = target.get(f"{kind}Code") if kind != "signal" else None
        return Trigger(kind=kind, line=line, name=name, code=code or name, coded=code is not None)

    def _message(self, element: etree._Element, line: int) -> Trigger:
        reference = element.get("messageRef")
        target = self._by_id.get(bare(reference)) if reference else None
        if target is None or local(target) != "message":
            return Trigger(kind="message", line=line, name=reference, defined=False)
        found = target.find(f"{BPMN}extensionElements/{dialects.ZEEBE}subscription")
        key = dialects.expression(found.get("correlationKey")) if found is not None else None
        return Trigger(kind="message", line=line, name=target.get("name") or target.get("id"), key=key)

    def _timer(self, element: etree._Element, line: int) -> Trigger:
        forms = [
            (form, (child.text or "").strip())
            for form in ("Date", "Duration", "Cycle")
            for child in element.iterchildren(f"{BPMN}time{form}")
        ]
        if len(forms) != 1 or not forms[0][1]:
            return Trigger(
                kind="timer", line=line, defined=False, text=" and ".join(form for form, _ in forms)
            )
        form, text = forms[0]
        return Trigger(kind="timer", line=line, form=form.lower(), text=text)


def loop_of(element: etree._Element) -> Loop | None:
    """The loop or multi-instance marker of *element*."""
    standard = element.find(BPMN + "standardLoopCharacteristics")
    multi = element.find(BPMN + "multiInstanceLoopCharacteristics")
    if standard is not None:
        maximum = standard.get("loopMaximum") or ""
        return Loop(
            kind="standard",
            maximum=int(maximum) if maximum.isdigit() else None,
            before=standard.get("testBefore") == "true",
            condition=dialects.expression(standard.findtext(BPMN + "loopCondition")),
        )
    if multi is None:
        return None
    return dialects.loop_of(
        "multi",
        dialects.multi_instance(multi),
        sequential=multi.get("isSequential") == "true",
        cardinality=dialects.expression(multi.findtext(BPMN + "loopCardinality")),
        condition=dialects.expression(multi.findtext(BPMN + "completionCondition")),
        behavior=multi.get("behavior") or "All",
    )


def local(element: etree._Element) -> str | None:
    """The BPMN name of *element*; None for anything else."""
    tag = element.tag
    return tag[len(BPMN) :] if isinstance(tag, str) and tag.startswith(BPMN) else None


def bare(reference: str | None) -> str:
    """A reference without its namespace prefix."""
    return (reference or "").strip().rpartition(":")[2]
