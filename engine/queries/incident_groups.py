"""Incidents as the console shows them: grouped by cause, counted, and what became of those that were dealt with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, text

from engine.queries.incidents import IncidentFilter

OUTCOMES = ("open", "verified", "failed", "waiting", "closed")
RUN_AGAIN = ("retry", "resend", "ask", "recompose", "deliver", "renew")
"""Acts that let the work run again: dealt with counts only once it really ran."""
_COUNT_LIMIT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Incidents of one cause at one place that say the same but for numbers, for which *said* has ``#``."""

    cause: str
    partner: str | None
    element: str | None
    procedure: str | None
    said: str
    count: int
    dossiers: int
    first_at: datetime
    last_at: datetime
    last_hour: int
    last_day: int
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """What became of the incidents of a cause that were told to run again in the last day."""

    cause: str
    partner: str | None
    element: str | None
    procedure: str | None
    verified: int
    failed: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """An incident that a batch may act on."""

    id: int
    cause: str
    partner: str | None
    dossier: str | None
    title: str
    status: str
    actions: tuple[str, ...]


_FROM = "FROM incident i LEFT JOIN dossier d ON d.id = i.dossier_id"
_CLAUSES = {
    "status": "i.status = :status",
    "cause": "i.cause = :cause",
    "partner": "i.partner = :partner",
    "dossier": "d.code = :dossier",
    "procedure": "d.procedure_code = :procedure",
    "element": "i.element = :element",
    "unit": ":unit IN (d.receiving_unit, d.competent_unit, d.returning_unit)",
    "opened_from": "i.opened_at >= :opened_from",
    "opened_before": "i.opened_at < :opened_before",
    "owner": "coalesce(i.owner, '') = :owner",
    "said": "i.said = :said",
}

OUTCOME = f"""
    CASE WHEN i.status <> 'closed' THEN 'open'
    WHEN i.resolution = 'renew' THEN coalesce((SELECT CASE WHEN n.status IN ('done', 'withdrawn') THEN 'verified'
        WHEN n.status IN ('incident', 'refused') THEN 'failed' ELSE 'waiting' END
        FROM call c JOIN call n ON n.dossier_id = c.dossier_id AND n.partner = c.partner AND n.element = c.element
            AND n.report_seq IS NOT DISTINCT FROM c.report_seq AND n.id > c.id
        WHERE c.id = i.call_id ORDER BY n.id LIMIT 1), 'waiting')
    WHEN i.resolution NOT IN {RUN_AGAIN} THEN 'closed'
    WHEN i.call_id IS NOT NULL THEN (SELECT CASE WHEN c.status IN ('done', 'withdrawn') THEN 'verified'
        WHEN c.status IN ('incident', 'refused') THEN 'failed' ELSE 'waiting' END FROM call c WHERE c.id = i.call_id)
    WHEN i.event_id IS NOT NULL THEN (SELECT CASE e.status WHEN 'applied' THEN 'verified'
        WHEN 'set_aside' THEN 'failed' ELSE 'waiting' END FROM event e WHERE e.id = i.event_id)
    WHEN EXISTS (SELECT 1 FROM event e WHERE e.dossier_id = i.dossier_id AND e.kind = 'resolved'
        AND e.status = 'pending' AND e.payload->>'incident' = CAST(i.id AS text)) THEN 'waiting'
    WHEN EXISTS (SELECT 1 FROM incident n WHERE n.dossier_id = i.dossier_id AND n.id > i.id
        AND n.task IS NOT DISTINCT FROM i.task AND n.status <> 'closed') THEN 'failed'
    ELSE 'verified' END
"""
"""SQL that says of an incident ``i`` what became of it: dealt with counts only once the work really ran."""

_OUTCOME_OF = text(f"SELECT {OUTCOME} FROM incident i WHERE i.id = :id")
_CHOSEN = text(
    f"SELECT i.id, i.cause, i.partner, d.code AS dossier, i.title, i.status, i.actions {_FROM}"
    " WHERE i.id = ANY(:ids) AND (CAST(:unit AS text) IS NULL"
    " OR :unit IN (d.receiving_unit, d.competent_unit, d.returning_unit)) ORDER BY i.id"
)


def group_incidents(connection: Connection, wanted: IncidentFilter, *, limit: int = 100) -> list[Group]:
    """The groups that fit, the largest first."""
    where, given = _where(wanted)
    statement = text(
        "SELECT i.cause, i.partner, i.element, d.procedure_code AS procedure, i.said, count(*) AS count,"
        " count(DISTINCT i.dossier_id) AS dossiers, min(i.opened_at) AS first_at, max(i.opened_at) AS last_at,"
        " count(*) FILTER (WHERE i.opened_at > now() - interval '1 hour') AS last_hour,"
        " count(*) FILTER (WHERE i.opened_at > now() - interval '1 day') AS last_day,"
        " array_agg(DISTINCT d.competent_unit) FILTER (WHERE d.competent_unit IS NOT NULL) AS units"
        f" {_FROM} {where} GROUP BY 1, 2, 3, 4, 5 ORDER BY count(*) DESC, 1, 2, 3, 4, 5 LIMIT :limit"
    )
    rows = connection.execute(statement, {**given, "limit": limit}).mappings()
    return [Group(**{**row, "units": tuple(row["units"] or ())}) for row in rows]


def after_retry(connection: Connection, wanted: IncidentFilter, *, limit: int = 100) -> list[Retried]:
    """Per cause and place, what became of those dealt with in the last day by running them again; the newest 5,000."""
    where, given = _where(replace(wanted, status=None))
    again = f"{where} {'AND' if where else 'WHERE'} i.resolution = ANY(CAST(:again AS text[]))"
    statement = text(
        "SELECT cause, partner, element, procedure, count(*) FILTER (WHERE came = 'verified') AS verified,"
        " count(*) FILTER (WHERE came = 'failed') AS failed, count(*) FILTER (WHERE came = 'waiting') AS waiting"
        f" FROM (SELECT i.cause, i.partner, i.element, d.procedure_code AS procedure, {OUTCOME} AS came {_FROM} {again}"
        " AND i.status = 'closed' AND i.closed_at > now() - interval '1 day' ORDER BY i.id DESC LIMIT :newest) found"
        " GROUP BY 1, 2, 3, 4 ORDER BY 6 DESC, 7 DESC, 5 DESC, 1, 2, 3, 4 LIMIT :limit"
    )
    given |= {"again": list(RUN_AGAIN), "newest": 5_000, "limit": limit}
    return [Retried(**row) for row in connection.execute(statement, given).mappings()]


def by_cause(connection: Connection, wanted: IncidentFilter) -> dict[str, int]:
    """How many fit of each cause, those of most first."""
    where, given = _where(wanted)
    statement = text(f"SELECT i.cause, count(*) {_FROM} {where} GROUP BY 1 ORDER BY 2 DESC, 1")
    return {row[0]: row[1] for row in connection.execute(statement, given)}


def count_incidents(
    connection: Connection, wanted: IncidentFilter, *, most: int = _COUNT_LIMIT
) -> tuple[int, bool]:
    """How many fit, counted up to *most*, and whether that is all."""
    where, given = _where(wanted)
    statement = text(f"SELECT count(*) FROM (SELECT 1 {_FROM} {where} LIMIT :most) AS counted")
    number = int(connection.scalar(statement, {**given, "most": most + 1}) or 0)
    return min(number, most), number <= most


def ids_of(connection: Connection, wanted: IncidentFilter, *, limit: int) -> list[int]:
    """The ids of all that fit, oldest first, at most *limit*."""
    where, given = _where(wanted)
    statement = text(f"SELECT i.id {_FROM} {where} ORDER BY i.id LIMIT :limit")
    return [row[0] for row in connection.execute(statement, {**given, "limit": limit})]


def chosen(connection: Connection, ids: Sequence[int], *, unit: str | None) -> list[Chosen]:
    """Those of *ids* that there are and that a visitor of *unit* may see, oldest first."""
    rows = connection.execute(_CHOSEN, {"ids": list(ids), "unit": unit}).mappings()
    return [Chosen(**{**row, "actions": tuple(row["actions"])}) for row in rows]


def outcome(connection: Connection, incident: int) -> str:
    """What became of an incident that exists: one of `OUTCOMES`."""
    return str(connection.scalar(_OUTCOME_OF, {"id": incident}))


def _where(wanted: IncidentFilter) -> tuple[str, dict[str, object]]:
    given = {name: getattr(wanted, name) for name in _CLAUSES if getattr(wanted, name) is not None}
    return (f"WHERE {' AND '.join(_CLAUSES[name] for name in given)}" if given else ""), given
