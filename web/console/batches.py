"""Bulk acts in three steps: choose, see what exactly would be done, confirm; and the batches with their honest totals."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from flask import Blueprint, Response, request
from pydantic import Field

from engine import errors
from engine.actions import batch_control
from engine.queries import batches, incident_groups
from engine.queries.batches import BatchFilter
from engine.queries.incident_groups import Chosen
from web import cursors
from web.choosing import NEEDS_DATA, can_act_on_incident
from web.console import bulk, exports, rendering
from web.console.access import right, visitor
from web.console.exports import Column, Exported, Listed, plain
from web.console.incidents import IncidentsView, wanted_by
from web.console.rendering import ROWS, View, back, page, read
from web.container import Container
from web.freezing import Frozen


class BatchesView(View):
    """The list's address."""

    action: str = Field(default="", max_length=64)
    subject: Literal["", "incident", "dossier", "call"] = ""
    who: str = Field(default="", max_length=100)
    standing: Literal["", "running", "paused", "cancelled", "finished"] = ""
    since: str = Field(default="", max_length=10)
    until: str = Field(default="", max_length=10)
    cursor: str | None = Field(default=None, max_length=2000)


class BatchView(View):
    cursor: str | None = Field(default=None, max_length=2000)


def add(blueprint: Blueprint, container: Container) -> None:
    """``/su-co/xem-truoc``, ``/lo`` and ``/lo/<id>``."""
    _add_preview(blueprint, container)
    _add_list(blueprint, container)
    _add_one(blueprint, container)
    _add_items(blueprint, container)


def _add_preview(blueprint: Blueprint, container: Container) -> None:
    @blueprint.post("/su-co/xem-truoc")
    @right("act")
    def preview() -> str:
        action = _action()
        ids, total = _ids(container)
        able = [one for one in _chosen(container, ids) if can_act_on_incident(one, action)]
        frozen = Frozen(
            action=action, ids=tuple(one.id for one in able), ignored=len(ids) - len(able), total=total
        )
        return _preview(container, frozen, able, problem=None)

    @blueprint.post("/lo")
    @right("act")
    def confirm() -> Response:
        def again(frozen: Frozen, problem: errors.LienthongError) -> str:
            able = [one for one in _chosen(container, frozen.ids) if can_act_on_incident(one, frozen.action)]
            return _preview(container, frozen, able, problem=problem)

        return bulk.confirm(container, "incident", again)


def _preview(
    container: Container, frozen: Frozen, able: list[Chosen], *, problem: errors.LienthongError | None
) -> str:
    """*able*: those of the frozen list that the act can still be done about."""
    return bulk.preview(
        "batch_preview.html",
        container,
        "incident",
        frozen,
        able,
        problem=problem,
        by_cause=Counter(one.cause for one in able).most_common(),
        by_partner=Counter(one.partner or "–" for one in able).most_common(),
    )


def _add_list(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/lo")
    @right("see")
    def batch_list() -> str:
        view = read(BatchesView)
        _check_all_units()
        wanted = _wanted(view)
        after = cursors.read(container, view.cursor, view.bound)
        with container.store.reading() as connection:
            found = batches.find_batches(connection, wanted, after=after, limit=ROWS + 1)
        rows, following = rendering.rows_of(container, found, view.bound)
        return page(
            "batches.html",
            container,
            view=view,
            rows=rows,
            following=following,
            standings=batches.STANDINGS,
            filtered=any(value for value in view.bound.values()),
        )


def _add_one(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/lo/<int:id>")
    @right("see")
    def batch_page(id: int) -> str:  # noqa: A002
        return _shown(container, id)

    @blueprint.post("/lo/<int:id>")
    @right("act")
    def act_on_batch(id: int) -> Response:  # noqa: A002
        _check_all_units()
        action = request.form.get("action", "")[:64]
        try:
            batch_control.act(container.store, id, action, by=visitor().name, reason=rendering.reason())
        except (errors.RequestInvalid, errors.ActionNotNow) as problem:
            return Response(
                _shown(container, id, problem), status=problem.status, content_type="text/html; charset=utf-8"
            )
        return back(f"/lo/{id}", "done")


def _shown(container: Container, id_: int, problem: errors.LienthongError | None = None) -> str:
    view = read(BatchView)
    _check_all_units()
    bound = {**view.bound, "batch": id_}
    after = cursors.read(container, view.cursor, bound)
    with container.store.reading() as connection:
        batch = batches.get_batch(connection, id_)
        found = batches.items_of(connection, id_, after=after, limit=ROWS + 1)
        came = batches.outcomes(connection, id_)
    rows, following = rendering.rows_of(container, found, bound, key="item")
    return page(
        "batch.html",
        container,
        batch=batch,
        rows=rows,
        following=following,
        outcomes=came,
        acts=batch_control.possible(batch.state, waiting=batch.waiting, failed=batch.failed),
        problem=problem,
        typed=request.form if problem else {},
    )


def _add_items(blueprint: Blueprint, container: Container) -> None:
    def add_file(kind: str) -> None:
        @right("see")
        def items_file(id: int) -> Response:  # noqa: A002
            read(View)
            _check_all_units()
            with container.store.reading() as connection:
                batches.get_batch(connection, id)
            listed = Listed(
                find=lambda connection, after, limit: batches.items_of(
                    connection, id, after=after, limit=limit
                ),
                bound={},
                key="item",
            )
            return exports.respond(container, f"/lo/{id}", kind, ITEM_COLUMNS, listed)

        blueprint.add_url_rule(f"/lo/<int:id>/muc.{kind}", f"batch_items_{kind}", items_file)

    for kind in exports.TYPES:
        add_file(kind)


def _wanted(view: BatchesView) -> BatchFilter:
    return BatchFilter(
        action=view.action or None,
        subject=view.subject or None,
        who=view.who or None,
        standing=view.standing or None,
        since=rendering.day_begins(view.since),
        until=rendering.day_ends(view.until),
    )


def _check_all_units() -> None:
    """Raises: NotAllowed: a batch is of many units, its visitor of one."""
    if visitor().unit is not None:
        raise errors.NotAllowed(what="see batches, which are of many units")


def _action() -> str:
    action = request.form.get("action", "")[:64]
    if not action or action in NEEDS_DATA:
        raise errors.RequestInvalid(reason=f"the act {action or '(none)'} cannot be done for many at once")
    return action


def _ids(container: Container) -> tuple[list[int], int]:
    """What is chosen, and how many match. Raises: RequestInvalid."""
    return bulk.ids(
        container,
        "incident",
        lambda: wanted_by(bulk.filter_of(IncidentsView)),
        incident_groups.ids_of,
        incident_groups.count_incidents,
    )


def _chosen(container: Container, ids: Sequence[int]) -> list[Chosen]:
    with container.store.reading() as connection:
        return incident_groups.chosen(connection, ids, unit=visitor().unit)


def _listed(_container: Container) -> Listed:
    view = read(BatchesView)
    _check_all_units()
    wanted = _wanted(view)
    return Listed(
        find=lambda connection, after, limit: batches.find_batches(
            connection, wanted, after=after, limit=limit
        ),
        bound=view.bound,
    )


ITEM_COLUMNS = (
    *plain("item", "dossier", "title"),
    Column("status", "batch"),
    Column("outcome", "outcome"),
    *plain("detail", "done_at"),
)
"""What the file of a batch's items shows."""
_COLUMNS = (
    *plain("id"),
    Column("action", "act"),
    *plain("who", "reason", "target", "created_at", "total", "done", "skipped", "failed", "waiting"),
)
EXPORT = Exported(path="/lo", right="see", columns=_COLUMNS, listed=_listed)
