"""Incidents: grouped by cause, listed, and one with what can be done about it."""

from typing import Literal

from flask import Blueprint, Response, request
from pydantic import Field

from engine import errors
from engine.actions import care, resolve, snoozing
from engine.exchange.ports import Json
from engine.queries import attention, dossiers, incident_groups, incident_roots, incidents
from engine.queries.incidents import Incident, IncidentFilter
from web import conditions, cursors
from web.bodies import parse_object
from web.choosing import NEEDS_DATA
from web.console import bulk, rendering
from web.console.access import right, visitor
from web.console.dossier import find as find_dossier
from web.console.exports import Column, Exported, Listed, chosen_by, plain
from web.console.rendering import ROWS, View, back, counted, page, read
from web.container import Container
from web.words import words

NOBODY = "-"  # as an owner: of nobody


class IncidentsView(View):
    """The list's address."""

    status: Literal["", "open", "acting", "closed"] = "open"
    cause: str = Field(default="", max_length=64)
    partner: str = Field(default="", max_length=64)
    dossier: str = Field(default="", max_length=64)
    procedure: str = Field(default="", max_length=32)
    step: str = Field(default="", max_length=200)
    unit: str = Field(default="", max_length=32)
    owner: str = Field(default="", max_length=64)
    said: str = Field(default="", max_length=200)
    since: str = Field(default="", max_length=10)
    until: str = Field(default="", max_length=10)
    cursor: str | None = Field(default=None, max_length=2000)


GUIDES = {
    "unknown-outcome": "answer-an-unknown-call",
    "partner-outage": "a-partner-is-down",
    "timeline-altered": "read-a-dossiers-evidence",
    "backup-restored": "back-up-and-restore",
}
"""What tells how an incident of a cause is dealt with, by the names of docs/howto."""


def add(blueprint: Blueprint, container: Container) -> None:
    """``/su-co`` and ``/su-co/<id>``."""
    _add_list(blueprint, container)
    _add_one(blueprint, container)
    _add_care(blueprint, container)
    _add_muting(blueprint, container)


def wanted_by(view: IncidentsView) -> IncidentFilter:
    return IncidentFilter(
        status=view.status or None,
        cause=view.cause or None,
        partner=view.partner or None,
        dossier=view.dossier or None,
        procedure=view.procedure or None,
        element=view.step or None,
        unit=visitor().narrowed(view.unit),
        said=view.said or None,
        owner={"": None, NOBODY: ""}.get(view.owner, view.owner),
        opened_from=rendering.day_begins(view.since),
        opened_before=rendering.day_ends(view.until),
    )


def find(container: Container, incident: int) -> Incident:
    """Raises: IncidentNotFound, also where it is of another unit's dossier, or of none."""
    with container.store.reading() as connection:
        found = incidents.find_incident(connection, incident)
        if found is None:
            raise errors.IncidentNotFound(incident=incident)
        units = dossiers.get_brief(connection, found.dossier).units if found.dossier else frozenset[str]()
    visitor().check_own(units, errors.IncidentNotFound(incident=incident))
    return found


def _add_list(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/su-co")
    @right("see")
    def incident_list() -> str:
        view = read(IncidentsView)
        wanted = wanted_by(view)
        after = cursors.read(container, view.cursor, view.bound)
        with container.store.reading() as connection:
            groups = incident_groups.group_incidents(connection, wanted)
            retried = incident_groups.after_retry(connection, wanted)
            muted = {
                name: one
                for (kind, name), one in attention.snoozed(connection).items()
                if kind == "incidents"
            }
            found = incidents.find_incidents(connection, wanted, after=after, limit=ROWS + 1)
            count, exact = incident_groups.count_incidents(connection, wanted)
        rows, following = rendering.rows_of(container, found, view.bound)
        return page(
            "incidents.html",
            container,
            view=view,
            groups=groups,
            retried=retried,
            muted=muted,
            every_cause=_every_cause(),
            partner_names=rendering.partner_names(container),
            causes=sorted({one.cause for one in groups} | muted.keys()),
            rows=rows,
            following=following,
            count=counted(count, exact),
            exact=exact,
            acts=sorted({act for row in rows for act in row.actions} - NEEDS_DATA),
            filtered=any(value for name, value in view.bound.items() if name != "status"),
        )


def _every_cause() -> list[tuple[str, str]]:
    """What causes are called in the page's language, each with its code."""
    told = words(rendering.language())
    codes = [name.removeprefix("cause_").replace("_", "-") for name in told if name.startswith("cause_")]
    return sorted((told.of("cause", code), code) for code in codes)


def _one(container: Container, incident: int, problem: errors.LienthongError | None = None) -> str:
    found = find(container, incident)
    with container.store.reading() as connection:
        outcome = incident_groups.outcome(connection, incident)
        roots = incident_roots.roots(connection, incident)
        held_up = incident_roots.held_up(connection, incident)
    return page(
        "incident.html",
        container,
        incident=found,
        outcome=outcome,
        seen=conditions.tag(found.owner, found.note, found.ticket),
        problem=problem,
        typed=request.form if problem else {},
        needs_data=NEEDS_DATA,
        roots=roots,
        held_up=held_up,
        guide=GUIDES.get(found.cause),
    )


def _add_one(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/su-co/<int:id>")
    @right("see")
    def incident_page(id: int) -> str:  # noqa: A002
        read(View)
        return _one(container, id)

    @blueprint.post("/su-co/<int:id>")
    @right("act")
    def act(id: int) -> Response:  # noqa: A002
        find(container, id)
        action = request.form.get("action", "")[:64]
        try:
            data, why = _data(action), rendering.reason()
            if action == "deliver":
                find_dossier(container, str(data["dossier"]))
            resolve.act(container.store, id, action, data, by=visitor().name, reason=why)
        except (
            errors.RequestInvalid,
            errors.ActionRefused,
            errors.IncidentClosed,
            errors.ActionNotNow,
            errors.DossierNotFound,
        ) as problem:
            return Response(
                _one(container, id, problem), status=problem.status, content_type="text/html; charset=utf-8"
            )
        return back(f"/su-co/{id}", "done")


def _listed(_container: Container) -> Listed:
    return _listed_by(read(IncidentsView))


def _chosen(_container: Container) -> Listed:
    return chosen_by(
        "incident",
        lambda connection, ids: incidents.chosen(connection, ids, unit=visitor().unit),
        lambda: _listed_by(bulk.filter_of(IncidentsView)),
    )


def _listed_by(view: IncidentsView) -> Listed:
    wanted = wanted_by(view)
    return Listed(
        find=lambda connection, after, limit: incidents.find_incidents(
            connection, wanted, after=after, limit=limit
        ),
        bound=view.bound,
    )


_COLUMNS = (
    *plain("id", "dossier"),
    Column("cause", "cause"),
    *plain("title", "partner", "element"),
    Column("status", "incident_state"),
    *plain("opened_at", "closed_at", "closed_by", "resolution", "owner", "note", "ticket"),
)
EXPORT = Exported(path="/su-co", right="see", columns=_COLUMNS, listed=_listed, chosen=_chosen)


def _add_care(blueprint: Blueprint, container: Container) -> None:
    @blueprint.post("/su-co/<int:id>/trong-nom")
    @right("act")
    def look_after(id: int) -> Response:  # noqa: A002
        find(container, id)
        form = request.form
        try:
            care.look_after(
                container.store,
                id,
                owner=visitor().name if form.get("take") else form.get("owner", ""),
                note=form.get("note", ""),
                ticket=form.get("ticket", ""),
                by=visitor().name,
                seen=_check_seen,
            )
        except (errors.RequestInvalid, errors.PreconditionFailed) as problem:
            return Response(
                _one(container, id, problem), status=problem.status, content_type="text/html; charset=utf-8"
            )
        return back(f"/su-co/{id}", "done")


def _check_seen(stands: care.Cared) -> None:
    """Raises: PreconditionFailed: somebody was faster than this form."""
    now = conditions.tag(*stands)
    if request.form.get("seen", "") != now:
        raise errors.PreconditionFailed(etag=now)


def _add_muting(blueprint: Blueprint, container: Container) -> None:
    @blueprint.post("/su-co/tat-tieng")
    @right("act")
    def mute_cause() -> Response:
        form = request.form
        until = None if form.get("action") == "unmute" else rendering.moment(form.get("until", ""))
        snoozing.mute(
            container.store, form.get("cause", ""), until, by=visitor().name, reason=rendering.reason()
        )
        return rendering.returned("/su-co")


def _data(action: str) -> dict[str, Json]:
    """What the act is given. Raises: RequestInvalid: no JSON object."""
    if action == "deliver":
        return {"dossier": request.form.get("data", "").strip()[:64]}
    text = request.form.get("data", "").strip()
    return parse_object(text.encode()) if text and action in NEEDS_DATA else {}
