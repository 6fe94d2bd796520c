"""A DMN file, any version from 1.1 to 1.5, read through the XML door into `elements`.

What is no DMN is refused; what is DMN but not understood becomes a finding. Boxed expressions are read in `boxed_reading`.
"""

from lxml import etree

from engine import xml
from engine.errors import ModelUnreadable, XmlRefused
from engine.models.decisions.boxed_reading import (
    boxed,
    children,
    first,
    function,
    local,
    text_of,
    variable_type,
)
from engine.models.decisions.elements import Definitions, Entry, Import, Item, Node
from engine.models.findings import Findings

NAMESPACES = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20151101/dmn11.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20151130": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
_NODES = ("decision", "inputData", "businessKnowledgeModel", "decisionService")
_REQUIREMENTS = ("informationRequirement", "knowledgeRequirement")
MAX_BYTES, MAX_DEPTH = 8 * 1024 * 1024, 100


def read(data: bytes, file: str = "model.dmn", findings: Findings | None = None) -> Definitions:
    """The definitions in a DMN file; doubts about it are added to *findings*.

    Raises:
        ModelUnreadable: the bytes are no DMN.
    """
    found = findings if findings is not None else Findings(file)
    try:
        root = xml.parse(data, limit_bytes=MAX_BYTES, max_depth=MAX_DEPTH)
    except XmlRefused as exc:
        raise ModelUnreadable(file=file, reason=exc.message) from exc
    namespace = etree.QName(root).namespace or ""
    if local(root) != "definitions" or namespace not in NAMESPACES:
        raise ModelUnreadable(
            file=file, reason=f"this is no DMN 1.1 to 1.5, its root is {local(root)} of {namespace!r}"
        )
    model = Definitions(name=root.get("name", ""), namespace=root.get("namespace", ""))
    model.imports = tuple(
        Import(name=one.get("name", ""), namespace=one.get("namespace", ""), line=xml.line_of(one))
        for one in children(root, "import")
    )
    for one in children(root, "itemDefinition"):
        model.items[one.get("name", "")] = _item(one)
    for one in children(root, *_NODES):
        _add_node(model, one, found)
    return model


def _add_node(model: Definitions, one: etree._Element, findings: Findings) -> None:
    node = _node(one, findings)
    if node.id in model.nodes:
        findings.error(
            "dmn-id", node.id, node.line, f"the id {node.id} is used twice", "give every element its own id"
        )
        return
    if any(other.name == node.name for other in model.nodes.values()):
        findings.error(
            "dmn-name", node.id, node.line, f"the name {node.name!r} is used twice", "rename one of them"
        )
    model.nodes[node.id] = node


def _item(one: etree._Element) -> Item:
    shape = first(one, "functionItem")
    params = None
    if shape is not None:
        params = tuple(
            Entry(name=part.get("name", ""), type=_type(part)) for part in children(shape, "parameters")
        )
    return Item(
        name=one.get("name", ""),
        type=_type(one),
        components=tuple(_item(part) for part in children(one, "itemComponent")),
        is_collection=one.get("isCollection") == "true",
        allowed=text_of(first(one, "allowedValues")),
        constraint=text_of(first(one, "typeConstraint")),
        params=params,
        result=shape.get("outputTypeRef", "") if shape is not None else "",
        line=xml.line_of(one),
    )


def _type(one: etree._Element) -> str:
    part = first(one, "typeRef")
    return (part.text or "").strip() if part is not None else one.get("typeRef", "")


def _node(one: etree._Element, findings: Findings) -> Node:
    kind = local(one)
    variable = first(one, "variable")
    body = boxed(one, findings)
    if kind == "businessKnowledgeModel":
        logic = first(one, "encapsulatedLogic")
        body = function(logic, findings) if logic is not None else None
    required = [href for part in children(one, *_REQUIREMENTS) for href in _hrefs(part)]
    return Node(
        kind=kind,
        id=one.get("id") or f"{kind} {one.get('name')}",
        name=one.get("name", "") or (variable.get("name", "") if variable is not None else ""),
        type=variable_type(one),
        body=body,
        requires=tuple(required),
        outputs=tuple(href for part in children(one, "outputDecision") if (href := part.get("href"))),
        inputs=tuple(
            href
            for tag in ("inputData", "inputDecision")
            for part in children(one, tag)
            if (href := part.get("href"))
        ),
        line=xml.line_of(one),
    )


def _hrefs(requirement: etree._Element) -> list[str]:
    return [href for part in children(requirement) if (href := part.get("href"))]
