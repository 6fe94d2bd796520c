"""Dossiers as the console lists them: what the filters of its page narrow to, with who holds each one now.

A part of a name or code is looked for among the newest dossiers only; a whole code or an agency's number among all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine.dossiers.statuses import is_final
from engine.queries import indexed
from engine.queries.indexed import Sought
from engine.queries.sorting import Key, Place, Sorting

SITUATIONS = (
    "suspended",
    "incident",
    "unknown",
    "retrying",
    "work-item",
    "call",
    "message",
    "paused",
    "over",
)
"""What the list can be narrowed to beside the status."""

SEARCHED = 100_000
"""How many of the newest dossiers a part of a name or code is looked for in."""

NEWEST_FIRST = "-submitted"
_ID = Key(sql="{d}.id", type="bigint", of=lambda row: row.id)
SORTING = Sorting(
    rows="dossier {d}",
    tables=("d",),
    sorts={
        "submitted": (_ID,),
        # What is over is due no more, and what has no due date yet comes after what has one.
        "due": (
            Key(
                sql="({d}.finished_at IS NOT NULL)",
                type="boolean",
                of=lambda row: row.finished_at is not None,
            ),
            Key(
                sql="coalesce({d}.due_at, TIMESTAMPTZ 'infinity')",
                type="timestamptz",
                of=lambda row: row.due_at.isoformat() if row.due_at else "infinity",
            ),
            _ID,
        ),
        "changed": (
            Key(sql="{d}.changed_at", type="timestamptz", of=lambda row: row.changed_at.isoformat()),
            _ID,
        ),
    },
)
"""What the list can be sorted by: when it was handed in, when it is due, when something last happened."""

_COUNT_LIMIT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the list is narrowed to; None does not narrow. *own_unit* is the visitor's, *unit* the filter's.

    *words* is a part of the code or an agency's number for it, *name* a part of the applicant's name without accents,
    *step* the id of the element that it waits at, *sort* one of `SORTING`. Ranges are from … until, the latter not included.
    """

    words: str | None = None
    name: str | None = None
    status: int | None = None
    procedure: str | None = None
    version: int | None = None
    step: str | None = None
    unit: str | None = None
    own_unit: str | None = None
    partner: str | None = None
    situation: str | None = None
    has_incident: bool | None = None
    late_at: datetime | None = None
    in_time_at: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    received_from: datetime | None = None
    received_until: datetime | None = None
    active_from: datetime | None = None
    active_until: datetime | None = None
    due_from: datetime | None = None
    due_until: datetime | None = None
    variables: tuple[Sought, ...] = ()
    sort: str = NEWEST_FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the list; nothing of it is personal data.

    *step* is the element that it waits at since *waiting_since*; *attempts* those of its open calls; *last_message* is what
    the newest message that came for it is called, from *last_source*.
    """

    id: int
    code: str
    procedure: str
    deployment: int
    version: int
    status: int
    phase: str
    competent_unit: str
    submitted_at: datetime
    received_at: datetime | None
    changed_at: datetime
    due_at: datetime | None
    finished_at: datetime | None
    calendar: str
    calendar_version: int
    incidents: int
    unknown: int
    attempts: int
    paused: bool
    suspended: bool
    item: str | None
    item_unit: str | None
    call: str | None
    message: str | None
    step: str | None
    waiting_since: datetime | None
    last_message: str | None
    last_source: str | None
    last_message_at: datetime | None

    @property
    def retries(self) -> int:
        """How often its open calls were sent again."""
        return max(self.attempts - 1, 0)

    @property
    def situation(self) -> str:
        """The one word that says most: that nothing moves, what is wrong, what is waited for."""
        if self.suspended:
            return "suspended"
        if self.incidents:
            return "incident"
        if self.unknown:
            return "unknown"
        if is_final(self.status) or self.finished_at:
            return "over"
        if self.paused:
            return "paused"
        if self.call:
            return "retrying" if self.attempts > 1 else "call"
        return "work-item" if self.item else "message" if self.message else "running"


_OPEN_CALL = "c.dossier_id = d.id AND c.status IN ('pending', 'sending', 'unknown', 'incident')"
_PAUSED = (
    "coalesce((SELECT l.kind = 'pause' FROM ledger_entry l WHERE l.dossier_id = d.id"
    " AND l.kind IN ('start', 'pause', 'resume', 'stop') ORDER BY l.id DESC LIMIT 1), false)"
)
_INCIDENT = "EXISTS (SELECT 1 FROM incident i WHERE i.dossier_id = d.id AND i.status <> 'closed')"
_WHERE_IT_WAITS = (
    "d.id IN (SELECT dossier_id FROM work_item WHERE status IN ('open', 'taken') AND element = :step"
    " UNION ALL SELECT dossier_id FROM call WHERE holds AND element = :step"
    " AND status IN ('pending', 'sending', 'unknown', 'incident')"
    " UNION ALL SELECT dossier_id FROM wait WHERE element = :step"
    " UNION ALL SELECT dossier_id FROM timer WHERE NOT fired AND element = :step)"
)
# The newest of those handed in before the filter's end: who asks for an older time is given the older ones.
_BOUND = (
    "(SELECT max(id) FROM dossier WHERE CAST(:until AS timestamptz) IS NULL OR id <="
    " (SELECT id FROM dossier WHERE submitted_at < :until ORDER BY submitted_at DESC LIMIT 1))"
)

_CLAUSES = {
    "text": (
        f"(d.id > {_BOUND} - {SEARCHED} AND (d.code LIKE :words ESCAPE '!' OR d.applicant_search LIKE :name ESCAPE '!')"
        " OR d.code = :exact OR d.id IN (SELECT r.dossier_id FROM dossier_reference r WHERE r.value = :exact))"
    ),
    "status": "d.status = :status",
    "procedure": "d.procedure_code = :procedure",
    "version": "d.deployment_id IN (SELECT p.id FROM deployment p WHERE p.version = :version)",
    "step": _WHERE_IT_WAITS,
    "unit": ":unit IN (d.receiving_unit, d.competent_unit, d.returning_unit)",
    "own_unit": ":own_unit IN (d.receiving_unit, d.competent_unit, d.returning_unit)",
    "partner": f"EXISTS (SELECT 1 FROM call c WHERE {_OPEN_CALL} AND c.partner = :partner)",
    "has_incident": f":has_incident = {_INCIDENT}",
    "late_at": "d.due_at < :late_at AND d.finished_at IS NULL",
    "in_time_at": "d.due_at >= :in_time_at AND d.finished_at IS NULL",
    "since": "d.submitted_at >= :since",
    "until": "d.submitted_at < :until",
    "received_from": "d.received_at >= :received_from",
    "received_until": "d.received_at < :received_until",
    "active_from": "d.changed_at >= :active_from",
    "active_until": "d.changed_at < :active_until",
    "due_from": "d.due_at >= :due_from",
    "due_until": "d.due_at < :due_until",
}
_SITUATIONS = {
    "suspended": "d.id IN (SELECT dossier_id FROM suspension)",
    "incident": _INCIDENT,
    "unknown": "EXISTS (SELECT 1 FROM call c WHERE c.dossier_id = d.id AND c.status = 'unknown')",
    "retrying": "EXISTS (SELECT 1 FROM call c WHERE c.dossier_id = d.id AND c.status IN ('pending', 'sending')"
    " AND c.attempt > CASE c.status WHEN 'sending' THEN 1 ELSE 0 END)",
    "work-item": "EXISTS (SELECT 1 FROM work_item w WHERE w.dossier_id = d.id AND w.status = 'open')",
    "call": f"EXISTS (SELECT 1 FROM call c WHERE {_OPEN_CALL})",
    "message": "EXISTS (SELECT 1 FROM wait w WHERE w.dossier_id = d.id)",
    "paused": f"d.finished_at IS NULL AND {_PAUSED}",
    "over": "d.finished_at IS NOT NULL",
}

_LINES = f"""
    SELECT d.id, d.code, d.procedure_code AS procedure, d.deployment_id AS deployment, p.version, d.status, d.phase,
        d.competent_unit, d.submitted_at, d.received_at, d.changed_at, d.due_at, d.finished_at, {_PAUSED} AS paused,
        EXISTS (SELECT 1 FROM suspension s WHERE s.dossier_id = d.id) AS suspended,
        coalesce(u.calendar_code, 'default') AS calendar, coalesce(k.version, 0) AS calendar_version,
        (SELECT count(*) FROM incident i WHERE i.dossier_id = d.id AND i.status <> 'closed') AS incidents,
        coalesce(c.unknown, 0) AS unknown, coalesce(c.attempts, 0) AS attempts, c.call,
        w.name AS item, w.unit AS item_unit, m.name AS message,
        coalesce(w.element, c.element, m.element) AS step, coalesce(w.opened_at, c.since, m.opened_at) AS waiting_since,
        g.name AS last_message, g.source AS last_source, g.received_at AS last_message_at
    FROM (SELECT * FROM dossier d {{where}} ORDER BY {{order}} LIMIT :limit) d
    JOIN deployment p ON p.id = d.deployment_id
    LEFT JOIN unit u ON u.code = d.competent_unit
    LEFT JOIN calendar k ON k.code = u.calendar_code
    LEFT JOIN LATERAL (SELECT min(c.partner || '.' || c.operation) AS call,
        max(c.attempt + CASE WHEN c.status = 'pending' THEN least(c.attempt, 1) ELSE 0 END) AS attempts,
        min(c.element) AS element, min(c.created_at) AS since,
        count(*) FILTER (WHERE c.status = 'unknown') AS unknown FROM call c WHERE {_OPEN_CALL}) c ON true
    LEFT JOIN LATERAL (SELECT w.name, w.unit, w.element, w.opened_at FROM work_item w
        WHERE w.dossier_id = d.id AND w.status = 'open' ORDER BY w.id LIMIT 1) w ON true
    LEFT JOIN LATERAL (SELECT m.name, m.element, m.opened_at FROM wait m WHERE m.dossier_id = d.id
        ORDER BY m.opened_at LIMIT 1) m ON true
    LEFT JOIN LATERAL (SELECT g.name, g.source, g.received_at FROM message g WHERE g.dossier_id = d.id
        ORDER BY g.received_at DESC, g.id DESC LIMIT 1) g ON true
    ORDER BY {{order}}
"""


def find_lines(
    connection: Connection,
    wanted: Wanted,
    *,
    limit: int,
    after: int | None = None,
    place: Place | None = None,
) -> list[Line]:
    """The first dossiers that fit, in their order, at most *limit*.

    *after* is the id of the last one before, where all is read in one transaction; *place* where that one stood when it was
    seen, which it may have left since.
    """
    clauses, values = _where(wanted)
    order = SORTING.order(wanted.sort)
    clauses += ([order.behind] if after is not None else []) + ([order.beyond] if place is not None else [])
    statement = text(_LINES.format(where=_and(clauses), order=order.by))
    at = order.values(place) if place is not None else {}
    rows = connection.execute(statement, {**values, **at, "after": after, "limit": limit})
    return [Line(**row) for row in rows.mappings()]


def get_line(connection: Connection, dossier: int) -> Line:
    """The line of a dossier that exists: what its own page says of it is what the list says."""
    statement = text(_LINES.format(where="WHERE d.id = :id", order="d.id"))
    return Line(**connection.execute(statement, {"id": dossier, "limit": 1}).mappings().one())


def ids_of(connection: Connection, wanted: Wanted, *, limit: int) -> list[int]:
    """The ids of all that fit, oldest first, at most *limit*."""
    clauses, values = _where(wanted)
    statement = text(f"SELECT d.id FROM dossier d {_and(clauses)} ORDER BY d.id LIMIT :limit")
    return [row[0] for row in connection.execute(statement, {**values, "limit": limit})]


def chosen(connection: Connection, ids: Sequence[int], *, unit: str | None) -> list[Line]:
    """Those of *ids* that there are and that a visitor of *unit* may see, oldest first."""
    clauses = ["d.id = ANY(CAST(:ids AS bigint[]))", *([_CLAUSES["own_unit"]] if unit else [])]
    statement = text(_LINES.format(where=_and(clauses), order="d.id"))
    given = {"ids": list(ids), "own_unit": unit, "limit": len(ids)}
    return [Line(**row) for row in connection.execute(statement, given).mappings()]


def count_lines(connection: Connection, wanted: Wanted, *, most: int = _COUNT_LIMIT) -> tuple[int, bool]:
    """How many fit, counted up to *most*, and whether that is all."""
    clauses, values = _where(wanted)
    statement = text(f"SELECT count(*) FROM (SELECT 1 FROM dossier d {_and(clauses)} LIMIT :most) AS counted")
    number = int(connection.scalar(statement, {**values, "most": most + 1}) or 0)
    return min(number, most), number <= most


def is_bounded(connection: Connection, wanted: Wanted) -> bool:
    """Whether there are dossiers that a search by a part did not look at."""
    if wanted.words is None:
        return False
    statement = text(f"SELECT EXISTS (SELECT 1 FROM dossier WHERE id <= {_BOUND} - {SEARCHED})")
    return bool(connection.scalar(statement, {"until": wanted.until}))


_PLAIN = tuple(name for name in _CLAUSES if name != "text")


def _where(wanted: Wanted) -> tuple[list[str], dict[str, object]]:
    given = {name: getattr(wanted, name) for name in _PLAIN if getattr(wanted, name) is not None}
    clauses = [_CLAUSES[name] for name in given]
    if wanted.situation is not None:
        clauses.append(_SITUATIONS[wanted.situation])
    if wanted.words is not None:
        clauses.append(_CLAUSES["text"])
        given |= {"words": contains(wanted.words), "exact": wanted.words, "until": wanted.until}
        given["name"] = contains(wanted.name) if wanted.name else ""
    searched, values = indexed.clauses(wanted.variables)
    return clauses + searched, given | values


def contains(part: str) -> str:
    """A pattern for LIKE with ``!`` as its escape."""
    escaped = part.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


def _and(clauses: list[str]) -> str:
    return f"WHERE {' AND '.join(clauses)}" if clauses else ""
