"""One dossier: where it stands and who holds it, what happens next, its files to take away; its tabs are in `dossier_tabs`,
what people do about it in `dossier_acts`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response, request

from engine import errors
from engine.clock import SystemClock
from engine.queries import diagrams, dossier_list, dossiers, evidence
from engine.queries.clock import Clocks
from engine.queries.dossier_list import Line
from engine.queries.dossiers import DossierBrief, Held
from engine.storage import suspensions
from web.api import evidence as told_evidence
from web.console import dossier_tabs, rendering
from web.console.access import right, visitor
from web.console.dossier_tabs import TABS, DossierView
from web.console.rendering import View, page, read
from web.container import Container

_AT_ONCE = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class NextAct:
    """What the system does by itself: *kind* as in `Held`, or ``deadline``; *at* None: as soon as a worker is free."""

    kind: str
    what: str
    at: datetime | None


def add(blueprint: Blueprint, container: Container) -> None:
    """``/ho-so/<code>``, its drawing and its evidence."""
    clocks = Clocks()

    @blueprint.get("/ho-so/<string:code>")
    @right("see")
    def dossier(code: str) -> str:
        return shown(container, clocks, code, read(DossierView))

    _add_drawing(blueprint, container)
    _add_evidence(blueprint, container)


def find(container: Container, code: str) -> DossierBrief:
    """Raises: DossierNotFound, also where it is another unit's."""
    with container.store.reading() as connection:
        brief = dossiers.get_brief(connection, code)
    visitor().check_own(brief.units, errors.DossierNotFound(dossier=code))
    return brief


def shown(
    container: Container,
    clocks: Clocks,
    code: str,
    view: DossierView,
    problem: errors.LienthongError | None = None,
) -> str:
    """The page, with what was typed where *problem* says why it was not done."""
    brief, now = find(container, code), container.clock.now()
    with container.store.reading() as connection:
        held = dossiers.held_by(connection, brief.id)
        line = dossier_list.get_line(connection, brief.id)
        drawing = diagrams.find_diagram(connection, brief.id)
        suspension = suspensions.find(connection, brief.id)
        clock = clocks.read(connection, brief.id, now)
    return page(
        f"dossier_{view.tab}.html",
        container,
        view=view,
        tabs=TABS,
        dossier=brief,
        line=line,
        held=held,
        suspension=suspension,
        clock=clock,
        incidents=[one for one in held if one.kind == "incident"],
        following_act=next_act(brief, line, held, now),
        retries=retries(held),
        labels=drawing.labels if drawing else {},
        tokens=tokens(held) if drawing else None,
        places={one["element"]: one["state"] for one in tokens(held)},
        problem=problem,
        typed=request.form if problem else {},
        **dossier_tabs.shown(container, brief, view),
    )


def next_act(brief: DossierBrief, line: Line, held: list[Held], now: datetime) -> NextAct | None:
    """The earliest thing that happens without anybody; None: a person or a partner must move first.

    *now* is the (demo) clock's, which timers and deadlines go by; calls go by the real one, and come first.
    """
    if line.situation in ("over", "suspended"):
        return None
    applied = [NextAct(kind="event", what=one.what, at=None) for one in held if one.kind == "event"]
    calls = _timed(held, "call", SystemClock().now())
    timers = _timed(held, "timer", now)
    if brief.due_at is not None and brief.due_at > now and not line.paused:
        timers.append(NextAct(kind="deadline", what="", at=brief.due_at))
    found = applied[:1] or calls or timers
    return min(found, key=lambda one: one.at or _AT_ONCE, default=None)


def _timed(held: list[Held], kind: str, now: datetime) -> list[NextAct]:
    return [
        NextAct(
            kind=kind,
            what=f"{one.who} {one.what}".strip() or one.element,
            at=one.until if one.until > now else None,
        )
        for one in held
        if one.kind == kind and one.until is not None
    ]


def retries(held: list[Held]) -> list[Held]:
    """The calls that wait out a back-off, or for an answer to be asked after, and can go on now."""
    return [one for one in held if one.kind == "call" and one.state in ("pending", "unknown")]


def _add_drawing(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/ho-so/<string:code>/so-do.bpmn")
    @right("see")
    def drawing(code: str) -> Response:
        read(View)
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
        return rendering.attached(told_evidence.told(proof).model_dump_json(), f"evidence-{code}.json")


def tokens(held: list[Held]) -> list[dict[str, str]]:
    """Where tokens stand, for the drawing: an element and how it goes there, trouble before anything else."""
    states: dict[str, str] = {}
    for one in held:
        if one.element:
            bad = one.kind == "incident" or one.state in ("unknown", "incident")
            states[one.element] = "trouble" if bad or states.get(one.element) == "trouble" else "waiting"
    return [{"element": element, "state": state} for element, state in states.items()]
