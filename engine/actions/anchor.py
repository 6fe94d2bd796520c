"""Anchoring: what every timeline came to is written down nightly, where nothing can be changed afterwards.

A chain that somebody rewrote from its beginning holds in itself; it no longer passes the heads written down before. Each
anchor's hash is logged: whoever keeps the log elsewhere holds the proof of all.
"""

import structlog

from engine.storage import anchors, incidents
from engine.storage.anchors import LooseHead
from engine.storage.database import Connection, Store

log = structlog.get_logger(__name__)

ALTERED = "timeline-altered"
MOST = 1_000  # heads in one anchor: a proof reads them all


def anchor_heads(store: Store, *, most: int = MOST) -> int:
    """Anchor every head that moved since the last time, *most* in a transaction; how many there were.

    Where the entry anchored last is no longer what it was, an incident tells of it.
    """
    total, after = 0, 0
    while True:
        with store.transaction() as connection:
            found = anchors.loose_heads(connection, after=after, limit=most)
            if not found:
                return total
            made = anchors.add(connection, found)
            for one in found:
                _complain(connection, one)
        total, after = total + len(found), found[-1].dossier
        log.info("timelines_anchored", anchor=made.number, heads=len(found), hash=made.hash.hex())


def _complain(connection: Connection, one: LooseHead) -> None:
    if one.altered_at is None:
        return
    incidents.open_incident(
        connection,
        ALTERED,
        f"the timeline of {one.head.dossier} is not what was anchored: entry {one.altered_at} differs or is gone",
        dossier=one.dossier,
        facts={"seq": one.altered_at},
        actions=["close"],
    )
