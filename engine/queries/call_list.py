"""Outgoing calls as lists and their own page read them: by filter, newest first, with what the last attempt came to.

What an attempt came to is looked for among the newest calls only; everything else among all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, text

from engine import errors

SEARCHED = 100_000
"""How many of the newest calls are looked through for what their last attempt came to."""
_COUNT_LIMIT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """What a list of calls is narrowed to; None does not narrow. *unit* narrows to the dossiers of a unit.

    *attempts* and *size_bytes* (of the last request or reply) are at least; *answer* is the HTTP status of the last attempt,
    *outcome* what it came to. Ranges are from … until, the latter not included; *due* is when it goes on by itself.
    """

    status: str | None = None
    partner: str | None = None
    operation: str | None = None
    dossier: str | None = None
    key: str | None = None
    procedure: str | None = None
    unit: str | None = None
    attempts: int | None = None
    answer: int | None = None
    outcome: str | None = None
    size_bytes: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    due_from: datetime | None = None
    due_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLine:
    """A call without its bodies. *behind* is the call of its lane that it waits for, *certain*: no attempt had an effect.

    *answer*, *outcome*, *sent_bytes* and *got_bytes* are of the last attempt.
    """

    id: int
    dossier: str
    units: tuple[str, ...]
    partner: str
    operation: str
    key: str
    element: str
    report_seq: int | None
    step: str | None
    repeat: str
    status: str
    holds: bool
    attempt: int
    sends: int
    asks: int
    due_at: datetime | None
    lease_until: datetime | None
    sent_at: datetime | None
    created_at: datetime
    settled_at: datetime | None
    fault: str | None
    detail: str
    trace: str | None
    incident: int | None
    held_at: datetime | None
    held_by: str | None
    held_reason: str | None
    behind: int | None
    certain: bool
    answer: int | None
    outcome: str | None
    sent_bytes: int | None
    got_bytes: int | None

    @property
    def state(self) -> str:
        """Its status, or that somebody holds it."""
        return self.status if self.held_at is None else "held"


_UNITS = "ARRAY[d.receiving_unit, d.competent_unit, d.returning_unit]"
_HELD = "c.id IN (SELECT call_id FROM call_hold)"
_LAST = "(SELECT {} FROM attempt a WHERE a.call_id = c.id ORDER BY a.started_at DESC, a.number DESC LIMIT 1)"
_LARGEST = "greatest(octet_length(a.request), octet_length(a.reply))"
# Attempts of the newest calls are read once, in the order of their key; of the few that fit, whether each is its call's last.
_SOME = f"SELECT a.call_id FROM attempt a WHERE a.call_id > (SELECT max(id) - {SEARCHED} FROM call) AND {{}}"
_CLAUSES = {
    "status": "c.status = :status",
    "partner": "c.partner = :partner",
    "operation": "c.operation = :operation",
    "dossier": "c.dossier_id = (SELECT id FROM dossier WHERE code = :dossier)",
    "key": "c.key = :key",
    "procedure": "d.procedure_code = :procedure",
    "unit": ":unit IN (d.receiving_unit, d.competent_unit, d.returning_unit)",
    "attempts": "c.attempt >= :attempts",
    "answer": f"c.id IN ({_SOME.format('a.http_status = :answer')}) AND {_LAST.format('a.http_status')} = :answer",
    "outcome": f"c.id IN ({_SOME.format('a.outcome = :outcome')}) AND {_LAST.format('a.outcome')} = :outcome",
    # An array, since nobody can guess how many are so large: the plan is the same for few and for many.
    "size_bytes": f"c.id = ANY(ARRAY({_SOME.format(f'{_LARGEST} >= :size_bytes')}))"
    f" AND {_LAST.format(_LARGEST)} >= :size_bytes",
    "since": "c.created_at >= :since",
    "until": "c.created_at < :until",
    "due_from": f"c.status IN ('pending', 'unknown') AND c.due_at >= :due_from AND NOT {_HELD}",
    "due_until": "c.status IN ('pending', 'unknown') AND c.due_at < :due_until",
}
_BOUNDED = ("answer", "outcome", "size_bytes")
_FROM = "FROM call c JOIN dossier d ON d.id = c.dossier_id"
_LINES = f"""
    SELECT c.id, d.code AS dossier, {_UNITS} AS units, c.partner, c.operation, c.key, c.element, c.report_seq, c.step,
        c.repeat, c.status, c.holds, c.attempt, c.sends, c.asks, CASE WHEN h.at IS NULL THEN c.due_at END AS due_at,
        c.lease_until, c.sent_at, c.created_at, c.settled_at, c.fault, c.detail, c.trace,
        (SELECT max(i.id) FROM incident i WHERE i.call_id = c.id AND i.status <> 'closed') AS incident,
        h.at AS held_at, h.who AS held_by, h.reason AS held_reason,
        CASE WHEN c.status = 'pending' THEN (SELECT min(e.id) FROM call e WHERE e.partner = c.partner
            AND e.dossier_id = c.dossier_id AND e.holds AND e.id < c.id) END AS behind,
        NOT EXISTS (SELECT 1 FROM attempt a WHERE a.call_id = c.id
            AND coalesce(a.outcome, '') NOT IN ('not_sent', 'refused')) AS certain,
        a.http_status AS answer, a.outcome, a.sent_bytes, a.got_bytes
    FROM (SELECT c.* {_FROM} {{where}} ORDER BY c.id DESC LIMIT :limit) c
    JOIN dossier d ON d.id = c.dossier_id
    LEFT JOIN call_hold h ON h.call_id = c.id AND c.status IN ('pending', 'unknown')
    LEFT JOIN LATERAL (SELECT a.http_status, a.outcome, octet_length(a.request) AS sent_bytes,
        octet_length(a.reply) AS got_bytes FROM attempt a WHERE a.call_id = c.id
        ORDER BY a.started_at DESC, a.number DESC LIMIT 1) a ON true
    ORDER BY c.id DESC
"""


def find_calls(
    connection: Connection, wanted: CallFilter, *, after: int | None, limit: int
) -> list[CallLine]:
    """The newest calls that fit, at most *limit*; *after* is the id of the last one of the page before."""
    clauses, given = _where(wanted)
    clauses += ["c.id < :after"] if after is not None else []
    statement = text(_LINES.format(where=_and(clauses)))
    rows = connection.execute(statement, {**given, "after": after, "limit": limit})
    return [_line(row) for row in rows.mappings()]


def get_call(connection: Connection, call: int) -> CallLine:
    """Raises: CallNotFound."""
    row = (
        connection.execute(text(_LINES.format(where="WHERE c.id = :id")), {"id": call, "limit": 1})
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise errors.CallNotFound(call=call)
    return _line(row)


def count_calls(connection: Connection, wanted: CallFilter, *, most: int = _COUNT_LIMIT) -> tuple[int, bool]:
    """How many fit, counted up to *most*, and whether that is all."""
    clauses, given = _where(wanted)
    statement = text(f"SELECT count(*) FROM (SELECT 1 {_FROM} {_and(clauses)} LIMIT :most) AS counted")
    number = int(connection.scalar(statement, {**given, "most": most + 1}) or 0)
    return min(number, most), number <= most


def ids_of(connection: Connection, wanted: CallFilter, *, limit: int) -> list[int]:
    """The ids of all that fit, oldest first, at most *limit*."""
    clauses, given = _where(wanted)
    statement = text(f"SELECT c.id {_FROM} {_and(clauses)} ORDER BY c.id LIMIT :limit")
    return [row[0] for row in connection.execute(statement, {**given, "limit": limit})]


def chosen(connection: Connection, ids: Sequence[int], *, unit: str | None) -> list[CallLine]:
    """Those of *ids* that there are and that a visitor of *unit* may see, oldest first."""
    clauses = ["c.id = ANY(CAST(:ids AS bigint[]))", *([_CLAUSES["unit"]] if unit else [])]
    given = {"ids": list(ids), "unit": unit, "limit": len(ids)}
    rows = connection.execute(text(_LINES.format(where=_and(clauses))), given)
    return [_line(row) for row in rows.mappings()][::-1]


def is_bounded(connection: Connection, wanted: CallFilter) -> bool:
    """Whether there are calls that were not looked through for what their last attempt came to."""
    if all(getattr(wanted, name) is None for name in _BOUNDED):
        return False
    return bool(connection.scalar(text(f"SELECT max(id) - min(id) >= {SEARCHED} FROM call")))


def _where(wanted: CallFilter) -> tuple[list[str], dict[str, object]]:
    given = {name: getattr(wanted, name) for name in _CLAUSES if getattr(wanted, name) is not None}
    clauses = [_CLAUSES[name] for name in given]
    if wanted.status == "held":
        clauses[clauses.index(_CLAUSES["status"])] = f"c.status IN ('pending', 'unknown') AND {_HELD}"
        del given["status"]
    return clauses, given


def _and(clauses: list[str]) -> str:
    return f"WHERE {' AND '.join(clauses)}" if clauses else ""


def _line(row: RowMapping) -> CallLine:
    return CallLine(**{**row, "units": tuple(row["units"])})
