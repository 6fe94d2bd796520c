"""The one door for XML: bytes in, a checked element tree out, or a refusal that says why and where.

No DTD at all, no entities, no network, no processing instructions, and limits on size, depth and number of elements.
What the elements mean is the business of whoever asked; nothing here knows BPMN or SOAP.
"""

import re
import threading
from collections.abc import Mapping
from functools import lru_cache

from lxml import etree

from engine.errors import XmlRefused

LIMIT_BYTES = 36 * 1024 * 1024
MAX_DEPTH = 200
MAX_ELEMENTS = 500_000

# What may stand before the root element. Atomic groups: a hostile prolog cannot make the search backtrack.
_DOCTYPE = re.compile(rb"(?:\xef\xbb\xbf)?(?>\s+|<\?(?>.*?\?>)|<!--(?>.*?-->))*+<!DOCTYPE", re.DOTALL)
_local = threading.local()


def parse(
    data: bytes,
    *,
    limit_bytes: int = LIMIT_BYTES,
    max_depth: int = MAX_DEPTH,
    max_elements: int = MAX_ELEMENTS,
) -> etree._Element:
    """The root element of *data*, without comments and processing instructions; elements know their lines.

    *max_depth* above 256 has no effect: libxml2 stops there.

    Raises:
        XmlRefused: too large, too deep, too many elements, a DOCTYPE, or not well-formed; names the line.
    """
    markup = _check_bytes(data, limit_bytes, max_elements)
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as exc:
        raise XmlRefused(line=exc.lineno or 0, reason=_first_words(exc)) from exc
    except (ValueError, LookupError) as exc:
        raise XmlRefused(line=0, reason=str(exc)) from exc
    if root.getroottree().docinfo.internalDTD is not None:
        raise _doctype()
    if markup > max_elements:
        _check_count(root, max_elements)
    if markup > max_depth:
        _check_depth(root, max_depth)
    return root


def compile_schema(main: bytes, documents: Mapping[str, bytes]) -> etree.XMLSchema:
    """The XML Schema *main*, which may import and include *documents* by their names, and nothing else.

    Raises:
        XmlRefused: a document does not pass the door, is not there, or they are no schema together.
    """
    for data in (main, *documents.values()):
        parse(data)
    parser = etree.XMLParser(load_dtd=False, resolve_entities=False, no_network=True, huge_tree=False)
    parser.resolvers.add(_Given(documents))
    try:
        return etree.XMLSchema(etree.fromstring(main, parser))
    except (etree.XMLSchemaParseError, etree.XMLSyntaxError) as exc:
        raise XmlRefused(line=0, reason=str(exc)) from exc


def serialize(element: etree._Element, *, declaration: bool = True) -> bytes:
    """*element* as UTF-8 bytes, with an XML declaration unless told otherwise."""
    return etree.tostring(element, encoding="UTF-8", xml_declaration=declaration, with_tail=False)


def line_of(element: etree._Element) -> int:
    """The 1-based source line of *element*; 0 when it was not parsed from text."""
    line: int | None = element.sourceline  # type: ignore[assignment]  # the stubs leave it open
    return line or 0


def _check_bytes(data: bytes, limit_bytes: int, max_elements: int) -> int:
    """What can be refused before a tree is built; returns how many pieces of markup *data* has at most."""
    if len(data) > limit_bytes:
        raise XmlRefused(line=0, reason=f"{len(data)} bytes are more than the limit of {limit_bytes}")
    if not data.strip():
        raise XmlRefused(line=0, reason="there is no content")
    if _DOCTYPE.match(data):
        raise _doctype()
    markup = data.count(b"<")
    if markup > 2 * max_elements + 16:  # each element has at most two tags
        raise XmlRefused(line=0, reason=f"more elements than the limit of {max_elements}")
    return markup


def _check_count(root: etree._Element, max_elements: int) -> None:
    for count, element in enumerate(root.iter(), start=1):
        if count > max_elements:
            raise XmlRefused(line=line_of(element), reason=f"more elements than the limit of {max_elements}")


def _check_depth(root: etree._Element, max_depth: int) -> None:
    deeper = _below(max_depth)(root.getroottree())
    if isinstance(deeper, list) and deeper and isinstance(deeper[0], etree._Element):
        raise XmlRefused(line=line_of(deeper[0]), reason=f"nested deeper than the limit of {max_depth}")


@lru_cache(maxsize=16)
def _below(depth: int) -> etree.XPath:
    """Finds elements below *depth*, level by level, which costs one pass over the tree."""
    return etree.XPath("/*" * (depth + 1))


def _doctype() -> XmlRefused:
    return XmlRefused(line=1, reason="a DOCTYPE is not allowed")


def _first_words(error: etree.XMLSyntaxError) -> str:
    """libxml2's complaint without the position that it appends."""
    return (error.msg or "not well-formed").split(", line ")[0].strip()


def _parser() -> etree.XMLParser:
    """This thread's parser with every dangerous switch off."""
    parser: etree.XMLParser | None = getattr(_local, "parser", None)
    if parser is None:
        parser = _local.parser = etree.XMLParser(
            load_dtd=False,
            dtd_validation=False,
            attribute_defaults=False,
            resolve_entities=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
            collect_ids=False,
            recover=False,
        )
    return parser


class _Given(etree.Resolver):
    """Answers for the documents it was given; all others are empty."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        self._documents = documents

    def resolve(self, system_url: str, public_id: str, context: object) -> object:  # type: ignore[override]
        data = self._documents.get(system_url, b"")
        return self.resolve_string(data, context, base_url=system_url)
