"""The history of a dossier, as stored: its entries in order, and the links of its chain for whoever verifies it."""

from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, text

from engine.dossiers.timeline import Link
from engine.exchange.ports import Json

_PAGE = text(
    "SELECT seq, body, hash FROM timeline WHERE dossier_id = :id AND seq > :after ORDER BY seq LIMIT :limit"
)

_CHAIN = text("SELECT seq, body, hash FROM timeline WHERE dossier_id = :id ORDER BY seq")

_FAILURES = frozenset(
    {
        "parked",
        "status-refused",
        "late-effect",
        "correction-refused",
        "move-refused",
        "migration-refused",
        "unreadable",
    }
)

_HEAD = text("SELECT timeline_seq, timeline_head FROM dossier WHERE id = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """An entry as its bytes say; *at* is an ISO time in UTC, *hash* hexadecimal."""

    seq: int
    at: str
    kind: str
    facts: dict[str, Json]
    hash: str

    @property
    def partner(self) -> str:
        """The partner that it tells of; empty for everything else."""
        return str(self.facts.get("partner") or self.facts.get("source") or "")

    @property
    def failed(self) -> bool:
        """Whether it tells of something that did not go as drawn."""
        return self.kind in _FAILURES or bool(self.facts.get("fault"))


def entries(connection: Connection, dossier: int, *, after: int = 0, limit: int = 200) -> list[TimelineEntry]:
    """Up to *limit* entries after number *after*, oldest first."""
    rows = connection.execute(_PAGE, {"id": dossier, "after": after, "limit": limit})
    return [_entry(row[0], bytes(row[1]), bytes(row[2])) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineFilter:
    """What a history is narrowed to; None and False do not narrow."""

    kind: str | None = None
    partner: str | None = None
    failed: bool = False
    element: str | None = None

    def fits(self, entry: TimelineEntry) -> bool:
        """Whether *entry* is to be shown."""
        return (
            (self.kind is None or entry.kind == self.kind)
            and (self.partner is None or entry.partner == self.partner)
            and (not self.failed or entry.failed)
            and (self.element is None or entry.facts.get("element") == self.element)
        )


def every_entry(connection: Connection, dossier: int) -> list[TimelineEntry]:
    """The whole history, oldest first, also what cannot be read of it."""
    return [_entry(link.seq, link.body, link.hash) for link in links(connection, dossier)]


def links(connection: Connection, dossier: int) -> list[Link]:
    """The whole chain, for `engine.dossiers.timeline.verify`."""
    rows = connection.execute(_CHAIN, {"id": dossier})
    return [Link(seq=row[0], body=bytes(row[1]), hash=bytes(row[2])) for row in rows]


def head(connection: Connection, dossier: int) -> tuple[int, bytes]:
    """The number and hash that the dossier's own row remembers of its last entry."""
    row = connection.execute(_HEAD, {"id": dossier}).one()
    return row[0], bytes(row[1])


def _entry(seq: int, body: bytes, digest: bytes) -> TimelineEntry:
    """An entry that was tampered with is shown as unreadable, never hidden."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        told = {"kind": "unreadable"}
    facts = told.get("facts")
    return TimelineEntry(
        seq=seq,
        at=str(told.get("at", "")),
        kind=str(told.get("kind", "")),
        facts=facts if isinstance(facts, dict) else {},
        hash=digest.hex(),
    )
