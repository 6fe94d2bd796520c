"""The steps of a procedure in the words that citizens read: as its model draws them, and those that a dossier has come through.

The words are the `phase` properties of the model's elements. Nothing here is personal data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import orjson
from lxml import etree
from sqlalchemy import Connection, text

from engine import errors, xml
from engine.queries import diagrams

_BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
_HISTORY = text(
    """
    SELECT t.body, d.deployment_id FROM dossier d JOIN timeline t ON t.dossier_id = d.id
    WHERE d.code = :code ORDER BY t.seq
    """
)
_MOVES = frozenset({"entered", "completed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A step that a dossier came to: its words, and when, an ISO time in UTC."""

    words: str
    at: str


def steps(connection: Connection, deployment: int) -> list[str]:
    """The words of every step of a deployment, in the order in which they can be reached, each once."""
    found: dict[str, None] = {}
    for words in _words(connection, deployment).values():
        found.setdefault(words)
    return list(found)


def passed(connection: Connection, code: str) -> list[Passed]:
    """The steps that a dossier came to so far, oldest first; one that it stayed in is told once."""
    found: list[Passed] = []
    history = connection.execute(_HISTORY, {"code": code}).all()
    over = [one for one in (_migrated(bytes(body)) for body, _ in history) if one is not None]
    words = _words(connection, over[0][0] if over else history[0][1]) if history else {}
    for body, _ in history:
        gone = _migrated(bytes(body))
        words = words if gone is None else _words(connection, gone[1])
        step = _step(bytes(body), words)
        if step is not None and (not found or found[-1].words != step.words):
            found.append(step)
    return found


def _migrated(body: bytes) -> tuple[int, int] | None:
    """The deployments between which an entry tells that the dossier went over; None: it tells of something else."""
    if b'"migrated"' not in body:
        return None
    try:
        entry = orjson.loads(body)
        return (
            (int(entry["facts"]["from"]), int(entry["facts"]["to"])) if entry["kind"] == "migrated" else None
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def _step(body: bytes, words: dict[str, str]) -> Passed | None:
    try:
        entry = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    facts = entry.get("facts") if isinstance(entry, dict) and entry.get("kind") in _MOVES else None
    element = facts.get("element") if isinstance(facts, dict) else None
    known = words.get(element) if isinstance(element, str) else None
    return Passed(words=known, at=str(entry.get("at", ""))) if known else None


def _words(connection: Connection, deployment: int) -> dict[str, str]:
    """Element → words, for every element of a deployment that has some."""
    contents = diagrams.originals(connection, deployment)
    return {element: words for content in contents for element, words in _of_file(content).items()}


@lru_cache(maxsize=64)
def _of_file(content: bytes) -> dict[str, str]:
    """In the order along the flows. Deployed files never change, so each is read once a process."""
    try:
        root = xml.parse(content)
    except errors.XmlRefused:
        return {}
    told = dict(properties(root, "phase"))
    ordered = [one for process in root.iter(f"{_BPMN}process") for one in _along(process)]
    return {element: told[element] for element in dict.fromkeys([*ordered, *told]) if element in told}


def properties(root: etree._Element, name: str) -> Iterator[tuple[str, str]]:
    """Every element that has the property *name*, with its value."""
    for node in root.iter(f"{_BPMN}*"):
        for one in node.iterfind(f"{_BPMN}extensionElements/{{*}}properties/{{*}}property"):
            if one.get("name") == name and node.get("id") and one.get("value"):
                yield str(node.get("id")), str(one.get("value"))


def _along(scope: etree._Element) -> Iterator[str]:
    """The elements of a process or sub-process, breadth first from its starts; boundary events right behind their hosts."""
    following: dict[str, list[str]] = {}
    for flow in scope.iter(f"{_BPMN}sequenceFlow"):
        following.setdefault(str(flow.get("sourceRef")), []).append(str(flow.get("targetRef")))
    for event in scope.iter(f"{_BPMN}boundaryEvent"):
        following.setdefault(str(event.get("attachedToRef")), []).insert(0, str(event.get("id")))
    for start in scope.iter(f"{_BPMN}startEvent"):
        inside = start.getparent()
        if inside is not None and inside is not scope:
            following.setdefault(str(inside.get("id")), []).insert(0, str(start.get("id")))
    waiting = [str(start.get("id")) for start in scope.iterchildren(f"{_BPMN}startEvent")]
    seen: set[str] = set()
    while waiting:
        element = waiting.pop(0)
        if element not in seen:
            seen.add(element)
            yield element
            waiting += following.get(element, ())
