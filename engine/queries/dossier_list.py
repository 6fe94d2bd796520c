"""Dossiers as the console lists them: what the filters of its page narrow to, with who holds each one now."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine.dossiers.statuses import is_final

SITUATIONS = ("incident", "unknown", "work-item", "call", "message", "paused", "over")
"""What the list can be narrowed to beside the status."""

_COUNT_LIMIT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the list is narrowed to; None does not narrow. *own_unit* is the visitor's, *unit* the filter's.

    *words* is a part of the code or an agency's number for it, *name* a part of the applicant's name without accents.
    """

    words: str | None = None
    name: str | None = None
    status: int | None = None
    procedure: str | None = None
    unit: str | None = None
    own_unit: str | None = None
    partner: str | None = None
    situation: str | None = None
    late_at: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the list; nothing of it is personal data."""

    id: int
    code: str
    procedure: str
    version: int
    status: int
    phase: str
    competent_unit: str
    submitted_at: datetime
    changed_at: datetime
    due_at: datetime | None
    finished_at: datetime | None
    incidents: int
    unknown: int
    attempts: int
    paused: bool
    item: str | None
    item_unit: str | None
    call: str | None
    message: str | None

    @property
    def situation(self) -> str:
        """The one word that says most: what is wrong before what is waited for."""
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

_CLAUSES = {
    "text": (
        "(d.code LIKE :words ESCAPE '!' OR d.applicant_search LIKE :name ESCAPE '!'"
        " OR EXISTS (SELECT 1 FROM dossier_reference r WHERE r.dossier_id = d.id AND r.value = :exact))"
    ),
    "status": "d.status = :status",
    "procedure": "d.procedure_code = :procedure",
    "unit": ":unit IN (d.receiving_unit, d.competent_unit, d.returning_unit)",
    "own_unit": ":own_unit IN (d.receiving_unit, d.competent_unit, d.returning_unit)",
    "partner": f"EXISTS (SELECT 1 FROM call c WHERE {_OPEN_CALL} AND c.partner = :partner)",
    "late_at": "d.due_at < :late_at AND d.finished_at IS NULL",
    "since": "d.submitted_at >= :since",
    "until": "d.submitted_at < :until",
}
_SITUATIONS = {
    "incident": _INCIDENT,
    "unknown": "EXISTS (SELECT 1 FROM call c WHERE c.dossier_id = d.id AND c.status = 'unknown')",
    "work-item": "EXISTS (SELECT 1 FROM work_item w WHERE w.dossier_id = d.id AND w.status = 'open')",
    "call": f"EXISTS (SELECT 1 FROM call c WHERE {_OPEN_CALL})",
    "message": "EXISTS (SELECT 1 FROM wait w WHERE w.dossier_id = d.id)",
    "paused": f"d.finished_at IS NULL AND {_PAUSED}",
    "over": "d.finished_at IS NOT NULL",
}

_LINES = f"""
    SELECT d.id, d.code, d.procedure_code AS procedure, p.version, d.status, d.phase, d.competent_unit, d.submitted_at,
        d.changed_at, d.due_at, d.finished_at, {_PAUSED} AS paused,
        (SELECT count(*) FROM incident i WHERE i.dossier_id = d.id AND i.status <> 'closed') AS incidents,
        coalesce(c.unknown, 0) AS unknown, coalesce(c.attempts, 0) AS attempts, c.call,
        w.name AS item, w.unit AS item_unit,
        (SELECT m.name FROM wait m WHERE m.dossier_id = d.id ORDER BY m.opened_at LIMIT 1) AS message
    FROM (SELECT * FROM dossier d {{where}} ORDER BY d.id DESC LIMIT :limit) d
    JOIN deployment p ON p.id = d.deployment_id
    LEFT JOIN LATERAL (SELECT min(c.partner || '.' || c.operation) AS call, max(c.attempt) AS attempts,
        count(*) FILTER (WHERE c.status = 'unknown') AS unknown FROM call c WHERE {_OPEN_CALL}) c ON true
    LEFT JOIN LATERAL (SELECT w.name, w.unit FROM work_item w WHERE w.dossier_id = d.id AND w.status = 'open'
        ORDER BY w.id LIMIT 1) w ON true
    ORDER BY d.id DESC
"""


def find_lines(connection: Connection, wanted: Wanted, *, after: int | None, limit: int) -> list[Line]:
    """The newest dossiers that fit, at most *limit*; *after* is the id of the last one of the page before."""
    clauses, values = _where(wanted)
    if after is not None:
        clauses.append("d.id < :after")
    statement = text(_LINES.format(where=_and(clauses)))
    rows = connection.execute(statement, {**values, "after": after, "limit": limit})
    return [Line(**row) for row in rows.mappings()]


def count_lines(connection: Connection, wanted: Wanted) -> tuple[int, bool]:
    """How many fit, counted up to 10,000, and whether that is all."""
    clauses, values = _where(wanted)
    statement = text(f"SELECT count(*) FROM (SELECT 1 FROM dossier d {_and(clauses)} LIMIT :most) AS counted")
    number = int(connection.scalar(statement, {**values, "most": _COUNT_LIMIT + 1}) or 0)
    return min(number, _COUNT_LIMIT), number <= _COUNT_LIMIT


def _where(wanted: Wanted) -> tuple[list[str], dict[str, object]]:
    values: dict[str, object] = {
        name: getattr(wanted, name)
        for name in ("status", "procedure", "unit", "own_unit", "partner", "late_at", "since", "until")
    }
    given = {name: value for name, value in values.items() if value is not None}
    clauses = [_CLAUSES[name] for name in given]
    if wanted.situation is not None:
        clauses.append(_SITUATIONS[wanted.situation])
    if wanted.words is not None:
        clauses.append(_CLAUSES["text"])
        given["words"], given["exact"] = contains(wanted.words), wanted.words
        given["name"] = contains(wanted.name) if wanted.name else ""
    return clauses, given


def contains(part: str) -> str:
    """A pattern for LIKE with ``!`` as its escape."""
    escaped = part.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


def _and(clauses: list[str]) -> str:
    return f"WHERE {' AND '.join(clauses)}" if clauses else ""
