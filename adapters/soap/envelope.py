"""SOAP envelopes and faults, 1.1 and 1.2: opened with every check that needs no WSDL, and built.

The codes of faults are those of SOAP 1.1 (Client, Server, MustUnderstand, VersionMismatch) on both versions; 1.2's own
words appear only on the wire.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

from adapters.soap.reading import loose
from engine import xml
from engine.errors import SoapRefused, XmlRefused
from engine.exchange.ports import Json

MAX_DEPTH = 100  # of elements; real messages stay below 30
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TO_12 = {"Client": "Sender", "Server": "Receiver"}
_FROM_12 = {"Sender": "Client", "Receiver": "Server"}
_NO_ROLES = {"http://www.w3.org/2003/05/soap-envelope/role/none"}


class SoapVersion(StrEnum):
    """A version of SOAP, with what it is called on the wire."""

    V11 = "1.1"
    V12 = "1.2"

    @property
    def namespace(self) -> str:
        """The namespace of the envelope."""
        return _NAMESPACES[self]

    @property
    def content_type(self) -> str:
        """The media type that the version prescribes."""
        return "text/xml; charset=utf-8" if self is SoapVersion.V11 else "application/soap+xml; charset=utf-8"


_NAMESPACES = {
    SoapVersion.V11: "http://schemas.xmlsoap.org/soap/envelope/",
    SoapVersion.V12: "http://www.w3.org/2003/05/soap-envelope",
}
_VERSIONS = {namespace: version for version, namespace in _NAMESPACES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapFault:
    """A fault as it came: *code* in the words of SOAP 1.1, *detail* by local names."""

    code: str
    text: str
    detail: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An opened envelope; *body* is the only child of its Body, None when that is empty."""

    version: SoapVersion
    body: etree._Element | None
    headers: tuple[etree._Element, ...]


def open_envelope(data: bytes, *, limit_bytes: int = xml.LIMIT_BYTES) -> Envelope:
    """The envelope in *data*.

    Raises:
        SoapRefused: not XML that the door lets in, not an envelope, or not exactly one Body with at most one child.
    """
    try:
        root = xml.parse(data, limit_bytes=limit_bytes, max_depth=MAX_DEPTH)
    except XmlRefused as exc:
        raise refused(exc.message) from exc
    name = etree.QName(root)
    version = _VERSIONS.get(name.namespace or "")
    if name.localname != "Envelope":
        raise refused(f"an Envelope is expected, not {name.localname}")
    if version is None:
        raise refused(f"unknown envelope namespace {name.namespace}", fault="VersionMismatch")
    bodies = root.findall(f"{{{version.namespace}}}Body")
    if len(bodies) != 1 or len(bodies[0]) > 1:
        raise refused("an Envelope has one Body, and that at most one child", version=version)
    headers = root.findall(f"{{{version.namespace}}}Header")
    if len(headers) > 1:
        raise refused("an Envelope has at most one Header", version=version)
    return Envelope(
        version=version,
        body=bodies[0][0] if len(bodies[0]) else None,
        headers=tuple(headers[0]) if headers else (),
    )


def refuse_unknown_musts(envelope: Envelope) -> None:
    """Refuse headers that the sender insists on and that we do not know.

    Raises:
        SoapRefused: with the fault MustUnderstand.
    """
    namespace = envelope.version.namespace
    for header in envelope.headers:
        if header.get(f"{{{namespace}}}role") in _NO_ROLES:
            continue
        if (header.get(f"{{{namespace}}}mustUnderstand") or "").strip() in {"1", "true"}:
            name = etree.QName(header).localname
            raise refused(
                f"header {name} is not understood", fault="MustUnderstand", version=envelope.version
            )


def refused(reason: str, *, fault: str = "Client", version: SoapVersion = SoapVersion.V11) -> SoapRefused:
    """The error behind a fault that we answer with."""
    return SoapRefused(reason=reason, fault=fault, version=version)


def new_envelope(version: SoapVersion) -> tuple[etree._Element, etree._Element]:
    """An empty envelope and its Body."""
    namespace = version.namespace
    root = etree.Element(f"{{{namespace}}}Envelope", nsmap={"soap": namespace})
    return root, etree.SubElement(root, f"{{{namespace}}}Body")


def read_fault(envelope: Envelope) -> SoapFault | None:
    """The fault in *envelope*; None when it holds something else."""
    element, namespace = envelope.body, envelope.version.namespace
    if element is None or element.tag != f"{{{namespace}}}Fault":
        return None
    if envelope.version is SoapVersion.V11:
        code, text = element.findtext("faultcode") or "", element.findtext("faultstring") or ""
        detail = element.find("detail")
    else:
        code = element.findtext(f"{{{namespace}}}Code/{{{namespace}}}Value") or ""
        text = element.findtext(f"{{{namespace}}}Reason/{{{namespace}}}Text") or ""
        detail = element.find(f"{{{namespace}}}Detail")
    local = code.strip().rpartition(":")[2]
    return SoapFault(
        code=_FROM_12.get(local, local),
        text=text.strip(),
        detail=None if detail is None else loose(detail),
    )


def fault(version: SoapVersion, code: str, text: str, detail: Mapping[str, Json] | None = None) -> bytes:
    """An envelope with one fault; characters that XML cannot carry are replaced."""
    root, body = new_envelope(version)
    namespace = version.namespace
    element = etree.SubElement(body, f"{{{namespace}}}Fault")
    if version is SoapVersion.V11:
        etree.SubElement(element, "faultcode").text = f"soap:{code}"
        etree.SubElement(element, "faultstring").text = _clean(text)
        place = "detail"
    else:
        value = etree.SubElement(element, f"{{{namespace}}}Code")
        etree.SubElement(value, f"{{{namespace}}}Value").text = f"soap:{_TO_12.get(code, code)}"
        reason = etree.SubElement(etree.SubElement(element, f"{{{namespace}}}Reason"), f"{{{namespace}}}Text")
        reason.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
        reason.text = _clean(text)
        place = f"{{{namespace}}}Detail"
    if detail:
        _loosely(etree.SubElement(element, place), detail)
    return xml.serialize(root)


def _loosely(parent: etree._Element, value: Json | Mapping[str, Json]) -> None:
    if isinstance(value, Mapping):
        for key, one in value.items():
            for item in one if isinstance(one, list) else [one]:
                _loosely(etree.SubElement(parent, key), item)
    elif value is not None:
        parent.text = _clean(str(value))


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
