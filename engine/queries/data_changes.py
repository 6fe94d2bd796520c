"""How a dossier's data changed from step to step: personal data, for those who may see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, text

from engine.exchange.ports import Json

_CHANGES = text(
    """
    SELECT c.seq, c.field, c.before, c.large,
        CASE WHEN lead(c.seq) OVER later IS NULL THEN d.data -> c.field ELSE lead(c.before) OVER later END AS after,
        coalesce(lead(c.large) OVER later, false) AS large_after
    FROM data_change c JOIN dossier d ON d.id = c.dossier_id WHERE c.dossier_id = :id
    WINDOW later AS (PARTITION BY c.field ORDER BY c.seq) ORDER BY c.seq DESC, c.field LIMIT :limit
    """
)

_MOST_OF_EVENT = 100  # entries that are looked through for what an event completed
_TOLD = text(
    "SELECT seq, body FROM timeline"
    f" WHERE dossier_id = :id AND seq > :first - {_MOST_OF_EVENT} AND seq <= :last ORDER BY seq"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataChange:
    """One field of the data, changed by one event.

    *seq* is the newest entry of the timeline then; *elements* were completed by it; none: people corrected it.
    A value is None where there was none, or where it is *large*: more than 64 KB, of which only that it changed is known.
    """

    seq: int
    at: datetime | None
    kind: str
    elements: tuple[str, ...]
    field: str
    before: Json
    after: Json
    large: bool


def changes(connection: Connection, dossier: int, *, limit: int) -> list[DataChange]:
    """The newest *limit* changes of a dossier that exists, newest first."""
    rows = connection.execute(_CHANGES, {"id": dossier, "limit": limit}).mappings().all()
    if not rows:
        return []
    told = connection.execute(_TOLD, {"id": dossier, "first": rows[-1]["seq"], "last": rows[0]["seq"]})
    entries = {seq: orjson.loads(bytes(body)) for seq, body in told}
    return [_change(row, entries) for row in rows]


def _change(row: RowMapping, entries: Mapping[int, dict[str, Any]]) -> DataChange:
    """A row with what the timeline tells of its event: all entries of an event are of the same moment."""
    last = entries.get(row["seq"])
    at = last["at"] if last is not None else ""
    same = [entries[n] for n in sorted(entries) if n <= row["seq"] and entries[n]["at"] == at]
    return DataChange(
        seq=row["seq"],
        at=datetime.fromisoformat(at) if at else None,
        kind=last["kind"] if last is not None else "",
        elements=tuple(dict.fromkeys(e["facts"]["element"] for e in same if e["kind"] == "completed")),
        field=row["field"],
        before=row["before"],
        after=row["after"],
        large=row["large"] or row["large_after"],
    )
