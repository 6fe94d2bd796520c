"""What people do with work items: claim, release, complete. A decision is taken once, and is an event from then on."""

from collections.abc import Mapping
from datetime import datetime

from engine import errors, feel
from engine.actions.conditions import Seen
from engine.dossiers import forms
from engine.exchange.ports import Json
from engine.queries import work_items as query
from engine.queries.work_items import WorkItem
from engine.storage import access, events
from engine.storage import work_items as repository
from engine.storage.database import Connection, Store


def claim(store: Store, work_item: int, *, by: str, seen: Seen | None = None) -> None:
    """Reserve the item for *by*; *seen* looks at it once it is locked.

    Raises: WorkItemNotFound, WorkItemTaken, WorkItemClaimed.
    """
    with store.transaction() as connection:
        _hold(connection, work_item, seen)
        if not repository.claim(connection, work_item, by=by):
            raise _why_not(query.get_work_item(connection, work_item))
        _audit(connection, work_item, by, "work-item-claimed")


def release(store: Store, work_item: int, *, by: str, seen: Seen | None = None) -> None:
    """Give back what *by* had claimed; *seen* looks at it once it is locked.

    Raises: WorkItemNotFound, WorkItemTaken, WorkItemClaimed.
    """
    with store.transaction() as connection:
        _hold(connection, work_item, seen)
        if not repository.release(connection, work_item, by=by):
            raise _why_not(query.get_work_item(connection, work_item))
        _audit(connection, work_item, by, "work-item-released")


def complete(
    store: Store,
    work_item: int,
    data: Mapping[str, Json],
    *,
    by: str,
    now: datetime,
    external_id: str | None = None,
    trace: str | None = None,
    seen: Seen | None = None,
) -> None:
    """Take the decision: the item is taken and its event written, in one transaction.

    *external_id* is fixed by the caller beforehand; the same request again, after an unknown commit, changes nothing.
    *seen* looks at the item once it is locked, and raises where its caller saw something else.

    Raises:
        WorkItemNotFound; FormInvalid.
        WorkItemTaken: somebody decided before. WorkItemClaimed: somebody else holds it.
    """
    with store.transaction() as connection:
        item = query.get_work_item(connection, work_item)
        if item.status != "open":
            if external_id is not None and repository.was_decided_by(connection, work_item, external_id):
                return
            _hold(connection, work_item, seen)
            raise errors.WorkItemTaken(work_item=work_item)
        _hold(connection, work_item, seen)
        form = query.find_filled_form(connection, item)
        cleaned = forms.validate(form, data, _condition(now)) if form is not None else dict(data)
        if not repository.decide(connection, work_item, cleaned, by=by):
            raise _why_not(query.get_work_item(connection, work_item))
        payload: Json = {
            "work_item": work_item,
            "task": item.task,
            "data": cleaned,
            "by": by,
            "at": now.isoformat(),
        }
        event = events.append(
            connection, item.dossier_id, "work-item", payload, external_id=external_id, trace=trace
        )
        if event is None:
            raise errors.StoreConflict(what="the request's id")
        _audit(connection, work_item, by, "work-item-completed")


def _hold(connection: Connection, work_item: int, seen: Seen | None) -> None:
    if seen is not None:
        repository.lock(connection, work_item)
        seen(connection)


def _audit(connection: Connection, work_item: int, by: str, what: str) -> None:
    item = query.get_work_item(connection, work_item)
    facts: dict[str, Json] = {"work_item": work_item, "element": item.element}
    access.audit(connection, by, what, dossier=item.dossier_id, facts=facts)


def _why_not(item: WorkItem) -> errors.DossierError:
    if item.status != "open":
        return errors.WorkItemTaken(work_item=item.id)
    return errors.WorkItemClaimed(work_item=item.id, holder=item.claimed_by or "somebody")


def _condition(now: datetime) -> forms.Condition:
    """Says whether a form's FEEL condition holds over what was entered."""

    def holds(text: str, data: Mapping[str, Json]) -> bool:
        expression = feel.compile(text)
        context = {name: feel.from_json(value) for name, value in data.items()}
        return expression(context, clock=lambda: now) is True

    return holds
