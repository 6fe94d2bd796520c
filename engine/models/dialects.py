"""One uniform binding out of the extensions of Camunda 8 (`zeebe:`), Camunda 7 (`camunda:`) and Spiff models.

Only what the extension elements and foreign attributes of one node say is read here; BPMN itself is
`engine.models.reading`. Expressions come out in our form: FEEL behind ``=``, everything else literal.
"""

import re

from lxml import etree

from engine.models.graph import Assignment, Binding, Loop
from engine.xml import line_of

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
_JUEL = re.compile(r"\s*[$#]\{(.*)\}\s*", re.DOTALL)


def bind(element: etree._Element) -> Binding:
    """What *element* is bound to; empty when it carries no extension that we know."""
    extensions = element.find(BPMN + "extensionElements")
    if extensions is not None and any(_is_in(child, ZEEBE) for child in extensions):
        return _zeebe(extensions)
    if extensions is not None and any(_is_in(child, SPIFF) for child in extensions):
        return _spiff(extensions)
    camunda = extensions is not None and any(_is_in(child, CAMUNDA) for child in extensions)
    if camunda or any(str(name).startswith(CAMUNDA) for name in element.attrib):
        return _camunda(element, extensions)
    return Binding()


def expression(text: str | None) -> str | None:
    """*text* as our expression, whatever dialect wrote it; None when empty.

    ``=x`` and ``x`` are FEEL, ``${x}`` is JUEL, of which only what reads the same in FEEL survives compilation.
    """
    if text is None or not text.strip():
        return None
    text = text.strip()
    juel = _JUEL.fullmatch(text)
    if juel:
        inner = juel[1].strip()
        return "=" + (inner if "'" in inner or '"' in inner else inner.replace("==", "="))
    return text if text.startswith("=") else "=" + text


def value(text: str | None) -> str:
    """A mapping's source: an expression stays one, anything else is literal."""
    text = (text or "").strip()
    juel = _JUEL.fullmatch(text)
    return expression(text) or "" if juel else text


def multi_instance(element: etree._Element) -> dict[str, str | None]:
    """What the extensions of a multi-instance marker say."""
    found = element.find(f"{BPMN}extensionElements/{ZEEBE}loopCharacteristics")
    if found is not None:
        return {
            "collection": expression(found.get("inputCollection")),
            "item": found.get("inputElement"),
            "gathered": found.get("outputCollection"),
            "gather": expression(found.get("outputElement")),
        }
    collection = element.get(CAMUNDA + "collection")
    return {"collection": expression(collection), "item": element.get(CAMUNDA + "elementVariable")}


def loop_of(kind: str, found: dict[str, str | None], **rest: object) -> Loop:
    """A `Loop` of *kind* out of what the extensions and BPMN said."""
    return Loop(kind=kind, **{**found, **rest})  # type: ignore[arg-type]


# -- Camunda 8 ------------------------------------------------------------------------------------


def _zeebe(extensions: etree._Element) -> Binding:
    def attribute(path: str, name: str) -> str | None:
        found = extensions.find(ZEEBE + path)
        return found.get(name) if found is not None else None

    groups = attribute("assignmentDefinition", "candidateGroups") or ""
    called = attribute("calledElement", "propagateAllChildVariables")
    return Binding(
        dialect="zeebe",
        service=attribute("taskDefinition", "type"),
        inputs=_mappings(extensions, "input"),
        outputs=_mappings(extensions, "output"),
        groups=tuple(part.strip() for part in groups.split(",") if part.strip()),
        form=attribute("formDefinition", "formId") or attribute("formDefinition", "formKey"),
        script=expression(attribute("script", "expression")),
        result=attribute("script", "resultVariable") or attribute("calledDecision", "resultVariable"),
        called=attribute("calledElement", "processId"),
        decision=attribute("calledDecision", "decisionId"),
        pass_all=attribute("calledElement", "propagateAllParentVariables") != "false",
        take_all=called != "false",
        properties={
            str(found.get("name")): str(found.get("value") or "")
            for found in extensions.iterfind(f"{ZEEBE}properties/{ZEEBE}property")
        },
    )


def _mappings(extensions: etree._Element, tag: str) -> tuple[Assignment, ...]:
    return tuple(
        Assignment(
            source=(found.get("source") or "").strip(),
            target=(found.get("target") or "").strip(),
            line=line_of(found),
        )
        for found in extensions.iterfind(f"{ZEEBE}ioMapping/{ZEEBE}{tag}")
    )


# -- Camunda 7 ------------------------------------------------------------------------------------


def _camunda(element: etree._Element, extensions: etree._Element | None) -> Binding:
    connector = (
        None if extensions is None else extensions.findtext(f"{CAMUNDA}connector/{CAMUNDA}connectorId")
    )
    groups = element.get(CAMUNDA + "candidateGroups") or ""
    found = [] if extensions is None else list(extensions.iterfind(f"{CAMUNDA}properties/{CAMUNDA}property"))
    return Binding(
        dialect="camunda",
        service=element.get(CAMUNDA + "topic")
        or element.get(CAMUNDA + "class")
        or element.get(CAMUNDA + "delegateExpression")
        or element.get(CAMUNDA + "expression")
        or connector,
        inputs=_parameters(extensions, "inputParameter"),
        outputs=_parameters(extensions, "outputParameter"),
        groups=tuple(part.strip() for part in groups.split(",") if part.strip()),
        form=element.get(CAMUNDA + "formKey") or element.get(CAMUNDA + "formRef"),
        decision=element.get(CAMUNDA + "decisionRef"),
        result=element.get(CAMUNDA + "resultVariable"),
        properties={str(one.get("name")): str(one.get("value") or "") for one in found},
    )


def _parameters(extensions: etree._Element | None, tag: str) -> tuple[Assignment, ...]:
    if extensions is None:
        return ()
    return tuple(
        Assignment(source=value(found.text), target=found.get("name") or "", line=line_of(found))
        for found in extensions.iter(CAMUNDA + tag)
    )


# -- Spiff ----------------------------------------------------------------------------------------


def _spiff(extensions: etree._Element) -> Binding:
    operator = extensions.find(SPIFF + "serviceTaskOperator")
    if operator is None:
        return Binding(dialect="spiff")
    result = operator.get("resultVariable")
    return Binding(
        dialect="spiff",
        service=(operator.get("id") or "").replace("/", "."),
        inputs=tuple(
            Assignment(
                source=expression(found.get("value")) or "", target=found.get("id") or "", line=line_of(found)
            )
            for found in operator.iter(SPIFF + "parameter")
        ),
        outputs=(Assignment(source="=reply", target=result, line=line_of(operator)),) if result else (),
    )


def _is_in(element: etree._Element, namespace: str) -> bool:
    return isinstance(element.tag, str) and element.tag.startswith(namespace)
