"""Work items over REST: what people must do, for desks and officers whose systems do it through us."""

from datetime import datetime
from typing import Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field, JsonValue

from engine import errors
from engine.actions import work_items
from engine.actions.conditions import Seen
from engine.exchange.ports import Json
from engine.queries import work_items as reading
from engine.queries.work_items import WorkItemFilter
from engine.storage import access
from web import conditions, cursors, tracing
from web.api.models import Asked, Done, Paged, Told, answer, blueprint, conditional, listing, page
from web.auth import check_own, narrowed, needs, principal
from web.container import Container
from web.idempotency import external_id, idempotent


class WorkItemsQuery(Paged):
    status: Literal["open", "taken", "done", "cancelled"] | None = "open"
    unit: str | None = Field(default=None, max_length=32)
    group: str | None = Field(default=None, max_length=100, description="A role that may do it.")
    dossier: str | None = Field(default=None, max_length=64)
    element: str | None = Field(default=None, max_length=200, description="The task's id in the model.")
    claimed_by: str | None = Field(default=None, max_length=100)


class WorkItemPath(Asked):
    id: int = Field(ge=1, lt=2**63)


class OfficerRequest(Asked):
    """On whose behalf; without a name, the key's own."""

    officer: str | None = Field(default=None, min_length=1, max_length=100)


class CompletionRequest(OfficerRequest):
    """The decision: the fields of the item's form."""

    data: dict[str, JsonValue] = Field(default_factory=dict)


class WorkItem(Told):
    id: int
    dossier: str
    element: str
    name: str
    groups: list[str]
    unit: str
    form: str | None
    status: str
    claimed_by: str | None
    decided_by: str | None
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime | None


class WorkItems(Told):
    items: list[WorkItem]
    next: str | None


class WorkItemWithForm(WorkItem):
    """With the bpmn.io form that `complete` checks the data against.

    Its default values and options are what the task's inputs gave. Personal data.
    """

    form_schema: dict[str, JsonValue] | None


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about work items."""
    api = blueprint("work items", "What a person must decide or do.")
    _add_reading(api, container)
    _add_writing(api, container)
    return api


def _add_reading(api: APIBlueprint, container: Container) -> None:
    @api.get("/work-items", summary="List work items, oldest first", responses={200: WorkItems})
    @needs("work-items")
    def list_work_items(query: WorkItemsQuery) -> Response:
        bound: dict[str, object] = query.model_dump(exclude={"limit", "cursor"})
        unit = narrowed(query.unit, "work items")
        wanted = WorkItemFilter(unit=unit, **query.model_dump(exclude={"limit", "cursor", "unit"}))
        after = cursors.read(container, query.cursor, bound)
        with container.store.reading() as connection:
            found = reading.find_work_items(connection, wanted, after=after, limit=query.limit + 1)
        rows, more = page(found, query.limit)
        items = [WorkItem.model_validate(row) for row in rows]
        return listing(container, items, last=rows[-1].id if more else None, bound_to=bound)

    @api.get("/work-items/<int:id>", summary="Read a work item", responses={200: WorkItemWithForm})
    @needs("work-items")
    def get_work_item(path: WorkItemPath) -> Response:
        found = _find(container, path.id)
        with container.store.reading() as connection:
            form = reading.find_filled_form(connection, found)
            given, _ = reading.get_entries(connection, found.id)
        if given:
            _write_down(container, found)
        told = _facts(found)
        response = answer(WorkItemWithForm.model_validate(told | {"form_schema": form}))
        return conditional(conditions.tagged(response, _tag(found)))


def _add_writing(api: APIBlueprint, container: Container) -> None:
    @api.post("/work-items/<int:id>/claim", summary="Reserve a work item", responses={200: Done})
    @needs("work-items")
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def claim(path: WorkItemPath, body: OfficerRequest) -> Response:
        _find(container, path.id)
        work_items.claim(container.store, path.id, by=_who(body), seen=_seen(path.id))
        return answer(Done())

    @api.post("/work-items/<int:id>/release", summary="Give a work item back", responses={200: Done})
    @needs("work-items")
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def release(path: WorkItemPath, body: OfficerRequest) -> Response:
        _find(container, path.id)
        work_items.release(container.store, path.id, by=_who(body), seen=_seen(path.id))
        return answer(Done())

    @api.post("/work-items/<int:id>/complete", summary="Take the decision, once", responses={202: Done})
    @needs("work-items")
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def complete(path: WorkItemPath, body: CompletionRequest) -> Response:
        _find(container, path.id)
        work_items.complete(
            container.store,
            path.id,
            body.data,
            by=_who(body),
            now=container.clock.now(),
            external_id=external_id(),
            trace=tracing.traceparent(),
            seen=_seen(path.id),
        )
        return answer(Done(), 202)


def _find(container: Container, work_item: int) -> reading.WorkItem:
    """Raises: WorkItemNotFound, also where it belongs to another unit than the caller's."""
    with container.store.reading() as connection:
        found = reading.get_work_item(connection, work_item)
    check_own(frozenset({found.unit}), errors.WorkItemNotFound(work_item=work_item))
    return found


def _write_down(container: Container, found: reading.WorkItem) -> None:
    """Have it in the audit trail that the caller reads what the applicant gave."""
    with container.store.transaction() as connection:
        facts: dict[str, Json] = {"work_item": found.id}
        access.audit(
            connection, principal().name, "personal-data-read", dossier=found.dossier_id, facts=facts
        )


def _who(body: OfficerRequest) -> str:
    return body.officer or principal().name


def _seen(work_item: int) -> Seen | None:
    """What looks at the item once it is locked; None: the caller sets no condition."""
    return conditions.seen(lambda connection: (_tag(reading.get_work_item(connection, work_item)),))


def _tag(found: reading.WorkItem) -> str:
    return conditions.tag(_facts(found))


def _facts(found: reading.WorkItem) -> dict[str, object]:
    return {name: getattr(found, name) for name in WorkItem.model_fields}
