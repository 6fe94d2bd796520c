"""The audit trail: who did what, when, from where, why; by sequence, never deleted, sealed nightly."""

from typing import Literal

from flask import Blueprint
from pydantic import Field

from engine.actions import seal
from engine.queries import operations
from engine.queries.operations import SEARCHED, AuditFilter
from engine.storage.seals import Checked
from web import cursors
from web.console import rendering
from web.console.access import right, visitor
from web.console.exports import Exported, Listed, plain
from web.console.rendering import ROWS, View, page, read
from web.container import Container
from web.words import words


class AuditView(View):
    """The list's address."""

    who: str = Field(default="", max_length=100)
    what: str = Field(default="", max_length=64)
    dossier: str = Field(default="", max_length=64)
    since: str = Field(default="", max_length=10)
    until: str = Field(default="", max_length=10)
    result: Literal["", "done", "refused"] = ""
    address: str = Field(default="", max_length=64)
    words: str = Field(default="", max_length=100)
    cursor: str | None = Field(default=None, max_length=2000)


def add(blueprint: Blueprint, container: Container) -> None:
    """``/nhat-ky``, and the check of its seals."""

    @blueprint.get("/nhat-ky")
    @right("audit")
    def audit_list() -> str:
        return _shown(container, read(AuditView), None)

    @blueprint.post("/nhat-ky/kiem-tra")
    @right("audit")
    def check_seals() -> str:
        return _shown(container, AuditView(), seal.check_audit(container.store, by=visitor().name))


def _shown(container: Container, view: AuditView, checked: Checked | None) -> str:
    """The list, with what a check of the seals found where one was asked for."""
    wanted = _wanted(view)
    after = cursors.read(container, view.cursor, view.bound)
    with container.store.reading() as connection:
        found = operations.find_audit(connection, wanted, after=after, limit=ROWS + 1)
        sealed = operations.last_seal(connection)
    rows, following = rendering.rows_of(container, found, view.bound)
    t = words(rendering.language())
    return page(
        "audit.html",
        container,
        view=view,
        rows=rows,
        following=following,
        sealed=sealed,
        checked=checked,
        acts=sorted((t.of("audit", code), code) for code in known_acts()),
        searched=rendering.counted(SEARCHED, True) if view.address or view.words else "",
        filtered=any(value for value in view.bound.values()),
    )


def known_acts() -> list[str]:
    """Every act that has a word, by its code."""
    return [
        name.removeprefix("audit_").replace("_", "-") for name in words("en") if name.startswith("audit_")
    ]


def _wanted(view: AuditView) -> AuditFilter:
    return AuditFilter(
        who=view.who or None,
        what=view.what or None,
        dossier=view.dossier or None,
        since=rendering.day_begins(view.since),
        until=rendering.day_ends(view.until),
        refused=None if not view.result else view.result == "refused",
        address=view.address or None,
        words=view.words or None,
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
    columns=plain("id", "at", "who", "address", "what", "refused", "dossier", "reason", "facts"),
    listed=_listed,
)
