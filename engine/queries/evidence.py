"""The proof of a dossier's timeline: its chain, its head, the anchors that hold it, and where any of it breaks."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.dossiers import anchors, timeline
from engine.dossiers.anchors import GENESIS, Anchor, Anchored, Head
from engine.dossiers.timeline import Break, Link
from engine.queries import timelines

_ANCHORS = text(
    """
    SELECT h.seq, h.head, a.number, a.body, a.hash, p.hash AS previous,
        (SELECT array_agg(b.leaf ORDER BY b.dossier_id) FROM anchor_head b WHERE b.anchor_number = a.number) AS leaves,
        (SELECT count(*) FROM anchor_head b WHERE b.anchor_number = a.number AND b.dossier_id < :id) AS at
    FROM anchor_head h JOIN anchor a ON a.number = h.anchor_number LEFT JOIN anchor p ON p.number = a.number - 1
    WHERE h.dossier_id = :id ORDER BY a.number
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """All that is needed to check a timeline, and what came of checking it: no *breaks*, it holds."""

    dossier: str
    head: tuple[int, bytes]
    links: Sequence[Link]
    anchored: Sequence[Anchored]
    breaks: Sequence[Break]


def prove(connection: Connection, code: str, dossier: int) -> Proof:
    """Check the whole timeline of the dossier with this id now.

    Anchors, head and chain are read in this order: what is written meanwhile only makes the later ones longer.
    """
    anchored = _anchored(connection, code, dossier)
    head = timelines.head(connection, dossier)
    links = [one for one in timelines.links(connection, dossier) if one.seq <= head[0]]
    passed = [(one.head.seq, one.head.hash) for one in anchored]
    breaks = timeline.verify(code, links, head, passed)
    faults = [Break(seq=one.head.seq, reason=fault) for one in anchored if (fault := anchors.fault(one))]
    return Proof(dossier=code, head=head, links=links, anchored=anchored, breaks=[*breaks, *faults])


def _anchored(connection: Connection, code: str, dossier: int) -> list[Anchored]:
    return [
        Anchored(
            head=Head(dossier=code, seq=seq, hash=bytes(head)),
            anchor=Anchor(number=number, body=bytes(body), hash=bytes(hash_)),
            previous=GENESIS if previous is None else bytes(previous),
            path=anchors.path([bytes(leaf) for leaf in leaves], at),
        )
        for seq, head, number, body, hash_, previous, leaves, at in connection.execute(
            _ANCHORS, {"id": dossier}
        )
    ]
