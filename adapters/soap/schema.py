"""One XML Schema over everything that a WSDL's messages may contain, compiled by libxml2.

zeep reads schemas but checks little and forgets their text, so that they are gathered here again. Documents of one
namespace are joined, because libxml2 takes only the first import of each; missing imports between them are supplied.
"""

import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

from adapters.soap.documents import WSDL, XSD, Documents
from engine import xml
from engine.errors import XmlRefused

# libxml2 quotes the text that it refuses, which may be personal data.
_QUOTED = (
    (re.compile(r"The value '.*' (is not|has|does not)", re.DOTALL), r"The value \1"),
    (re.compile(r"'[^']*' is not a valid value"), "this is not a valid value"),
)
XSD_NAMESPACE = XSD[1:-1]
_REFERENCES = (f"{XSD}import", f"{XSD}include", f"{XSD}redefine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """Where and how a document breaks its schema; *line* is 0 for a document that was built, not parsed."""

    element: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}" if self.line else self.reason


class Schema:
    """Checks elements. Safe to share between threads."""

    def __init__(self, compiled: etree.XMLSchema) -> None:
        self._compiled = compiled
        self._lock = threading.Lock()  # lxml keeps one error log per schema, not per check

    def breaches(self, element: etree._Element) -> list[Breach]:
        """What is wrong with *element* as a document of its own; empty when it is valid."""
        with self._lock:
            if self._compiled.validate(element):
                return []
            log: Iterable[etree._LogEntry] = self._compiled.error_log  # type: ignore[assignment]  # the stubs miss it
            return [_breach(entry) for entry in log]


def _breach(entry: "etree._LogEntry") -> Breach:
    words = entry.message.split("'")
    element = words[1].rpartition("}")[2] if words[0] == "Element " and len(words) > 1 else ""
    reason = entry.message
    for pattern, instead in _QUOTED:
        reason = pattern.sub(instead, reason)
    return Breach(element=element, line=entry.line, reason=reason)


def compile_schema(documents: Documents, *extra: bytes) -> Schema:
    """The schema of all *documents* and of *extra* schemas made by us.

    Raises:
        WsdlRefused: they are not a schema; says what libxml2 says.
    """
    gathered = _Gathered(documents)
    gathered.walk(documents.location)
    for text in extra:
        gathered.add(xml.parse(text), base=documents.location)
    main, named = gathered.joined()
    try:
        return Schema(xml.compile_schema(main, named))
    except XmlRefused as exc:
        raise documents.refusal(f"its schemas: {exc.facts['reason']}") from exc


class _Gathered:
    """Every schema that the WSDL reaches, each under a name of ours."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._schemas: dict[str, etree._Element] = {}
        self._roots: dict[str, list[str]] = {}  # namespace -> the schemas that nobody includes
        self._walked: set[str] = set()

    def walk(self, location: str) -> None:
        """Add the schemas inside the WSDL at *location* and of those that it imports."""
        if location in self._walked:
            return
        self._walked.add(location)
        root = self._documents.tree(location)
        if root.tag == f"{XSD}schema":
            self._file(location)
            return
        for schema in root.iterfind(f"{WSDL}types/{XSD}schema"):
            alone = xml.parse(etree.tostring(schema, encoding="UTF-8", with_tail=False))
            self.add(alone, base=location)
        for reference in root.iterchildren(f"{WSDL}import"):
            if wanted := reference.get("location"):
                self.walk(self._documents.resolve(location, wanted))

    def add(self, schema: etree._Element, *, base: str) -> None:
        """Add one inline *schema* of the document at *base*."""
        name = f"inline:{len(self._schemas)}"
        self._schemas[name] = schema
        self._roots.setdefault(schema.get("targetNamespace") or "", []).append(name)
        self._follow(schema, base)

    def joined(self) -> tuple[bytes, dict[str, bytes]]:
        """The schema that imports every namespace once, and all documents by name."""
        groups = {namespace: self._group(namespace, names) for namespace, names in self._roots.items()}
        main = etree.Element(f"{XSD}schema", targetNamespace="urn:lienthong:soap:all")
        for namespace, name in groups.items():
            main.append(_import(namespace, name))
        for name, schema in self._schemas.items():
            if schema.get("targetNamespace") or name in self._roots.get("", ()):
                _link(schema, groups)
        return etree.tostring(main), {name: etree.tostring(tree) for name, tree in self._schemas.items()}

    def _group(self, namespace: str, names: list[str]) -> str:
        if len(names) == 1:
            return names[0]
        group = etree.Element(f"{XSD}schema")
        if namespace:
            group.set("targetNamespace", namespace)
        for name in names:
            etree.SubElement(group, f"{XSD}include", schemaLocation=name)
        self._schemas[f"group:{namespace}"] = group
        return f"group:{namespace}"

    def _file(self, location: str, *, included: bool = False) -> str:
        name = f"file:{location}"
        known = name in self._schemas
        if not known:
            self._schemas[name] = xml.parse(self._documents.load(location))
        namespace = self._schemas[name].get("targetNamespace") or ""
        if not included and name not in self._roots.setdefault(namespace, []):
            self._roots[namespace].append(name)
        if not known:
            self._follow(self._schemas[name], location)
        return name

    def _follow(self, schema: etree._Element, base: str) -> None:
        for reference in _references(schema):
            if wanted := reference.get("schemaLocation"):
                included = reference.tag != f"{XSD}import"
                location = self._documents.resolve(base, wanted)
                reference.set("schemaLocation", self._file(location, included=included))


def _references(schema: etree._Element) -> Iterator[etree._Element]:
    return schema.iterchildren(*_REFERENCES)


def _import(namespace: str, name: str) -> etree._Element:
    element = etree.Element(f"{XSD}import", schemaLocation=name)
    if namespace:
        element.set("namespace", namespace)
    return element


def _link(schema: etree._Element, groups: dict[str, str]) -> None:
    """Point *schema*'s imports at the joined namespaces and supply those that it uses without importing."""
    imported = {schema.get("targetNamespace") or ""}
    for reference in schema.iterchildren(f"{XSD}import"):
        namespace = reference.get("namespace") or ""
        imported.add(namespace)
        if namespace in groups:
            reference.set("schemaLocation", groups[namespace])
    for namespace in dict.fromkeys(
        ["" if None not in schema.nsmap else XSD_NAMESPACE, *schema.nsmap.values()]
    ):
        if namespace in groups and namespace not in imported:
            schema.insert(0, _import(namespace, groups[namespace]))
            imported.add(namespace)
