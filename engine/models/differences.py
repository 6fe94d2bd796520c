"""What differs between two versions of a procedure: elements of its models that came, went or changed, and lines of its files.

Where an element is drawn makes no difference. Nothing here says whether a difference matters.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from itertools import islice

from lxml import etree

from engine import errors, xml

_BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
_HOLDERS = frozenset(
    {"definitions", "process", "collaboration", "subProcess", "transaction", "adHocSubProcess", "laneSet"}
)
_TOLD_ELSEWHERE = frozenset({f"{_BPMN}incoming", f"{_BPMN}outgoing"})  # by the flows themselves
MOST_LINES = 1000

Form = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementChange:
    """An element by its id: *how* is added, removed or changed; *what* of it changed: name, kind, flow or content."""

    how: str
    element: str
    kind: str
    name: str
    what: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Element:
    kind: str
    name: str
    flow: tuple[str | None, str | None]
    content: Form


def elements(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[ElementChange]:
    """The elements that differ, in the order of the newer models; those that went come last."""
    old, new = _elements(before), _elements(after)
    found = [_changed(key, old.get(key), one) for key, one in new.items() if old.get(key) != one]
    gone = [
        ElementChange(how="removed", element=key, kind=one.kind, name=one.name)
        for key, one in old.items()
        if key not in new
    ]
    return [*found, *gone]


def lines(before: bytes, after: bytes) -> list[str]:
    """The differing lines of a text, with two lines around them, at most `MOST_LINES`."""
    old, new = (data.decode(errors="replace").splitlines() for data in (before, after))
    return list(islice(unified_diff(old, new, lineterm="", n=2), 2, MOST_LINES))


def files(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[tuple[str, list[str]]]:
    """(file, its differing lines) of each that is not the same, by name."""
    names = sorted(before.keys() | after.keys())
    pairs = ((name, before.get(name, b""), after.get(name, b"")) for name in names)
    return [(name, lines(old, new)) for name, old, new in pairs if old != new]


def _changed(key: str, old: _Element | None, new: _Element) -> ElementChange:
    if old is None:
        return ElementChange(how="added", element=key, kind=new.kind, name=new.name)
    what = tuple(
        part for part in ("name", "kind", "flow", "content") if getattr(old, part) != getattr(new, part)
    )
    return ElementChange(how="changed", element=key, kind=new.kind, name=new.name, what=what)


def _elements(given: Mapping[str, bytes]) -> dict[str, _Element]:
    """Every element that people know by its id; a file that cannot be read has none."""
    found: dict[str, _Element] = {}
    for name, data in sorted(given.items()):
        if name.endswith(".bpmn"):
            try:
                found.update(_told(xml.parse(data)))
            except errors.XmlRefused:
                continue
    return found


def _told(holder: etree._Element) -> Iterator[tuple[str, _Element]]:
    for child in holder:
        if not isinstance(child.tag, str) or not child.tag.startswith(_BPMN) or not child.get("id"):
            continue
        kind = child.tag.removeprefix(_BPMN)
        yield (
            str(child.get("id")),
            _Element(
                kind=kind,
                name=str(child.get("name") or ""),
                flow=(child.get("sourceRef"), child.get("targetRef")),
                content=_form(child, holder=kind in _HOLDERS),
            ),
        )
        if kind in _HOLDERS:
            yield from _told(child)


def _form(element: etree._Element, *, holder: bool = False) -> Form:
    """What an element is, without its name and ends, which are told by themselves, and without white space around it.

    Of a *holder*, what it holds is told by itself, too.
    """
    attributes = sorted(
        (k, v) for k, v in element.attrib.items() if k not in ("name", "sourceRef", "targetRef")
    )
    inside = [
        child
        for child in element
        if isinstance(child.tag, str)
        and child.tag not in _TOLD_ELSEWHERE
        and not (holder and child.tag.startswith(_BPMN) and child.get("id"))
    ]
    return (
        tuple(attributes),
        (element.text or "").strip(),
        tuple(_whole(child) for child in inside),
    )


def _whole(element: etree._Element) -> Form:
    """All of an element within another."""
    return (
        element.tag,
        tuple(sorted(element.attrib.items())),
        (element.text or "").strip(),
        tuple(_whole(child) for child in element if isinstance(child.tag, str)),
    )
