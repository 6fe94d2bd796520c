"""One dossier: where it stands and who holds it, its history, its drawing, its data, its calls and messages, its clock,
and what people did about it. Each tab reads only what it shows.
"""

from typing import Literal

from flask import Blueprint, Response, request
from pydantic import Field

from engine import errors
from engine.actions import reveal
from engine.queries import diagrams, documents, dossiers, evidence, exchange, operations, timelines
from engine.queries.dossiers import DossierBrief, Held
from engine.queries.exchange import CallFilter, MessageFilter
from engine.queries.operations import AuditFilter
from web import cursors
from web.api import evidence as told_evidence
from web.console import masking, rendering
from web.console.access import right, visitor
from web.console.rendering import ROWS, View, back, page, read
from web.container import Container

Tab = Literal["timeline", "diagram", "data", "exchange", "ledger", "operations", "evidence"]
TABS: tuple[Tab, ...] = ("timeline", "diagram", "data", "exchange", "ledger", "operations", "evidence")
_MOST = 200


class DossierView(View):
    """The page's address."""

    tab: Tab = "timeline"
    kind: str = Field(default="", max_length=64)
    cursor: str | None = Field(default=None, max_length=2000)
    seen: str | None = Field(default=None, max_length=500)


def add(blueprint: Blueprint, container: Container) -> None:
    """``/ho-so/<code>``, its drawing, and the way to its data."""
    _add_page(blueprint, container)
    _add_drawing(blueprint, container)
    _add_evidence(blueprint, container)
    _add_reveal(blueprint, container)


def find(container: Container, code: str) -> DossierBrief:
    """Raises: DossierNotFound; NotAllowed: it is another unit's."""
    with container.store.reading() as connection:
        brief = dossiers.get_brief(connection, code)
    visitor().check_unit(brief.units)
    return brief


def _add_page(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/ho-so/<string:code>")
    @right("see")
    def dossier(code: str) -> str:
        view, brief = read(DossierView), find(container, code)
        with container.store.reading() as connection:
            held = dossiers.held_by(connection, brief.id)
            drawing = diagrams.find_diagram(connection, brief.id)
        return page(
            f"dossier_{view.tab}.html",
            container,
            view=view,
            tabs=TABS,
            dossier=brief,
            held=held,
            following_act=next((one for one in held if one.until), None),
            labels=drawing.labels if drawing else {},
            tokens=tokens(held) if drawing else None,
            places={one["element"]: one["state"] for one in tokens(held)},
            **_TAB[view.tab](container, brief, view),
        )


def _timeline(container: Container, brief: DossierBrief, view: DossierView) -> dict[str, object]:
    after = cursors.read(container, view.cursor, view.bound) or 0
    with container.store.reading() as connection:
        found = timelines.entries(connection, brief.id, after=after, limit=_MOST + 1)
    following = None
    if len(found) > _MOST:
        following = cursors.next_link(cursors.write(container, found[_MOST - 1].seq, view.bound))
    shown = [one for one in found[:_MOST] if not view.kind or one.kind == view.kind]
    return {"entries": shown, "kinds": sorted({one.kind for one in found}), "following": following}


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
    every = masking.fields({"applicant": dict(person.applicant), "data": dict(person.data)})
    allowed = masking.permitted(container, visitor())
    open_ = allowed.removeprefix(f"{brief.code}:") if allowed else None
    told = [(path, value if path == open_ else masking.HIDDEN if value else "") for path, value in every]
    return {"fields": told, "papers": papers, "open_field": open_}


def _exchange(container: Container, brief: DossierBrief, _view: DossierView) -> dict[str, object]:
    with container.store.reading() as connection:
        calls = exchange.find_calls(connection, CallFilter(dossier=brief.code), after=None, limit=_MOST)
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


_TAB = {
    "timeline": _timeline,
    "diagram": _diagram,
    "data": _data,
    "exchange": _exchange,
    "ledger": _ledger,
    "operations": _operations,
    "evidence": _evidence,
}


def _add_drawing(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/ho-so/<string:code>/so-do.bpmn")
    @right("see")
    def drawing(code: str) -> Response:
        brief = find(container, code)
        with container.store.reading() as connection:
            found = diagrams.find_diagram(connection, brief.id)
        if found is None:
            raise errors.AddressUnknown(path=request.path)
        return Response(found.content, content_type="application/xml")


def _add_evidence(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/ho-so/<string:code>/bang-chung.json")
    @right("see")
    def evidence_file(code: str) -> Response:
        read(View)
        brief = find(container, code)
        with container.store.reading() as connection:
            proof = evidence.prove(connection, brief.code, brief.id)
        return _attached(told_evidence.told(proof).model_dump_json(), f"evidence-{code}.json")


def _attached(content: str, name: str) -> Response:
    """JSON as a file to keep; a dossier's code is letters, digits, dots and dashes."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, content_type="application/json", headers=headers)


def _add_reveal(blueprint: Blueprint, container: Container) -> None:
    @blueprint.post("/ho-so/<string:code>/mo")
    @right("reveal")
    def reveal_field(code: str) -> Response:
        brief = find(container, code)
        field = request.form.get("field", "")[:300]
        reveal.write_down(
            container.store, visitor().name, dossier=brief.id, what=field, reason=rendering.reason()
        )
        seen = masking.permit(container, visitor(), f"{code}:{field}")
        return back(f"/ho-so/{code}?tab=data&seen={seen}")


def tokens(held: list[Held]) -> list[dict[str, str]]:
    """Where tokens stand, for the drawing: an element and how it goes there, trouble before anything else."""
    states: dict[str, str] = {}
    for one in held:
        if one.element:
            bad = one.kind == "incident" or one.state in ("unknown", "incident")
            states[one.element] = "trouble" if bad or states.get(one.element) == "trouble" else "waiting"
    return [{"element": element, "state": state} for element, state in states.items()]
