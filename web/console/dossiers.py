"""The list of dossiers: every filter in its address, the state of each in a word, who holds it since when, when it is due."""

from datetime import timedelta
from functools import partial
from typing import Annotated, Literal

from flask import Blueprint
from pydantic import Field, model_validator

from engine import errors
from engine.actions.batches import DOSSIER_ACTS
from engine.dossiers.indexing import searchable
from engine.queries import diagrams, dossier_list, indexed, procedures
from engine.queries.clock import Clocks
from engine.queries.dossier_list import NEWEST_FIRST, SEARCHED, SITUATIONS, SORTING, Line, Wanted
from engine.queries.indexed import Sought
from engine.storage.database import Connection
from web import cursors, variables
from web.console import bulk, rendering
from web.console.access import right, visitor
from web.console.exports import Column, Exported, Listed, chosen_by, plain
from web.console.rendering import ROWS, View, counted, page, read
from web.container import Container
from web.variables import MARK, Variables, filled

Situation = Literal[
    "", "suspended", "incident", "unknown", "retrying", "work-item", "call", "message", "paused", "over"
]
Day = Annotated[str, Field(default="", max_length=10)]


class DossiersView(View):
    """The list's address. A range is of whole days in Vietnam, the last one included."""

    q: str = Field(default="", max_length=64)
    status: Annotated[int, Field(ge=1, le=10)] | Literal[""] = ""
    procedure: str = Field(default="", max_length=32)
    version: Annotated[int, Field(ge=1, lt=2**31)] | Literal[""] = ""
    step: str = Field(default="", max_length=200)
    unit: str = Field(default="", max_length=32)
    partner: str = Field(default="", max_length=64)
    situation: Situation = ""
    incident: Literal["", "yes", "no"] = ""
    late: Literal["", "yes", "no"] = ""
    since: Day
    until: Day
    received_since: Day
    received_until: Day
    active_since: Day
    active_until: Day
    due_since: Day
    due_until: Day
    sort: Literal["", "submitted", "due", "-due", "changed", "-changed"] = ""
    cursor: str | None = Field(default=None, max_length=2000)
    variables: Variables = Field(default_factory=dict)

    _gathered = model_validator(mode="before")(filled)

    @classmethod
    def takes(cls, name: str) -> bool:
        return name.startswith(MARK) or super().takes(name)

    @property
    def bound(self) -> dict[str, object]:
        """Every filter, each variable under its own name."""
        given = super().bound
        del given["variables"]
        return given | self.variables


RANGES = ("received", "active", "due")


def add(blueprint: Blueprint, container: Container) -> None:
    """``/ho-so``."""
    clocks = Clocks()

    @blueprint.get("/ho-so")
    @right("see")
    def dossier_list_page() -> str:
        view = read(DossiersView)
        wanted = wanted_by(view, container)
        place = cursors.read_place(container, view.cursor, view.bound)
        with container.store.reading() as connection:
            found = dossier_list.find_lines(connection, wanted, place=place, limit=ROWS + 1)
            count, exact = dossier_list.count_lines(connection, wanted)
            bounded = dossier_list.is_bounded(connection, wanted)
            offered = procedures.list_procedures(connection)
            named = indexed.variables_of(connection, view.procedure) if view.procedure else []
            labels = diagrams.labels_of(connection, {row.deployment for row in found})
            left = {row.id: _left(connection, clocks, row, container) for row in found}
        rows, following = rendering.places_of(
            container, found, view.bound, partial(SORTING.place, wanted.sort)
        )
        vietnamese = rendering.language() == "vi"
        return page(
            "dossiers.html",
            container,
            view=view,
            rows=rows,
            left=left,
            labels=labels,
            count=counted(count, exact),
            exact=exact,
            following=following,
            names={one.code: one.name_vi if vietnamese else one.name_en for one in offered},
            situations=SITUATIONS,
            ranges=RANGES,
            acts=tuple(DOSSIER_ACTS),
            variables=named,
            mark=MARK,
            partner_names=rendering.partner_names(container),
            searched=counted(SEARCHED, True) if bounded else "",
            filtered=any(value != "" for name, value in view.bound.items() if name != "sort"),
        )


def wanted_by(view: DossiersView, container: Container) -> Wanted:
    """What the address narrows to, for this visitor. Raises: RequestInvalid."""
    begins, ends = rendering.day_begins, rendering.day_ends
    if view.version != "" and not view.procedure:
        raise errors.RequestInvalid(reason="a version is one of a procedure: choose the procedure, too")
    sought: tuple[Sought, ...] = ()
    if view.variables:
        with container.store.reading() as connection:
            sought = variables.wanted(connection, view.procedure, view.variables)
    return Wanted(
        words=view.q or None,
        name=searchable(view.q) or None,
        status=view.status or None,
        procedure=view.procedure or None,
        version=view.version or None,
        step=view.step or None,
        unit=view.unit or None,
        own_unit=visitor().unit,
        partner=view.partner or None,
        situation=view.situation or None,
        has_incident=None if not view.incident else view.incident == "yes",
        late_at=container.clock.now() if view.late == "yes" else None,
        in_time_at=container.clock.now() if view.late == "no" else None,
        since=begins(view.since),
        until=ends(view.until),
        received_from=begins(view.received_since),
        received_until=ends(view.received_until),
        active_from=begins(view.active_since),
        active_until=ends(view.active_until),
        due_from=begins(view.due_since),
        due_until=ends(view.due_until),
        variables=sought,
        sort=view.sort or NEWEST_FIRST,
    )


def _left(
    connection: Connection, clocks: Clocks, row: Line, container: Container
) -> tuple[timedelta, timedelta] | None:
    """The working time until it is due (negative: late) and the length of a working day; None: nothing is due."""
    if row.due_at is None or row.finished_at is not None:
        return None
    calendar = clocks.calendar(connection, row.calendar, row.calendar_version)
    return calendar.working_time_between(container.clock.now(), row.due_at), calendar.day_length


def _listed(container: Container) -> Listed:
    return _listed_by(read(DossiersView), container)


def _chosen(container: Container) -> Listed:
    return chosen_by(
        "dossier",
        lambda connection, ids: dossier_list.chosen(connection, ids, unit=visitor().unit)[::-1],
        lambda: _listed_by(bulk.filter_of(DossiersView), container),
    )


def _listed_by(view: DossiersView, container: Container) -> Listed:
    wanted = wanted_by(view, container)
    return Listed(
        find=lambda connection, after, limit: dossier_list.find_lines(
            connection, wanted, after=after, limit=limit
        ),
        bound=view.bound,
    )


_COLUMNS = (
    *plain("code", "procedure", "version", "status"),
    Column("situation", "situation"),
    *plain(
        "step",
        "phase",
        "waiting_since",
        "item_unit",
        "call",
        "message",
        "retries",
        "competent_unit",
        "submitted_at",
        "received_at",
        "due_at",
        "changed_at",
        "last_message",
        "last_message_at",
        "finished_at",
    ),
)
EXPORT = Exported(path="/ho-so", right="see", columns=_COLUMNS, listed=_listed, chosen=_chosen)
