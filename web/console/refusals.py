"""What was refused at the door: who sent it, why it was not taken, how often it came. Read only; the sender was told."""

from functools import partial

from flask import Blueprint
from pydantic import Field

from engine.queries import refusals
from engine.queries.refusals import RefusalFilter, RefusalLine
from engine.storage.database import Connection
from web import cursors, telling
from web.console import rendering
from web.console.access import right, visitor
from web.console.exports import Exported, Listed, plain
from web.console.rendering import ROWS, View, language, page, read
from web.container import Container

PATH = "/thong-diep/tu-choi"


class RefusalsView(View):
    """The list's address; *code* is the error that the sender was told."""

    source: str = Field(default="", max_length=64)
    code: str = Field(default="", max_length=64)
    since: str = Field(default="", max_length=10)
    until: str = Field(default="", max_length=10)
    cursor: str | None = Field(default=None, max_length=2000)


def add(blueprint: Blueprint, container: Container) -> None:
    """``/thong-diep/tu-choi``; whoever belongs to a unit sees none of them."""

    @blueprint.get(PATH)
    @right("see")
    def refusal_list() -> str:
        view = read(RefusalsView)
        after = cursors.read(container, view.cursor, view.bound)
        with container.store.reading() as connection:
            found = _found(view, connection, after, ROWS + 1)
            codes = refusals.codes(connection)
        rows, following = rendering.rows_of(container, found, view.bound)
        return page(
            "refusals.html",
            container,
            view=view,
            rows=rows,
            following=following,
            codes=[(code, _called(code)) for code in codes],
            called=_called,
            filtered=any(value for value in view.bound.values()),
        )


def _found(view: RefusalsView, connection: Connection, after: int | None, limit: int) -> list[RefusalLine]:
    """What the visitor may see of them: nothing where they are of one unit, as what was refused is of none."""
    if visitor().unit is not None:
        return []
    return refusals.find_refusals(connection, _wanted(view), after=after, limit=limit)


def _called(code: str) -> str:
    known = telling.known().get(code)
    return telling.entry(code, known, language())["title"] if known else code


def _wanted(view: RefusalsView) -> RefusalFilter:
    return RefusalFilter(
        source=view.source or None,
        code=view.code or None,
        since=rendering.day_begins(view.since),
        until=rendering.day_ends(view.until),
    )


def _listed(_container: Container) -> Listed:
    view = read(RefusalsView)
    return Listed(
        find=partial(_found, view),
        bound=view.bound,
    )


EXPORT = Exported(
    path=PATH,
    right="see",
    columns=plain(
        "id",
        "at",
        "source",
        "operation",
        "code",
        "reason",
        "size_bytes",
        "body_sha256",
        "repeats",
        "repeated_at",
    ),
    listed=_listed,
)
