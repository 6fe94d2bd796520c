"""Anchors: what a night wrote down of the heads of all timelines, so that a chain rewritten whole is found out.

An anchor is a Merkle tree over heads; its own hash covers the tree's root and the anchor before. Whoever keeps one anchor's
hash elsewhere (it is logged) can prove every head of that night. Reading and writing rows is the storage's business.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

GENESIS = hashlib.sha256(b"lienthong/anchor/1\n").digest()
"""What stands before the first anchor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last entry of a dossier's timeline, as it was when it was anchored: its number and hash."""

    dossier: str
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A stored anchor: its number (from 1 on), its bytes, and its hash over the hash before and them."""

    number: int
    body: bytes
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """A head with the anchor that holds it; *path* leads from the head's leaf to the root, each with its side."""

    head: Head
    anchor: Anchor
    previous: bytes
    path: tuple[tuple[str, bytes], ...]

    @property
    def at(self) -> str:
        """When it was anchored: an ISO time in UTC."""
        return str(told(self.anchor.body).get("at", ""))


def leaf(head: Head) -> bytes:
    """The leaf of a head: SHA-256 over a zero byte, the code, the number and the hash."""
    return hashlib.sha256(b"\0" + f"{head.dossier} {head.seq} {head.hash.hex()}".encode()).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root of the tree over *leaves*; an odd one is carried up as it is. At least one leaf is needed."""
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path(leaves: Sequence[bytes], index: int) -> tuple[tuple[str, bytes], ...]:
    """What to join to the leaf at *index*, step by step, to come to the root: (``left`` or ``right``, hash)."""
    level, steps = list(leaves), []
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            steps.append(("left" if beside < index else "right", level[beside]))
        level, index = _above(level), index // 2
    return tuple(steps)


def body(number: int, at: datetime, leaves: Sequence[bytes]) -> bytes:
    """An anchor as it is stored and hashed: JSON with sorted keys, the time in UTC."""
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    facts = {"number": number, "at": moment, "heads": len(leaves), "root": root(leaves).hex()}
    return orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)


def chain(previous: bytes, content: bytes) -> bytes:
    """The hash of an anchor: over the hash before it and its bytes."""
    return hashlib.sha256(previous + content).digest()


def told(content: bytes) -> dict[str, object]:
    """What an anchor's bytes say; nothing where they are no anchor's."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def fault(one: Anchored) -> str:
    """Why *one* proves nothing; empty when its head is under its root and its root under its hash."""
    if chain(one.previous, one.anchor.body) != one.anchor.hash:
        return f"anchor {one.anchor.number} does not match its hash"
    reached = leaf(one.head)
    for side, beside in one.path:
        reached = _joined(beside, reached) if side == "left" else _joined(reached, beside)
    if told(one.anchor.body).get("root") != reached.hex():
        return f"the head is not the one that anchor {one.anchor.number} holds"
    return ""


def _above(level: Sequence[bytes]) -> list[bytes]:
    return [
        _joined(level[at], level[at + 1]) if at + 1 < len(level) else level[at]
        for at in range(0, len(level), 2)
    ]


def _joined(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
