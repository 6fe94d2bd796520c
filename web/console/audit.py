"""The audit trail: who did what, when, why; by sequence, never deleted."""

from flask import Blueprint
from pydantic import Field

from engine.queries import operations
from engine.queries.operations import AuditFilter
from web import cursors
from web.console import rendering
from web.console.access import right
from web.console.exports import Exported, Listed, plain
from web.console.rendering import ROWS, View, page, read
from web.container import Container


class AuditView(View):
    """The list's address."""

    who: str = Field(default="", max_length=100)
    what: str = Field(default="", max_length=64)
    dossier: str = Field(default="", max_length=64)
    since: str = Field(default="", max_length=10)
    until: str = Field(default="", max_length=10)
    cursor: str | None = Field(default=None, max_length=2000)


def add(blueprint: Blueprint, container: Container) -> None:
    """``/nhat-ky``."""

    @blueprint.get("/nhat-ky")
    @right("audit")
    def audit_list() -> str:
        view = read(AuditView)
        wanted = _wanted(view)
        after = cursors.read(container, view.cursor, view.bound)
        with container.store.reading() as connection:
            found = operations.find_audit(connection, wanted, after=after, limit=ROWS + 1)
        rows, following = rendering.rows_of(container, found, view.bound)
        return page(
            "audit.html",
            container,
            view=view,
            rows=rows,
            following=following,
            filtered=any(value for value in view.bound.values()),
        )


def _wanted(view: AuditView) -> AuditFilter:
    return AuditFilter(
        who=view.who or None,
        what=view.what or None,
        dossier=view.dossier or None,
        since=rendering.day_begins(view.since),
        until=rendering.day_ends(view.until),
    )


def _listed(_container: Container) -> Listed:
    view = read(AuditView)
    wanted = _wanted(view)
    return Listed(
        find=lambda connection, after, limit: operations.find_audit(
            connection, wanted, after=after, limit=limit
        ),
        bound=view.bound,
    )


EXPORT = Exported(
    path="/nhat-ky",
    right="audit",
    columns=plain("id", "at", "who", "what", "dossier", "reason", "facts"),
    listed=_listed,
)
