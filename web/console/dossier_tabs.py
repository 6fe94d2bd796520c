"""What each tab of a dossier shows. Each reads only what it needs."""

from collections.abc import Callable, Mapping
from typing import Literal

from pydantic import Field

from engine.queries import (
    call_list,
    data_changes,
    documents,
    dossiers,
    evidence,
    exchange,
    operations,
    timelines,
)
from engine.queries.call_list import CallFilter
from engine.queries.dossiers import DossierBrief
from engine.queries.exchange import MessageFilter
from engine.queries.operations import AuditFilter
from engine.queries.timelines import TimelineFilter
from web import cursors, masking
from web.console import data_changes as changed_places
from web.console import rendering, revealing
from web.console.access import visitor
from web.console.rendering import ROWS, View
from web.container import Container

Tab = Literal["timeline", "diagram", "data", "exchange", "ledger", "operations", "evidence"]
TABS: tuple[Tab, ...] = ("timeline", "diagram", "data", "exchange", "ledger", "operations", "evidence")
_MOST = 200


class DossierView(View):
    """The page's address."""

    tab: Tab = "timeline"
    kind: str = Field(default="", max_length=64)
    partner: str = Field(default="", max_length=64)
    step: str = Field(default="", max_length=200)
    failed: Literal["", "yes"] = ""
    cursor: str | None = Field(default=None, max_length=2000)
    seen: str | None = Field(default=None, max_length=500)


def shown(container: Container, brief: DossierBrief, view: DossierView) -> dict[str, object]:
    """The values of the tab that *view* asks for."""
    return _TAB[view.tab](container, brief, view)


def _timeline(container: Container, brief: DossierBrief, view: DossierView) -> dict[str, object]:
    after = cursors.read(container, view.cursor, view.bound) or 0
    with container.store.reading() as connection:
        every = timelines.every_entry(connection, brief.id)
    wanted = TimelineFilter(
        kind=view.kind or None,
        partner=view.partner or None,
        failed=view.failed == "yes",
        element=view.step or None,
    )
    fits = [one for one in every if one.seq > after and wanted.fits(one)]
    following = None
    if len(fits) > _MOST:
        following = cursors.next_link(cursors.write(container, fits[_MOST - 1].seq, view.bound))
    return {
        "entries": fits[:_MOST],
        "kinds": sorted({one.kind for one in every}),
        "sources": sorted({one.partner for one in every if one.partner}),
        "steps": sorted({str(one.facts["element"]) for one in every if one.facts.get("element")}),
        "filtered": bool(view.kind or view.partner or view.failed or view.step),
        "following": following,
    }


def _diagram(container: Container, brief: DossierBrief, _view: DossierView) -> dict[str, object]:
    with container.store.reading() as connection:
        found = timelines.entries(connection, brief.id, limit=5_000)
    visits: dict[str, int] = {}
    for one in found:
        element = one.facts.get("element")
        if one.kind == "entered" and isinstance(element, str):
            visits[element] = visits.get(element, 0) + 1
    return {"visits": visits}


def _data(container: Container, brief: DossierBrief, _view: DossierView) -> dict[str, object]:
    with container.store.reading() as connection:
        person = dossiers.get_person(connection, brief.id)
        papers = documents.list_documents(connection, brief.id)
        changed = data_changes.changes(connection, brief.id, limit=_MOST)
    every = masking.fields({"applicant": dict(person.applicant), "data": dict(person.data)})
    allowed = revealing.permitted(container, visitor())
    open_ = allowed.removeprefix(f"{brief.code}:") if allowed else None
    told = [(path, value if path == open_ else masking.HIDDEN if value else "") for path, value in every]
    return {
        "fields": told,
        "papers": papers,
        "open_field": open_,
        "changes": changed_places.places(changed, open_),
        "changes_cut": len(changed) == _MOST,
    }


def _exchange(container: Container, brief: DossierBrief, _view: DossierView) -> dict[str, object]:
    with container.store.reading() as connection:
        calls = call_list.find_calls(connection, CallFilter(dossier=brief.code), after=None, limit=_MOST)
        messages = exchange.find_messages(
            connection, MessageFilter(dossier=brief.code), after=None, limit=_MOST
        )
    return {"calls": calls, "messages": messages}


def _ledger(container: Container, brief: DossierBrief, _view: DossierView) -> dict[str, object]:
    with container.store.reading() as connection:
        return {"entries": operations.ledger(connection, brief.id)}


def _operations(container: Container, brief: DossierBrief, view: DossierView) -> dict[str, object]:
    after = cursors.read(container, view.cursor, view.bound)
    with container.store.reading() as connection:
        found = operations.find_audit(
            connection, AuditFilter(dossier=brief.code), after=after, limit=ROWS + 1
        )
    rows, following = rendering.rows_of(container, found, view.bound)
    return {"entries": rows, "following": following}


def _evidence(container: Container, brief: DossierBrief, _view: DossierView) -> dict[str, object]:
    with container.store.reading() as connection:
        return {"proof": evidence.prove(connection, brief.code, brief.id)}


_TAB: Mapping[Tab, Callable[[Container, DossierBrief, DossierView], dict[str, object]]] = {
    "timeline": _timeline,
    "diagram": _diagram,
    "data": _data,
    "exchange": _exchange,
    "ledger": _ledger,
    "operations": _operations,
    "evidence": _evidence,
}
