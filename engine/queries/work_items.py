"""What people have to do: the open work items of a unit, and one item with its form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, RowMapping, text

from engine import errors
from engine.dossiers.filling import filled
from engine.exchange.ports import Json
from engine.queries.sorting import Key, Place, Sorting


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItemFilter:
    """What a list is narrowed to; None does not narrow."""

    status: str | None = None
    unit: str | None = None
    group: str | None = None
    dossier: str | None = None
    procedure: str | None = None
    element: str | None = None
    claimed_by: str | None = None
    late_at: datetime | None = None  # only of dossiers whose due date was before
    sort: str = "opened"  # one of `SORTING`


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """A task that a person must do, for a role of a unit."""

    id: int
    dossier: str
    dossier_id: int
    deployment: int
    task: str
    element: str
    name: str
    groups: tuple[str, ...]
    unit: str
    form: str | None
    status: str  # open | taken | done | cancelled
    claimed_by: str | None
    decided_by: str | None
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime | None  # the dossier's
    suspended: bool  # its dossier is: a decision is kept, and applied later


_ID = Key(sql="{w}.id", type="bigint", of=lambda row: row.id)
SORTING = Sorting(
    rows="work_item {w} JOIN dossier {d} ON {d}.id = {w}.dossier_id",
    tables=("w", "d"),
    sorts={
        "opened": (_ID,),
        "due": (
            Key(
                sql="coalesce({d}.due_at, TIMESTAMPTZ 'infinity')",
                type="timestamptz",
                of=lambda row: row.due_at.isoformat() if row.due_at else "infinity",
            ),
            _ID,
        ),
    },
)
"""What the list can be sorted by: how long it is open, when its dossier is due."""

_COLUMNS = (
    "w.id, d.code AS dossier, w.dossier_id, d.deployment_id AS deployment, w.task, w.element, w.name, w.groups, w.unit,"
    " w.form, w.status, w.claimed_by, w.decided_by, w.opened_at, w.closed_at, d.due_at,"
    " EXISTS (SELECT 1 FROM suspension s WHERE s.dossier_id = w.dossier_id) AS suspended"
)

_CLAUSES = {
    "status": "w.status = :status",
    "unit": "w.unit = :unit",
    "group": "w.groups @> CAST(:group AS jsonb)",
    "dossier": "d.code = :dossier",
    "procedure": "d.procedure_code = :procedure",
    "element": "w.element = :element",
    "claimed_by": "w.claimed_by = :claimed_by",
    "late_at": "d.due_at < :late_at",
}

_ONE = text(f"SELECT {_COLUMNS} FROM work_item w JOIN dossier d ON d.id = w.dossier_id WHERE w.id = :id")

_ENTERED = text("SELECT given, data FROM work_item WHERE id = :id")

_FORMS = text("SELECT name, original FROM model WHERE deployment_id = :deployment AND kind = 'form'")


def find_work_items(
    connection: Connection,
    wanted: WorkItemFilter,
    *,
    limit: int,
    after: int | None = None,
    place: Place | None = None,
) -> list[WorkItem]:
    """The first work items that fit, in their order, at most *limit*; *after* and *place* as for `dossier_list.find_lines`."""
    values: dict[str, object] = {
        "status": wanted.status,
        "unit": wanted.unit,
        "group": orjson.dumps([wanted.group]).decode() if wanted.group else None,
        "dossier": wanted.dossier,
        "procedure": wanted.procedure,
        "element": wanted.element,
        "claimed_by": wanted.claimed_by,
        "late_at": wanted.late_at,
    }
    given = {name: value for name, value in values.items() if value is not None}
    order = SORTING.order(wanted.sort)
    clauses = [_CLAUSES[name] for name in given] + ([order.behind] if after is not None else [])
    clauses += [order.beyond] if place is not None else []
    given |= order.values(place) if place is not None else {}
    where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
    statement = text(
        f"SELECT {_COLUMNS} FROM work_item w JOIN dossier d ON d.id = w.dossier_id {where}"
        f" ORDER BY {order.by} LIMIT :limit"
    )
    rows = connection.execute(statement, {**given, "after": after, "limit": limit})
    return [_item(row) for row in rows.mappings()]


def get_work_item(connection: Connection, work_item: int) -> WorkItem:
    """Raises: WorkItemNotFound."""
    row = connection.execute(_ONE, {"id": work_item}).mappings().first()
    if row is None:
        raise errors.WorkItemNotFound(work_item=work_item)
    return _item(row)


def find_form(connection: Connection, deployment: int, form: str) -> Mapping[str, Json] | None:
    """The bpmn.io form with the id *form* (or in the file of that name) of a deployment."""
    found: dict[str, Mapping[str, Json]] = {}
    for name, original in connection.execute(_FORMS, {"deployment": deployment}):
        body = orjson.loads(bytes(original))
        if isinstance(body, dict):
            found[str(name).rsplit("/", 1)[-1].removesuffix(".form")] = body
            found[str(body.get("id") or "")] = body
    return found.get(form)


def get_entries(connection: Connection, work_item: int) -> tuple[Mapping[str, Json], Mapping[str, Json]]:
    """What the form of an item that exists begins with, and what was decided; both may be empty. Personal data."""
    given, data = connection.execute(_ENTERED, {"id": work_item}).one()
    return given or {}, data or {}


def find_filled_form(connection: Connection, item: WorkItem) -> Mapping[str, Json] | None:
    """The form of *item* with what its task's inputs give it: this is what is shown, and what entries are checked by."""
    form = find_form(connection, item.deployment, item.form) if item.form else None
    return filled(form, get_entries(connection, item.id)[0]) if form is not None else None


def _item(row: RowMapping) -> WorkItem:
    return WorkItem(**{**row, "groups": tuple(row["groups"])})
