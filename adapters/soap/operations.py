"""The operations that a WSDL offers over SOAP, as zeep reads them, each made ready for reading and writing.

Only what can be checked against a schema is taken: document/literal with one element, rpc/literal with typed parts. Any
other operation is listed with the reason why not, and refused when it is used.
"""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any as Foreign  # zeep publishes no types

from lxml import etree
from zeep import Settings, exceptions
from zeep.wsdl import Document
from zeep.wsdl.bindings.soap import Soap11Binding, Soap12Binding

from adapters.soap.documents import WSDL, XSD, Documents
from adapters.soap.envelope import SoapVersion
from adapters.soap.shapes import Shape, Shapes

RPC_NAMESPACE = "urn:lienthong:soap:rpc"
_SETTINGS = {
    "strict": True,
    "forbid_dtd": True,
    "forbid_entities": True,
    "forbid_external": True,
    "xml_huge_tree": False,
}
_VERSIONS = ((Soap11Binding, SoapVersion.V11), (Soap12Binding, SoapVersion.V12))
_FOREIGN = (
    exceptions.Error,
    Warning,
    AttributeError,
    AssertionError,
    IndexError,
    KeyError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    etree.LxmlError,
)


_Parts = list[tuple[str, str | None, str]]  # name, namespace and local name of the type


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One direction of an operation: the element in the Body. *checked_as* is its name in the schema."""

    tag: str
    shape: Shape
    checked_as: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of one port. *request* or *reply* is None where the Body is empty."""

    name: str
    port: str
    version: SoapVersion
    action: str
    request: Message | None
    reply: Message | None
    one_way: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a WSDL offers: usable operations in the order of its ports, the others with reasons, schemas for rpc."""

    operations: tuple[Operation, ...]
    unusable: Mapping[str, str]
    shapes: Shapes
    rpc_schema: bytes


def read_operations(documents: Documents) -> Offer:
    """Read the WSDL in *documents*.

    Raises:
        WsdlRefused: zeep cannot make sense of it, or no operation is usable.
    """
    try:
        with warnings.catch_warnings(record=True) as dropped:
            warnings.simplefilter("always")
            transport: Foreign = documents
            document = Document(documents.location, transport, settings=Settings(**_SETTINGS))
            offer = _Reader(documents, document, [str(entry.message) for entry in dropped]).offer()
    except _FOREIGN as exc:
        raise documents.refusal(f"{exc}" or type(exc).__name__) from exc
    if not offer.operations:
        why = "; ".join(f"{name}: {reason}" for name, reason in offer.unusable.items())
        raise documents.refusal(why or "it has no SOAP operation")
    return offer


class _Unusable(Exception):
    """One operation cannot be offered; the text says why."""


class _Reader:
    def __init__(self, documents: Documents, document: Foreign, dropped: list[str]) -> None:
        self._document = document
        self._shapes = Shapes(document.types)
        self._encoded = set(_encoded(documents))
        # zeep drops what it does not understand, and says so only in warnings that quote its name first.
        self._dropped = {text.split("'")[1] if "'" in text else text: text for text in dropped}
        self._rpc: list[_Parts] = []

    def offer(self) -> Offer:
        operations: list[Operation] = []
        unusable = self._dropped
        for port, binding, version in self._ports():
            for name, operation in binding.all().items():
                try:
                    operations.append(self._operation(port, version, operation))
                except _Unusable as exc:
                    unusable[name] = str(exc)
        return Offer(
            operations=tuple(operations),
            unusable=unusable,
            shapes=self._shapes,
            rpc_schema=_rpc_schema(self._rpc),
        )

    def _ports(self) -> Iterator[tuple[str, Foreign, SoapVersion]]:
        for service in self._document.services.values():
            for port in service.ports.values():
                for kind, version in _VERSIONS:
                    if isinstance(port.binding, kind):
                        yield port.name, port.binding, version

    def _operation(self, port: str, version: SoapVersion, operation: Foreign) -> Operation:
        binding = etree.QName(operation.binding.name).localname
        if (binding, operation.name) in self._encoded:
            raise _Unusable("SOAP encoding is not supported, only literal")
        return Operation(
            name=operation.name,
            port=port,
            version=version,
            action=operation.soapaction or "",
            request=self._message(operation, operation.input, operation.name),
            reply=self._message(operation, operation.output, f"{operation.name}Response"),
            one_way=operation.abstract.output_message is None,
        )

    def _message(self, operation: Foreign, message: Foreign, rpc_name: str) -> Message | None:
        if message is None or message.abstract is None:
            return None
        if operation.style == "rpc":
            return self._rpc_message(message, rpc_name)
        if message.body is None:
            return None
        if message._is_body_wrapped:
            raise _Unusable("several parts in one Body are not supported")
        tag = message.body.qname.text
        if not any(
            part.element is not None and part.element.qname == tag for part in message.abstract.parts.values()
        ):
            raise _Unusable("a document-style part needs element=")
        return Message(tag=tag, shape=self._shapes.of(message.body.type), checked_as=tag)

    def _rpc_message(self, message: Foreign, name: str) -> Message:
        parts = message.abstract.parts.items()
        if any(part.element is not None for _, part in parts):
            raise _Unusable("an rpc-style part needs type=")
        alias = f"m{len(self._rpc)}"
        self._rpc.append([(key, part.type.qname.namespace, part.type.qname.localname) for key, part in parts])
        namespace = message.body.qname.namespace
        tag = f"{{{namespace}}}{name}" if namespace else name
        return Message(
            tag=tag, shape=self._shapes.of(message.body.type), checked_as=f"{{{RPC_NAMESPACE}}}{alias}"
        )


def _encoded(documents: Documents) -> Iterator[tuple[str, str]]:
    """(binding, operation) of all whose Body is not literal; zeep forgets that."""
    for tree in documents.read():
        for binding in tree.iterfind(f"{WSDL}binding"):
            for operation in binding.iterfind(f"{WSDL}operation"):
                if any(body.get("use") == "encoded" for body in operation.iterfind("*/{*}body")):
                    yield binding.get("name", ""), operation.get("name", "")


def _rpc_schema(messages: list[_Parts]) -> bytes:
    """Global elements for rpc wrappers, which no WSDL has in its schemas: m0, m1, … in a namespace of ours."""
    namespaces = dict.fromkeys(namespace for parts in messages for _, namespace, _ in parts if namespace)
    prefixes = {namespace: f"p{number}" for number, namespace in enumerate(namespaces)}
    nsmap = {prefix: namespace for namespace, prefix in prefixes.items()}
    schema = etree.Element(f"{XSD}schema", nsmap=nsmap, targetNamespace=RPC_NAMESPACE)
    for number, parts in enumerate(messages):
        element = etree.SubElement(schema, f"{XSD}element", name=f"m{number}")
        sequence = etree.SubElement(etree.SubElement(element, f"{XSD}complexType"), f"{XSD}sequence")
        for name, namespace, local in parts:
            kind = f"{prefixes[namespace]}:{local}" if namespace else local
            etree.SubElement(sequence, f"{XSD}element", name=name, type=kind)
    return etree.tostring(schema)
