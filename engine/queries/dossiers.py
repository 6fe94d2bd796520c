"""Dossiers as lists and pages read them: brief rows by filter and keyset, and one dossier with all that holds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, text

from engine import errors
from engine.dossiers.statuses import Status, is_final
from engine.exchange.ports import Json
from engine.queries import indexed
from engine.queries.indexed import Sought


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierFilter:
    """What a list is narrowed to; None does not narrow. *unit* and *of_unit* are any of the three units of a dossier.

    *name_part* is a part of the applicant's name as `indexing.searchable` writes it; moments are from … before.
    """

    status: int | None = None
    procedure: str | None = None
    code_part: str | None = None
    unit: str | None = None
    of_unit: str | None = None
    channel: str | None = None
    name_part: str | None = None
    reference: str | None = None
    partner: str | None = None
    has_incident: bool | None = None
    is_over: bool | None = None
    is_suspended: bool | None = None
    submitted_from: datetime | None = None
    submitted_before: datetime | None = None
    due_from: datetime | None = None
    due_before: datetime | None = None
    changed_from: datetime | None = None
    variables: tuple[Sought, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierBrief:
    """A line of a list; nothing of it is personal data."""

    id: int
    code: str
    procedure: str
    deployment: int
    status: int
    phase: str
    channel: str
    receiving_unit: str
    competent_unit: str
    returning_unit: str
    submitted_at: datetime
    received_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None
    changed_at: datetime
    timeline_seq: int
    suspended_at: datetime | None

    @property
    def units(self) -> frozenset[str]:
        return frozenset({self.receiving_unit, self.competent_unit, self.returning_unit})

    @property
    def is_over(self) -> bool:
        return is_final(self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One thing that the dossier waits for: who must act, what it is, since when, by when, and where in the model."""

    kind: str  # work-item | call | wait | timer | incident | event
    who: str
    what: str
    state: str
    element: str
    since: datetime | None
    until: datetime | None
    id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The applicant and the data handed in: personal data, for those who may see it."""

    applicant: Mapping[str, Json]
    data: Mapping[str, Json]


_COUNT_LIMIT = 10_000
_COLUMNS = (
    "d.id, d.code, d.procedure_code AS procedure, d.deployment_id AS deployment, d.status, d.phase, d.channel,"
    " d.receiving_unit, d.competent_unit, d.returning_unit, d.submitted_at, d.received_at, d.due_at, d.finished_at,"
    " d.changed_at, d.timeline_seq, (SELECT s.at FROM suspension s WHERE s.dossier_id = d.id) AS suspended_at"
)

_CLAUSES = {
    "status": "d.status = :status",
    "procedure": "d.procedure_code = :procedure",
    "code_part": "d.code LIKE :code_part ESCAPE '!'",
    "unit": ":unit IN (d.receiving_unit, d.competent_unit, d.returning_unit)",
    "of_unit": ":of_unit IN (d.receiving_unit, d.competent_unit, d.returning_unit)",
    "channel": "d.channel = :channel",
    "name_part": "d.applicant_search LIKE :name_part ESCAPE '!'",
    "reference": "d.id IN (SELECT dossier_id FROM dossier_reference WHERE value = :reference)",
    "partner": "EXISTS (SELECT 1 FROM call c WHERE c.dossier_id = d.id AND c.partner = :partner"
    " AND c.status IN ('pending', 'sending', 'unknown', 'incident'))",
    "has_incident": ":has_incident = EXISTS ("
    "SELECT 1 FROM incident i WHERE i.dossier_id = d.id AND i.status <> 'closed')",
    "is_over": ":is_over = (d.status = ANY(CAST(:final AS smallint[])))",
    "is_suspended": ":is_suspended = EXISTS (SELECT 1 FROM suspension s WHERE s.dossier_id = d.id)",
    "submitted_from": "d.submitted_at >= :submitted_from",
    "submitted_before": "d.submitted_at < :submitted_before",
    "due_from": "d.due_at >= :due_from",
    "due_before": "d.due_at < :due_before",
    "changed_from": "d.changed_at >= :changed_from",
}

_FINAL = [status.value for status in Status if is_final(status)]

_ONE = text(f"SELECT {_COLUMNS} FROM dossier d WHERE d.code = :code")

_OF_CODES = text("SELECT id FROM dossier WHERE code = ANY(CAST(:codes AS text[])) ORDER BY id")

_LAST_COME = text(
    "SELECT (SELECT max(id) FROM document WHERE dossier_id = :id), (SELECT max(id) FROM message WHERE dossier_id = :id)"
)

_PERSON = text("SELECT applicant, data FROM dossier WHERE id = :id")

_HELD = text(
    """
    SELECT 'work-item' AS kind, unit AS who, name AS what, status AS state, element, opened_at AS since,
        CAST(NULL AS timestamptz) AS until, id
    FROM work_item WHERE dossier_id = :id AND status IN ('open', 'taken')
    UNION ALL
    SELECT 'call', partner, operation, CASE WHEN h.at IS NULL THEN status ELSE 'held' END, element, created_at,
        CASE WHEN h.at IS NOT NULL THEN NULL WHEN status IN ('pending', 'unknown') THEN due_at ELSE lease_until END, id
    FROM call LEFT JOIN call_hold h ON h.call_id = id AND status IN ('pending', 'unknown')
    WHERE dossier_id = :id AND status IN ('pending', 'sending', 'unknown', 'incident')
    UNION ALL
    SELECT 'wait', '', name, CASE WHEN message_id IS NULL THEN 'open' ELSE 'met' END, element, opened_at, NULL, NULL
    FROM wait WHERE dossier_id = :id
    UNION ALL
    SELECT 'timer', '', '', CASE WHEN legal_days IS NULL THEN 'absolute' ELSE 'legal' END, element, NULL, due_at, NULL
    FROM timer WHERE dossier_id = :id AND NOT fired
    UNION ALL
    SELECT 'incident', coalesce(partner, ''), title, status, coalesce(element, ''), opened_at, NULL, id
    FROM incident WHERE dossier_id = :id AND status <> 'closed'
    UNION ALL
    SELECT 'event', '', kind, status, '', created_at, NULL, id
    FROM event WHERE dossier_id = :id AND status = 'pending'
    ORDER BY since NULLS LAST, kind, id
    """
)


def find_dossiers(
    connection: Connection, wanted: DossierFilter, *, after: int | None, limit: int
) -> list[DossierBrief]:
    """The newest dossiers that fit, at most *limit*; *after* is the id of the last one of the page before."""
    clauses, parameters = _where(wanted)
    if after is not None:
        clauses.append("d.id < :after")
    rows = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM dossier d {_and(clauses)} ORDER BY d.id DESC LIMIT :limit"  # constants only
        ),
        {**parameters, "after": after, "limit": limit},
    )
    return [_brief(row) for row in rows.mappings()]


def ids_of(connection: Connection, wanted: DossierFilter, *, limit: int) -> list[int]:
    """The ids of all that fit, oldest first, at most *limit*."""
    clauses, parameters = _where(wanted)
    statement = text(f"SELECT d.id FROM dossier d {_and(clauses)} ORDER BY d.id LIMIT :limit")
    return [row[0] for row in connection.execute(statement, {**parameters, "limit": limit})]


def ids_of_codes(connection: Connection, codes: Sequence[str]) -> list[int]:
    """The ids of those of *codes* that there are."""
    return [row[0] for row in connection.execute(_OF_CODES, {"codes": list(codes)})]


def count_dossiers(
    connection: Connection, wanted: DossierFilter, *, most: int = _COUNT_LIMIT
) -> tuple[int, bool]:
    """How many fit, counted up to *most*, and whether that is all."""
    clauses, parameters = _where(wanted)
    counted = connection.scalar(
        text(f"SELECT count(*) FROM (SELECT 1 FROM dossier d {_and(clauses)} LIMIT :most) AS counted"),
        {**parameters, "most": most + 1},
    )
    number = int(counted or 0)
    return min(number, most), number <= most


def get_brief(connection: Connection, code: str) -> DossierBrief:
    """Raises: DossierNotFound."""
    row = connection.execute(_ONE, {"code": code}).mappings().first()
    if row is None:
        raise errors.DossierNotFound(dossier=code)
    return _brief(row)


def get_person(connection: Connection, dossier: int) -> Person:
    """The applicant and data of a dossier that exists."""
    row = connection.execute(_PERSON, {"id": dossier}).one()
    return Person(applicant=row[0], data=row[1])


def held_by(connection: Connection, dossier: int) -> list[Held]:
    """Everything that the dossier waits for, the longest waiting first."""
    return [Held(**row) for row in connection.execute(_HELD, {"id": dossier}).mappings()]


def last_come(connection: Connection, dossier: int) -> tuple[int, int]:
    """The numbers of the last paper and the last message that came in for the dossier; 0: none."""
    row = connection.execute(_LAST_COME, {"id": dossier}).one()
    return row[0] or 0, row[1] or 0


def _where(wanted: DossierFilter) -> tuple[list[str], dict[str, object]]:
    given = {name: getattr(wanted, name) for name in _CLAUSES if getattr(wanted, name) is not None}
    for part in ("code_part", "name_part"):
        if part in given:
            given[part] = _contains(given[part])
    searched, values = indexed.clauses(wanted.variables)
    clauses = [*(_CLAUSES[name] for name in given), *searched]
    return clauses, given | values | ({"final": _FINAL} if "is_over" in given else {})


def _contains(part: str) -> str:
    escaped = part.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


def _and(clauses: list[str]) -> str:
    return f"WHERE {' AND '.join(clauses)}" if clauses else ""


def _brief(row: RowMapping) -> DossierBrief:
    return DossierBrief(**row)
