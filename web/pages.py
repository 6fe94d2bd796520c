"""The plain pages: the list of dossiers and one dossier with its history and its diagram. They show, they change nothing.

Everything is rendered here and escaped by Jinja; the diagram's viewer is the only script. The console replaces them later.
"""

from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from pydantic import Field, ValidationError

from engine import errors
from engine.actions import keys
from engine.clock import VIETNAM
from engine.dossiers.statuses import Status
from engine.queries import diagrams, dossiers, procedures, timelines
from engine.queries.dossiers import DossierBrief, DossierFilter, Held
from web import cursors, problems
from web.api.models import Asked
from web.auth import COOKIE, COOKIE_S, OPEN, PAGES, check_unit, cookie_for, needs, principal
from web.container import Container
from web.words import LANGUAGES, words

PAGE_ROWS = 50
HISTORY_ROWS = 500
Language = Literal["vi", "en"]


class PageQuery(Asked):
    lang: Language = "vi"


class ListQuery(PageQuery):
    """The list's address: every filter is in it, and nothing else may be."""

    status: int | Literal[""] = Field(default="", ge=1, le=10)
    procedure: str = Field(default="", max_length=32)
    q: str = Field(default="", max_length=64)
    cursor: str | None = Field(default=None, max_length=2000)


def routes(container: Container) -> Blueprint:
    """``/``, ``/ho-so/<code>`` with its drawing, ``/vao`` and ``/ra``."""
    blueprint = Blueprint("pages", __name__)
    _add_list(blueprint, container)
    _add_dossier(blueprint, container)
    _add_signing_in(blueprint, container)
    return blueprint


def _add_list(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/")
    @needs(PAGES)
    def dossier_list() -> str:
        query = _query(ListQuery)
        bound = {"status": query.status, "procedure": query.procedure, "q": query.q}
        wanted = DossierFilter(
            status=query.status or None,
            procedure=query.procedure or None,
            code_part=query.q.strip() or None,
            unit=principal().unit,
        )
        after = cursors.read(container, query.cursor, bound)
        with container.store.reading() as connection:
            rows = dossiers.find_dossiers(connection, wanted, after=after, limit=PAGE_ROWS + 1)
            count, exact = dossiers.count_dossiers(connection, wanted)
            offered = procedures.list_procedures(connection)
        more = len(rows) > PAGE_ROWS
        cursor = cursors.write(container, rows[PAGE_ROWS - 1].id, bound) if more else None
        return _page(
            "dossiers.html",
            container,
            query.lang,
            rows=rows[:PAGE_ROWS],
            count=f"{count:,}".replace(",", ".") + ("" if exact else "+"),
            procedures=offered,
            names={one.code: one.name_vi if query.lang == "vi" else one.name_en for one in offered},
            query=query,
            filtered=bool(query.status or query.procedure or query.q.strip()),
            next=cursors.next_link(cursor) if cursor else None,
        )


def _add_dossier(blueprint: Blueprint, container: Container) -> None:
    def find(code: str) -> DossierBrief:
        with container.store.reading() as connection:
            brief = dossiers.get_brief(connection, code)
        check_unit(brief.units, "see dossiers")
        return brief

    @blueprint.get("/ho-so/<string:code>")
    @needs(PAGES)
    def dossier(code: str) -> str:
        query, brief = _query(PageQuery), find(code)
        with container.store.reading() as connection:
            held = dossiers.held_by(connection, brief.id)
            history = timelines.entries(connection, brief.id, limit=HISTORY_ROWS)
            drawing = diagrams.find_diagram(connection, brief.id)
        return _page(
            "dossier.html",
            container,
            query.lang,
            dossier=brief,
            held=held,
            history=history,
            labels=drawing.labels if drawing else {},
            tokens=tokens(held) if drawing else None,
        )

    @blueprint.get("/ho-so/<string:code>/so-do.bpmn")
    @needs(PAGES)
    def drawing(code: str) -> Response:
        brief = find(code)
        with container.store.reading() as connection:
            found = diagrams.find_diagram(connection, brief.id)
        if found is None:
            raise errors.AddressUnknown(path=request.path)
        return Response(found.content, content_type="application/xml")


def tokens(held: list[Held]) -> list[dict[str, str]]:
    """Where tokens stand, for the drawing: an element and how it goes there, trouble before anything else."""
    states: dict[str, str] = {}
    for one in held:
        if one.element:
            bad = one.kind == "incident" or one.state in ("unknown", "incident")
            states[one.element] = "trouble" if bad or states.get(one.element) == "trouble" else "waiting"
    return [{"element": element, "state": state} for element, state in states.items()]


def _add_signing_in(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/vao")
    @needs(OPEN)
    def sign_in() -> str:
        return _page("sign_in.html", container, _query(PageQuery).lang)

    @blueprint.post("/vao")
    @needs(OPEN)
    def signed_in() -> Response:
        _check_origin()
        owner = keys.authenticate(container.store, request.form.get("key", "").strip()[:300])
        owner.require("dossiers:read")
        response = Response(status=303, headers={"Location": "/"})
        response.set_cookie(
            COOKIE,
            cookie_for(container, owner),
            max_age=COOKIE_S,
            httponly=True,
            secure=request.is_secure,
            samesite="Strict",
        )
        return response

    @blueprint.post("/ra")
    @needs(OPEN)
    def sign_out() -> Response:
        _check_origin()
        response = Response(status=303, headers={"Location": "/vao"})
        response.delete_cookie(COOKIE)
        return response


def _check_origin() -> None:
    """A form comes from our own pages. Raises: NotAllowed."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    foreign = origin is not None and origin.rstrip("/") not in ("null", request.host_url.rstrip("/"))
    if foreign or site in ("cross-site", "same-site"):
        raise errors.NotAllowed(what="be used from another site's page")


def _query(model: type[ListQuery] | type[PageQuery]) -> ListQuery:
    try:
        return model.model_validate(request.args.to_dict())  # type: ignore[return-value]
    except ValidationError as exc:
        raise problems.from_validation(exc) from exc


def _page(template: str, container: Container, language: Language, **values: object) -> str:
    at = LANGUAGES.index(language)
    return render_template(
        template,
        t=words(language),
        lang=language,
        statuses={int(status): (status.name_vi, status.name_en)[at] for status in Status},
        local=local,
        in_language=in_language,
        now=local(container.clock.now()),
        **values,
    )


def in_language(language: str) -> str:
    """This very view in another language: its address with every filter."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"{request.path}?{urlencode([*kept, ('lang', language)])}"


def local(moment: datetime | str | None) -> str:
    """A moment as people here read it: ``22/11/2026 10:42:07`` in Vietnam's time."""
    if not moment:
        return ""
    aware = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return aware.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S")
