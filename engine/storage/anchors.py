"""Rows of the anchors: which heads are not anchored yet, and the anchor that is added for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine.dossiers import anchors
from engine.dossiers.anchors import GENESIS, Head

_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('lienthong anchors'))")

_LOOSE = text(
    """
    SELECT d.id, d.code, d.timeline_seq, d.timeline_head, a.seq, t.hash IS DISTINCT FROM a.head AND a.seq IS NOT NULL
    FROM dossier d
    LEFT JOIN LATERAL (SELECT h.seq, h.head FROM anchor_head h WHERE h.dossier_id = d.id
        ORDER BY h.anchor_number DESC LIMIT 1) a ON true
    LEFT JOIN timeline t ON t.dossier_id = d.id AND t.seq = a.seq
    WHERE d.id > :after AND a.head IS DISTINCT FROM d.timeline_head
    ORDER BY d.id LIMIT :limit
    """
)

_NEWEST = text("SELECT number, hash FROM anchor ORDER BY number DESC LIMIT 1")

_NOW = text("SELECT now()")

_ADD = text("INSERT INTO anchor (number, body, hash) VALUES (:number, :body, :hash)")

_ADD_HEADS = text(
    "INSERT INTO anchor_head (anchor_number, dossier_id, seq, head, leaf) SELECT :number, * FROM unnest("
    "CAST(:ids AS bigint[]), CAST(:seqs AS integer[]), CAST(:heads AS bytea[]), CAST(:leaves AS bytea[]))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseHead:
    """A head that no anchor holds yet. *altered_at*: the entry anchored last, where it is not what it was."""

    dossier: int
    head: Head
    altered_at: int | None


def loose_heads(connection: Connection, *, after: int, limit: int) -> list[LooseHead]:
    """Heads that moved since they were anchored, by the dossiers' ids; nobody else anchors until the commit."""
    connection.execute(_ALONE)
    return [
        LooseHead(
            dossier=row[0],
            head=Head(dossier=row[1], seq=row[2], hash=bytes(row[3])),
            altered_at=row[4] if row[5] else None,
        )
        for row in connection.execute(_LOOSE, {"after": after, "limit": limit})
    ]


def add(connection: Connection, heads: Sequence[LooseHead]) -> anchors.Anchor:
    """Write an anchor of *heads*, which come in the order of their dossiers' ids."""
    newest = connection.execute(_NEWEST).one_or_none()
    number, previous = (1, GENESIS) if newest is None else (newest[0] + 1, bytes(newest[1]))
    at: datetime = connection.execute(_NOW).scalar_one()
    leaves = [anchors.leaf(one.head) for one in heads]
    body = anchors.body(number, at, leaves)
    made = anchors.Anchor(number=number, body=body, hash=anchors.chain(previous, body))
    connection.execute(_ADD, {"number": number, "body": body, "hash": made.hash})
    given = {
        "number": number,
        "ids": [one.dossier for one in heads],
        "seqs": [one.head.seq for one in heads],
        "heads": [one.head.hash for one in heads],
        "leaves": leaves,
    }
    connection.execute(_ADD_HEADS, given)
    return made
