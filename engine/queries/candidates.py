"""Who might have been meant by a message that nobody took: steps that wait for its name or its key, the likeliest first."""

from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from sqlalchemy import Connection, text

_LOOKED_AT = 200

_WAITING = text(
    f"""
    SELECT d.code AS dossier, w.element, w.name, w.key, w.opened_at FROM wait w JOIN dossier d ON d.id = w.dossier_id
    WHERE (w.name = :name OR w.key = :key)
        AND (CAST(:unit AS text) IS NULL OR :unit IN (d.receiving_unit, d.competent_unit, d.returning_unit))
    ORDER BY (w.key = :key) DESC, w.opened_at LIMIT {_LOOKED_AT}
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A step that waits: for a message of *name* with *key*, since *opened_at*."""

    dossier: str
    element: str
    name: str
    key: str
    opened_at: datetime


def nearest(
    connection: Connection, name: str, key: str, *, unit: str | None, limit: int = 5
) -> list[Candidate]:
    """At most *limit* steps by how near their key is, of the 200 that fit and have waited longest."""
    rows = connection.execute(_WAITING, {"name": name, "key": key, "unit": unit}).mappings()
    found = [Candidate(**row) for row in rows]
    return sorted(found, key=lambda one: -SequenceMatcher(None, one.key, key).ratio())[:limit]
