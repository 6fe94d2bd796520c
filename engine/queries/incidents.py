"""What a person must decide: open incidents, newest first, and one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, text

from engine.exchange.ports import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFilter:
    """What a list is narrowed to; None does not narrow. *unit* narrows to the dossiers of a unit; an empty *owner* to those
    that nobody looks after, *said* to those that say the same but for numbers."""

    status: str | None = None
    cause: str | None = None
    partner: str | None = None
    dossier: str | None = None
    unit: str | None = None
    procedure: str | None = None
    element: str | None = None
    opened_from: datetime | None = None
    opened_before: datetime | None = None
    owner: str | None = None
    said: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident and the acts that are possible; *dossier* is a code."""

    id: int
    cause: str
    title: str
    dossier: str | None
    partner: str | None
    call: int | None
    event: int | None
    task: str | None
    element: str | None
    facts: Mapping[str, Json]
    actions: tuple[str, ...]
    status: str  # open | acting | closed
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    resolution: str | None
    owner: str | None = None
    note: str | None = None
    ticket: str | None = None

    @property
    def ticket_address(self) -> str | None:
        """Where the ticket leads, if it is an address."""
        return self.ticket if self.ticket and self.ticket.startswith(("https://", "http://")) else None


_COLUMNS = (
    "i.id, i.cause, i.title, d.code AS dossier, i.partner, i.call_id AS call, i.event_id AS event, i.task, i.element,"
    " i.facts, i.actions, i.status, i.opened_at, i.closed_at, i.closed_by, i.resolution, i.owner, i.note, i.ticket"
)

_CLAUSES = {
    "status": "i.status = :status",
    "cause": "i.cause = :cause",
    "partner": "i.partner = :partner",
    "dossier": "d.code = :dossier",
    "unit": ":unit IN (d.receiving_unit, d.competent_unit, d.returning_unit)",
    "procedure": "d.procedure_code = :procedure",
    "element": "i.element = :element",
    "opened_from": "i.opened_at >= :opened_from",
    "opened_before": "i.opened_at < :opened_before",
    "owner": "coalesce(i.owner, '') = :owner",
    "said": "i.said = :said",
    "id": "i.id = :id",
    "ids": "i.id = ANY(CAST(:ids AS bigint[]))",
}


def find_incidents(
    connection: Connection, wanted: IncidentFilter, *, after: int | None, limit: int
) -> list[Incident]:
    """The newest incidents that fit, at most *limit*; *after* is the id of the last one of the page before."""
    values = {name: getattr(wanted, name) for name in IncidentFilter.__dataclass_fields__}
    given = {name: value for name, value in values.items() if value is not None}
    clauses = [_CLAUSES[name] for name in given] + (["i.id < :after"] if after is not None else [])
    return _find(connection, clauses, {**given, "after": after, "limit": limit})


def find_incident(connection: Connection, incident: int) -> Incident | None:
    """One incident, whatever its state."""
    return next(iter(_find(connection, [_CLAUSES["id"]], {"id": incident, "limit": 1})), None)


def chosen(connection: Connection, ids: Sequence[int], *, unit: str | None) -> list[Incident]:
    """Those of *ids* that there are and that a visitor of *unit* may see, newest first."""
    clauses = [_CLAUSES["ids"], *([_CLAUSES["unit"]] if unit else [])]
    return _find(connection, clauses, {"ids": list(ids), "unit": unit, "limit": len(ids)})


def _find(connection: Connection, clauses: list[str], parameters: dict[str, object]) -> list[Incident]:
    where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
    statement = text(
        f"SELECT {_COLUMNS} FROM incident i LEFT JOIN dossier d ON d.id = i.dossier_id {where}"
        " ORDER BY i.id DESC LIMIT :limit"
    )
    return [_incident(row) for row in connection.execute(statement, parameters).mappings()]


def _incident(row: RowMapping) -> Incident:
    return Incident(**{**row, "actions": tuple(row["actions"])})
