"""The list of dossiers: every filter in its address, the state of each in a word, who holds it."""

from typing import Annotated, Literal

from flask import Blueprint
from pydantic import Field

from engine.actions.receive import searchable
from engine.queries import dossier_list, procedures
from engine.queries.dossier_list import SITUATIONS, Wanted
from web import cursors
from web.console import rendering
from web.console.access import right, visitor
from web.console.rendering import ROWS, View, counted, page, read
from web.container import Container

Situation = Literal["", "incident", "unknown", "work-item", "call", "message", "paused", "over"]


class DossiersView(View):
    """The list's address."""

    q: str = Field(default="", max_length=64)
    status: Annotated[int, Field(ge=1, le=10)] | Literal[""] = ""
    procedure: str = Field(default="", max_length=32)
    unit: str = Field(default="", max_length=32)
    partner: str = Field(default="", max_length=64)
    situation: Situation = ""
    late: Literal["", "yes"] = ""
    since: str = Field(default="", max_length=10)
    until: str = Field(default="", max_length=10)
    cursor: str | None = Field(default=None, max_length=2000)


def add(blueprint: Blueprint, container: Container) -> None:
    """``/ho-so``."""

    @blueprint.get("/ho-so")
    @right("see")
    def dossier_list_page() -> str:
        view = read(DossiersView)
        wanted = _wanted(view, container)
        after = cursors.read(container, view.cursor, view.bound)
        with container.store.reading() as connection:
            found = dossier_list.find_lines(connection, wanted, after=after, limit=ROWS + 1)
            count, exact = dossier_list.count_lines(connection, wanted)
            offered = procedures.list_procedures(connection)
        rows, following = rendering.rows_of(container, found, view.bound)
        vietnamese = rendering.language() == "vi"
        return page(
            "dossiers.html",
            container,
            view=view,
            rows=rows,
            count=counted(count, exact),
            following=following,
            names={one.code: one.name_vi if vietnamese else one.name_en for one in offered},
            situations=SITUATIONS,
            partners=[card.name for card in container.partners.cards()],
            filtered=any(value != "" for name, value in view.bound.items()),
        )


def _wanted(view: DossiersView, container: Container) -> Wanted:
    return Wanted(
        words=view.q or None,
        name=searchable(view.q) or None,
        status=view.status or None,
        procedure=view.procedure or None,
        unit=view.unit or None,
        own_unit=visitor().unit,
        partner=view.partner or None,
        situation=view.situation or None,
        late_at=container.clock.now() if view.late else None,
        since=rendering.day_begins(view.since),
        until=rendering.day_ends(view.until),
    )
