"""What lies behind an incident, and what lies behind it in turn: the partner's outage, the call that its lane waits for, the
trouble that the same dossier had before.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_LANE_HEAD = """
    SELECT r.id FROM call c JOIN call h ON h.partner = c.partner AND h.dossier_id = c.dossier_id AND h.holds AND h.id < c.id
    JOIN incident r ON r.call_id = h.id AND r.status <> 'closed' WHERE c.id = i.call_id ORDER BY h.id LIMIT 1
"""
_ROOTS = text(
    f"""
    SELECT r.id, r.cause, r.title, r.opened_at, found.why FROM incident i
    CROSS JOIN LATERAL (
        SELECT 'outage' AS why, o.id FROM incident o
        WHERE o.partner = i.partner AND o.cause = 'partner-outage' AND o.status = 'open'
        UNION ALL SELECT 'lane', ({_LANE_HEAD})
        UNION ALL (SELECT 'before', b.id FROM incident b
            WHERE b.dossier_id = i.dossier_id AND b.id < i.id AND b.status <> 'closed' ORDER BY b.id LIMIT 1)
    ) found
    JOIN incident r ON r.id = found.id
    WHERE i.id = :id AND r.id <> i.id ORDER BY CASE found.why WHEN 'outage' THEN 1 WHEN 'lane' THEN 2 ELSE 3 END
    """
)
_HELD_UP = text(
    """
    SELECT (SELECT count(*) FROM call c JOIN call b ON b.partner = c.partner AND b.dossier_id = c.dossier_id AND b.id > c.id
            WHERE c.id = i.call_id AND c.holds AND b.status IN ('pending', 'unknown', 'incident')) AS calls,
        CASE WHEN i.cause = 'partner-outage' THEN (SELECT count(*) FROM call c
            WHERE c.partner = i.partner AND c.status IN ('pending', 'unknown')) ELSE 0 END AS at_partner
    FROM incident i WHERE i.id = :id AND i.status <> 'closed'
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """An open incident that lies behind another. *why*: outage (of the partner), lane (its call waits behind), before (in the
    same dossier, the oldest)."""

    id: int
    cause: str
    title: str
    opened_at: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldUp:
    """What waits because of an incident: calls of its lane, and where it is an outage those for the partner."""

    calls: int
    at_partner: int


def roots(connection: Connection, incident: int) -> list[Root]:
    """What lies behind *incident*, the likeliest first; each once."""
    found: dict[int, Root] = {}
    for row in connection.execute(_ROOTS, {"id": incident}).mappings():
        found.setdefault(row["id"], Root(**row))
    return list(found.values())


def held_up(connection: Connection, incident: int) -> HeldUp:
    """What waits because of *incident*; nothing once it is closed."""
    row = connection.execute(_HELD_UP, {"id": incident}).mappings().one_or_none()
    return HeldUp(calls=0, at_partner=0) if row is None else HeldUp(**row)
