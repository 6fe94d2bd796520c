"""Seals of the audit trail: rows that hold a hash over the seal before and the lines since, in the order of their numbers."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from sqlalchemy import Connection, text

GENESIS = hashlib.sha256(b"lienthong/audit/1\n").digest()
"""What stands before the first seal."""

SETTLED = "1 hour"
"""A line younger than this is not sealed yet: one with a smaller number may still be on its way to its commit."""

_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('lienthong audit seals'))")
_NEWEST = text("SELECT number, through, hash FROM audit_seal ORDER BY number DESC LIMIT 1")
_RIPE = text(f"SELECT max(id) FROM audit WHERE at < now() - interval '{SETTLED}'")
_LINES = text(
    "SELECT id, at, who, what, dossier_id, address, facts, reason FROM audit WHERE id > :after AND id <= :through ORDER BY id"
)
_ADD = text("INSERT INTO audit_seal (number, through, lines, hash) VALUES (:number, :through, :lines, :hash)")
_ALL = text("SELECT number, through, lines, hash, at FROM audit_seal ORDER BY number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A stored seal: of the lines after the seal before, up to the one numbered *through*."""

    number: int
    through: int
    lines: int
    hash: bytes
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check of the whole chain found; *broken* is the first seal that does not hold, None where all do."""

    seals: int
    through: int
    broken: int | None


def add(connection: Connection) -> tuple[int, int, bytes] | None:
    """Seal what is ripe: the seal's number, how many lines, and its hash; None when nothing is. Nobody else seals meanwhile."""
    connection.execute(_ALONE)
    newest = connection.execute(_NEWEST).one_or_none()
    number, after, previous = (0, 0, GENESIS) if newest is None else (newest[0], newest[1], bytes(newest[2]))
    through = connection.scalar(_RIPE)
    if through is None or through <= after:
        return None
    lines, made = _hashed(connection, previous, after, through)
    given = {"number": number + 1, "through": through, "lines": lines, "hash": made}
    connection.execute(_ADD, given)
    return number + 1, lines, made


def check(connection: Connection) -> Checked:
    """Go through the whole chain; reads every sealed line of the trail."""
    previous, after, seals = GENESIS, 0, 0
    for seal in every(connection):
        lines, made = _hashed(connection, previous, after, seal.through)
        if (lines, made) != (seal.lines, seal.hash):
            return Checked(seals=seals, through=after, broken=seal.number)
        previous, after, seals = seal.hash, seal.through, seals + 1
    return Checked(seals=seals, through=after, broken=None)


def every(connection: Connection) -> list[Seal]:
    """All seals, oldest first."""
    return [Seal(**{**row, "hash": bytes(row["hash"])}) for row in connection.execute(_ALL).mappings()]


def _hashed(connection: Connection, previous: bytes, after: int, through: int) -> tuple[int, bytes]:
    """How many lines there are after *after* up to *through*, and the hash over *previous* and them."""
    digest, count = hashlib.sha256(previous), 0
    for line in _lines(connection, after, through):
        digest.update(hashlib.sha256(line).digest())
        count += 1
    return count, digest.digest()


def _lines(connection: Connection, after: int, through: int) -> Iterator[bytes]:
    """The lines as they are hashed: JSON with sorted keys, moments in UTC."""
    given, streamed = {"after": after, "through": through}, {"yield_per": 1_000}
    for row in connection.execute(_LINES, given, execution_options=streamed).mappings():
        facts = {**row, "at": row["at"].astimezone(UTC).isoformat()}
        yield orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)
