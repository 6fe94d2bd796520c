"""The parts of a WSDL in canonical form, so that two can be compared part by part.

White space, comments, documentation, prefixes, the order of attributes and the service's address make no difference;
what a caller must write and will read does.
"""

import hashlib
from collections.abc import Iterable, Iterator

from lxml import etree

from adapters.soap.documents import WSDL, XSD

_SOAP = "http://schemas.xmlsoap.org/wsdl/soap"
_COMPONENTS = ("element", "complexType", "simpleType", "attribute", "group", "attributeGroup")
_NAMES = frozenset(
    "type ref base element itemType memberTypes substitutionGroup message binding".split()
)  # attributes that hold qualified names
_USUAL = frozenset(
    {
        ("minOccurs", "1"),
        ("maxOccurs", "1"),
        ("use", "optional"),
        ("nillable", "false"),
        ("abstract", "false"),
    }
)
_SILENT = frozenset({f"{XSD}annotation", f"{WSDL}documentation"})


def parts(documents: Iterable[etree._Element]) -> dict[str, str]:
    """Each operation and each component of the schemas → the digest of its canonical form."""
    roots = list(documents)
    found: dict[str, str] = {}
    for root in roots:
        for schema in root.iter(f"{XSD}schema"):
            found |= dict(_components(schema))
    found |= dict(_operations(roots))
    return found


def _components(schema: etree._Element) -> Iterator[tuple[str, str]]:
    target = schema.get("targetNamespace", "")
    forms = [schema.get(name, "unqualified") for name in ("elementFormDefault", "attributeFormDefault")]
    for child in schema.iterchildren(*(f"{XSD}{name}" for name in _COMPONENTS)):
        kind = etree.QName(child).localname
        yield f"{kind} {{{target}}}{child.get('name', '')}", _digest([*forms, _form(child)])


def _operations(roots: list[etree._Element]) -> Iterator[tuple[str, str]]:
    messages = {name: one for root in roots for name, one in _named(root, "message")}
    bound = _bindings(roots)
    for root in roots:
        for name, port in _named(root, "portType"):
            for operation in port.iterchildren(f"{WSDL}operation"):
                called = operation.get("name", "")
                said = [_direction(one, messages) for one in operation.iterchildren() if one.get("message")]
                yield f"operation {called}", _digest([said, sorted(bound.get((name, called), []))])


def _named(root: etree._Element, kind: str) -> Iterator[tuple[str, etree._Element]]:
    target = root.get("targetNamespace", "")
    for one in root.iter(f"{WSDL}{kind}"):
        yield f"{{{target}}}{one.get('name', '')}", one


def _direction(one: etree._Element, messages: dict[str, etree._Element]) -> object:
    """Input, output or fault, with the parts of its message in their order."""
    message = messages.get(_qualified(one, one.get("message", "")))
    held = [_form(part) for part in message.iterchildren(f"{WSDL}part")] if message is not None else None
    name = one.get("name", "") if etree.QName(one).localname == "fault" else ""
    return [etree.QName(one).localname, name, held]


def _bindings(roots: list[etree._Element]) -> dict[tuple[str, str], list[str]]:
    """(port type, operation) → how each SOAP binding wants it spoken."""
    found: dict[tuple[str, str], list[str]] = {}
    for root in roots:
        for binding in root.iter(f"{WSDL}binding"):
            style = [_form(one) for one in binding.iterchildren() if _is_soap(one)]
            for operation in binding.iterchildren(f"{WSDL}operation"):
                spoken = [
                    [
                        etree.QName(one).localname,
                        one.get("name", "") if one.tag == f"{WSDL}fault" else "",
                        _soap(one),
                    ]
                    for one in [operation, *operation.iterchildren()]
                    if one.tag in {f"{WSDL}operation", f"{WSDL}input", f"{WSDL}output", f"{WSDL}fault"}
                ]
                key = (_qualified(binding, binding.get("type", "")), operation.get("name", ""))
                if style:
                    found.setdefault(key, []).append(_digest([style, spoken]))
    return found


def _soap(one: etree._Element) -> list[object]:
    return [_form(child) for child in one.iterchildren() if _is_soap(child)]


def _is_soap(one: etree._Element) -> bool:
    return (etree.QName(one).namespace or "").startswith(_SOAP)


def _form(one: etree._Element) -> list[object]:
    """An element as nested lists of text, without what makes no difference."""
    attributes = sorted((str(name), _value(one, str(name), str(value))) for name, value in one.attrib.items())
    kept = [list(pair) for pair in attributes if pair not in _USUAL]
    children = [_form(child) for child in one.iterchildren(etree.Element) if child.tag not in _SILENT]
    return [one.tag, kept, (one.text or "").strip() if not children else "", children]


def _value(one: etree._Element, name: str, value: str) -> str:
    if name not in _NAMES:
        return " ".join(value.split())
    return " ".join(_qualified(one, word) for word in value.split())


def _qualified(one: etree._Element, name: str) -> str:
    """A qualified name with its namespace in place of the prefix."""
    prefix, colon, local = name.strip().rpartition(":")
    return f"{{{one.nsmap.get(prefix if colon else None) or ''}}}{local}"


def _digest(form: object) -> str:
    return hashlib.sha256(repr(form).encode()).hexdigest()
