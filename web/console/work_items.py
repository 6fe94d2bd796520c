"""What officers do: the open work items of their unit, one with its form, and the decision, taken once."""

from functools import partial
from typing import Literal

from flask import Blueprint, Response, request
from pydantic import Field
from werkzeug.datastructures import MultiDict

from engine import errors
from engine.actions import work_items as acts
from engine.queries import work_items
from engine.queries.work_items import SORTING, WorkItem, WorkItemFilter
from web import cursors, masking, telling, tracing
from web.console import forms, rendering
from web.console.access import right, visitor
from web.console.exports import Column, Exported, Listed, plain
from web.console.rendering import ROWS, View, back, page, read
from web.container import Container


class WorkItemsView(View):
    """The list's address."""

    status: Literal["", "open", "taken", "done", "cancelled"] = "open"
    unit: str = Field(default="", max_length=32)
    group: str = Field(default="", max_length=100)
    procedure: str = Field(default="", max_length=32)
    dossier: str = Field(default="", max_length=64)
    mine: Literal["", "yes"] = ""
    late: Literal["", "yes"] = ""
    sort: Literal["", "-opened", "due", "-due"] = ""
    cursor: str | None = Field(default=None, max_length=2000)


def add(blueprint: Blueprint, container: Container) -> None:
    """``/viec`` and ``/viec/<id>``."""
    _add_list(blueprint, container)
    _add_one(blueprint, container)
    _add_acts(blueprint, container)


def _add_list(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/viec")
    @right("see")
    def work_item_list() -> str:
        view = read(WorkItemsView)
        wanted = _wanted(view, container)
        place = cursors.read_place(container, view.cursor, view.bound)
        with container.store.reading() as connection:
            found = work_items.find_work_items(connection, wanted, place=place, limit=ROWS + 1)
        rows, following = rendering.places_of(
            container, found, view.bound, partial(SORTING.place, wanted.sort)
        )
        return page(
            "work_items.html",
            container,
            view=view,
            rows=rows,
            following=following,
            filtered=any(value for name, value in view.bound.items() if name not in ("status", "sort")),
        )


def _add_one(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/viec/<int:id>")
    @right("see")
    def work_item_page(id: int) -> str:  # noqa: A002
        read(View)
        return _shown(container, _find(container, id))


def _add_acts(blueprint: Blueprint, container: Container) -> None:
    @blueprint.post("/viec/<int:id>/nhan")
    @right("decide")
    def claim(id: int) -> Response:  # noqa: A002
        _find(container, id)
        acts.claim(container.store, id, by=visitor().name)
        return back(f"/viec/{id}", "done")

    @blueprint.post("/viec/<int:id>/tra")
    @right("decide")
    def release(id: int) -> Response:  # noqa: A002
        _find(container, id)
        acts.release(container.store, id, by=visitor().name)
        return back(f"/viec/{id}", "done")

    @blueprint.post("/viec/<int:id>")
    @right("decide")
    def complete(id: int) -> Response:  # noqa: A002
        item = _find(container, id)
        with container.store.reading() as connection:
            form = work_items.find_filled_form(connection, item)
        try:
            acts.complete(
                container.store,
                id,
                forms.data_of(form, request.form) if form is not None else {},
                by=visitor().name,
                now=container.clock.now(),
                external_id=f"console:{visitor().account}:{request.form.get('once', '')[:64]}",
                trace=tracing.traceparent(),
            )
        except (errors.FormInvalid, errors.WorkItemTaken, errors.WorkItemClaimed) as problem:
            shown = _shown(container, _find(container, id), problem=problem, typed=request.form)
            return Response(shown, status=problem.status, content_type="text/html; charset=utf-8")
        return back(f"/ho-so/{item.dossier}?tab=diagram", "done")


def _shown(
    container: Container,
    item: WorkItem,
    *,
    problem: errors.LienthongError | None = None,
    typed: "MultiDict[str, str] | None" = None,
) -> str:
    with container.store.reading() as connection:
        form = work_items.find_filled_form(connection, item)
        given, decided = work_items.get_entries(connection, item.id)
    lang = rendering.language()
    wrong = {name: telling.reason(why, lang) for name, why in _errors(problem).items()}
    shown = forms.fields(form, typed, wrong) if form is not None else []
    return page(
        "work_item.html",
        container,
        item=item,
        fields=shown,
        labels={field.name: field.label for field in shown},
        unshowable=forms.unshowable(form) if form is not None else [],
        missing_form=item.form is not None and form is None,
        claim_first=bool(given) and item.claimed_by != visitor().name,
        decided=masking.masked_json(dict(decided)) if decided and problem is not None else "",
        prefix=forms.PREFIX,
        once=typed.get("once") if typed else tracing.trace_id(),
        problem=problem,
        wrong=wrong,
    )


def _errors(problem: errors.LienthongError | None) -> dict[str, str]:
    found = problem.facts.get("fields") if problem is not None else None
    return {str(one["field"]): str(one["reason"]) for one in found} if isinstance(found, list) else {}


def _find(container: Container, work_item: int) -> WorkItem:
    """Raises: WorkItemNotFound, also where it is another unit's."""
    with container.store.reading() as connection:
        found = work_items.get_work_item(connection, work_item)
    visitor().check_own(frozenset({found.unit}), errors.WorkItemNotFound(work_item=work_item))
    return found


def _wanted(view: WorkItemsView, container: Container) -> WorkItemFilter:
    """Raises: NotAllowed: another unit's."""
    return WorkItemFilter(
        status=view.status or None,
        unit=visitor().narrowed(view.unit),
        group=view.group or None,
        dossier=view.dossier or None,
        procedure=view.procedure or None,
        claimed_by=visitor().name if view.mine else None,
        late_at=container.clock.now() if view.late else None,
        sort=view.sort or "opened",
    )


def _listed(container: Container) -> Listed:
    view = read(WorkItemsView)
    wanted = _wanted(view, container)
    return Listed(
        find=lambda connection, after, limit: work_items.find_work_items(
            connection, wanted, after=after, limit=limit
        ),
        bound=view.bound,
    )


_COLUMNS = (
    *plain("id", "dossier", "name", "element", "unit", "groups"),
    Column("status", "item_state"),
    *plain("claimed_by", "decided_by", "opened_at", "due_at", "closed_at"),
)
EXPORT = Exported(path="/viec", right="see", columns=_COLUMNS, listed=_listed)
