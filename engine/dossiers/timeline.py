"""The history of a dossier as a hash chain over stored bytes: what was written can be proved unaltered.

An entry's bytes are made once and stored as they are; its hash covers them and the hash before. Personal data never
enters a body: only a salted digest, so that data can be erased without breaking the chain. Writing rows is the
storage's business.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from engine.exchange.ports import Json

_GENESIS = b"lienthong/timeline/1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A stored entry: its place (from 1 on), its bytes and its hash."""

    seq: int
    body: bytes
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where a chain does not hold, and how one can tell."""

    seq: int
    reason: str


def entry_bytes(seq: int, at: datetime, kind: str, facts: Mapping[str, Json]) -> bytes:
    """An entry as it is stored and hashed: JSON with sorted keys, the time in UTC to the microsecond.

    Raises:
        ValueError: *at* has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("an entry needs an aware time")
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return orjson.dumps(
        {"seq": seq, "at": moment, "kind": kind, "facts": facts},
        option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS,
    )


def genesis(dossier: str) -> bytes:
    """What stands before the first entry of the dossier with this code, so that chains cannot be exchanged."""
    return hashlib.sha256(_GENESIS + dossier.encode()).digest()


def chain(previous: bytes, body: bytes) -> bytes:
    """The hash of an entry: over the hash before it and its bytes (SHA-256, 32 bytes)."""
    return hashlib.sha256(previous + body).digest()


def digest(salt: bytes, value: str) -> str:
    """What stands in an entry for personal data: a keyed SHA-256 in hexadecimal, worthless without the salt."""
    return hmac.new(salt, value.encode(), hashlib.sha256).hexdigest()


def verify(
    dossier: str,
    links: Iterable[Link],
    head: tuple[int, bytes] | None = None,
    anchored: Iterable[tuple[int, bytes]] = (),
) -> list[Break]:
    """Where the chain of *dossier* breaks, the first bad entry first; empty when it holds.

    *links* come in order of their number. After an altered entry checking goes on from the stored hash, so that each
    break is named once. Entries cut off at the end show only against *head*, the (number, hash) that the dossier's row
    remembers, and a chain that was rewritten whole only against *anchored*: every (number, hash) written down before.
    """
    breaks: list[Break] = []
    previous, expected, hashes = genesis(dossier), 1, {0: genesis(dossier)}
    for link in links:
        reason = _fault(link, previous, expected)
        if reason:
            breaks.append(Break(seq=link.seq, reason=reason))
        previous, expected = link.hash, link.seq + 1
        hashes[link.seq] = link.hash
    if head is not None and hashes.get(head[0]) != head[1]:
        missing = head[0] not in hashes
        breaks.append(
            Break(seq=head[0], reason="missing at the end" if missing else "differs from the dossier's head")
        )
    breaks += [
        Break(seq=seq, reason="is gone, yet was anchored" if seq not in hashes else "differs from its anchor")
        for seq, hash_ in anchored
        if hashes.get(seq) != hash_
    ]
    return breaks


def _fault(link: Link, previous: bytes, expected: int) -> str:
    if link.seq != expected:
        return f"number {expected} is missing or out of order"
    if not hmac.compare_digest(chain(previous, link.body), link.hash):
        return "bytes do not match their hash"
    if _number_in(link.body) != link.seq:
        return "bytes belong to another number"
    return ""


def _number_in(body: bytes) -> object:
    try:
        entry = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return entry.get("seq") if isinstance(entry, dict) else None
