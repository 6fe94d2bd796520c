"""Procedures and their versions: what runs on each and where it stands, what changed between two, an upload judged before
anything is stored, and its activation.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

from flask import Blueprint, Response, request
from pydantic import Field

from engine import errors
from engine.actions import deploy
from engine.models import differences
from engine.models.deployment import Deployment, from_files
from engine.models.differences import ElementChange
from engine.models.findings import Finding, errors_in
from engine.models.linting import lint
from engine.models.origin import MOST, origin
from engine.queries import deployments, diagrams, migrations, standing
from engine.queries.clock import Clocks
from engine.queries.deployments import DeploymentLine
from engine.queries.standing import ElementStanding
from engine.storage.database import Connection, Store
from web import cursors, packages
from web.console import rendering, version_tests
from web.console.access import right, visitor
from web.console.exports import Exported, Listed, plain
from web.console.rendering import ROWS, View, back, page, read
from web.container import Container

_MOST_DRAWN = 5
_LONGEST_NUMBER = 18
_MOST_DRAWN_BYTES = 1024 * 1024


class ProceduresView(View):
    """The list's address."""

    q: str = Field(default="", max_length=64)
    procedure: str = Field(default="", max_length=32)
    findings: Literal["", "yes", "no"] = ""
    running: Literal["", "yes", "no"] = ""
    cursor: str | None = Field(default=None, max_length=2000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What differs from another version: elements of the models, and lines of the files."""

    elements: list[ElementChange]
    files: list[tuple[str, list[str]]]


class DeploymentView(View):
    """The address of one version; *against* is another one to compare it with."""

    against: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    days: Literal["7", "30", "90"] = "30"


def add(blueprint: Blueprint, container: Container) -> None:
    """``/quy-trinh`` and ``/quy-trinh/<id>``."""
    clocks = Clocks()
    _add_reading(blueprint, container, clocks)
    _add_acts(blueprint, container, clocks)


def _list(container: Container, view: ProceduresView, **more: object) -> str:
    after = cursors.read(container, view.cursor, view.bound)
    with container.store.reading() as connection:
        found = _found(connection, view, after, ROWS + 1)
    rows, following = rendering.rows_of(container, found, view.bound)
    values = {"findings": None, "drawings": [], "called": {}, "problem": None, **more}
    return page(
        "procedures.html",
        container,
        view=view,
        rows=rows,
        following=following,
        filtered=any(view.bound.values()),
        commit=request.form.get("commit", ""),
        most_commit=MOST,
        **values,
    )


def _found(
    connection: Connection, view: ProceduresView, after: int | None, limit: int
) -> list[DeploymentLine]:
    return deployments.find_deployments(
        connection,
        procedure=view.procedure or None,
        active=None,
        words=view.q or None,
        findings=_WISHES[view.findings],
        running=_WISHES[view.running],
        after=after,
        limit=limit,
    )


_WISHES = {"": None, "yes": True, "no": False}


def _add_reading(blueprint: Blueprint, container: Container, clocks: Clocks) -> None:
    @blueprint.get("/quy-trinh")
    @right("see")
    def procedure_list() -> str:
        return _list(container, read(ProceduresView))

    @blueprint.get("/quy-trinh/<int:id>")
    @right("see")
    def deployment_page(id: int) -> str:  # noqa: A002
        view = read(DeploymentView)
        return _one(container, clocks, id, against=view.against, days=int(view.days))

    @blueprint.get("/quy-trinh/<int:id>/tep/<string:name>")
    @right("see")
    def deployed_file(id: int, name: str) -> Response:  # noqa: A002
        read(View)
        with container.store.reading() as connection:
            content = standing.file(connection, id, name)
        if content is None:
            raise errors.AddressUnknown(path=request.path)
        response = Response(content, content_type="application/octet-stream")
        response.headers.set("Content-Disposition", "attachment", filename=name)
        return response


def _one(
    container: Container,
    clocks: Clocks,
    deployment: int,
    problem: errors.LienthongError | None = None,
    *,
    against: int | None = None,
    days: int = 30,
) -> str:
    with container.store.reading() as connection:
        line = deployments.get_deployment(connection, deployment)
        files = deployments.files_of(connection, deployment)
        elements = standing.of_deployment(connection, deployment, clocks, days=days)
        labels = diagrams.labels_of(connection, {deployment}).get(deployment, {})
        others = [
            one
            for one in deployments.find_deployments(
                connection, procedure=line.procedure, active=None, after=None, limit=ROWS
            )
            if one.id != deployment
        ]
        against = against or _active_of(connection, line)
        changes = _changes(connection, deployment, against) if against else None
        elsewhere = migrations.count_elsewhere(connection, deployment)
        tried = version_tests.trials_of(connection, container.store, deployment)
    return page(
        "deployment.html",
        container,
        line=line,
        files=files,
        problem=problem,
        elsewhere=elsewhere,
        elements=elements,
        labels=labels,
        tokens=_tokens(elements, changes),
        states=standing.STATES,
        days=days,
        hottest=standing.HOTTEST,
        drawing=next((one.name for one in files if one.kind == "bpmn"), None),
        others=others,
        against=against,
        older=next((one for one in others if one.id == against), None),
        changes=changes,
        found=_judged(container, deployment),
        tried=tried,
        cards={card.name: card for card in container.partners.cards()},
    )


def _active_of(connection: Connection, line: DeploymentLine) -> int | None:
    """The version that new dossiers start with, where that is another one: what an activation is held against."""
    if line.active:
        return None
    found = deployments.find_deployments(
        connection, procedure=line.procedure, active=True, after=None, limit=1
    )
    return found[0].id if found else None


def _changes(connection: Connection, deployment: int, against: int) -> Changes:
    """What *deployment* has that *against* has not. Raises: DeploymentNotFound."""
    deployments.get_deployment(connection, against)
    before, after = (standing.files(connection, one) for one in (against, deployment))
    return Changes(elements=differences.elements(before, after), files=differences.files(before, after))


def _tokens(elements: list[ElementStanding], changes: Changes | None) -> list[dict[str, str]]:
    """How elements are marked on the drawing: by their dossiers, else by what is new of them; and by how long people take.

    A badge says the same in numbers: how many wait, and how many incidents are open.
    """
    marked = {one.element: one.how for one in changes.elements} if changes else {}
    marked |= {
        one.element: one.state for one in elements if one.state != "passed" or one.element not in marked
    }
    tokens = [{"element": element, "state": state} for element, state in marked.items()]
    tokens += [{"element": one.element, "state": f"heat-{one.took.heat}"} for one in elements if one.took]
    badges = [(one.element, _badge(one)) for one in elements if one.waiting or one.incidents]
    return tokens + [{"element": element, "badge": badge} for element, badge in badges]


def _badge(one: ElementStanding) -> str:
    counts = ((one.people + one.messages + one.timers, "☐"), (one.calls, "→"), (one.unclear, "?"))
    told = [f"{count} {icon}" for count, icon in (*counts, (one.incidents, "✖")) if count]
    return " · ".join(told)


def _judged(container: Container, deployment: int) -> list[Finding]:
    """What there is to find about a stored version by what partners offer now."""
    offered = container.offered()
    known = None if offered is None else tuple(sorted(offered.items()))
    return list(_findings(container.store, deployment, known))


@lru_cache(maxsize=256)
def _findings(
    store: Store, deployment: int, offered: tuple[tuple[str, frozenset[str]], ...] | None
) -> tuple[Finding, ...]:
    """Versions never change, so each is judged once a process."""
    with store.reading() as connection:
        files = standing.files(connection, deployment)
    return tuple(lint(from_files(files), offered=None if offered is None else dict(offered)))


def _add_acts(blueprint: Blueprint, container: Container, clocks: Clocks) -> None:
    @blueprint.post("/quy-trinh")
    @right("deploy")
    def upload() -> Response:
        try:
            source = origin(request.form.get("commit", ""))
            deployment = from_files(packages.files_of(request))
        except (
            errors.PackageRefused,
            errors.MediaTypeUnsupported,
            errors.XmlRefused,
            errors.RequestInvalid,
        ) as problem:
            return _refused(_list(container, ProceduresView(), problem=problem), problem.status)
        findings = lint(deployment, offered=container.offered())
        if errors_in(findings) or deployment.procedure is None:
            shown = _list(
                container,
                ProceduresView(),
                findings=findings,
                drawings=_drawings(deployment, findings),
                called={node.id: node.name for one in deployment.drawn.values() for node in one.nodes()},
            )
            return _refused(shown, 422)
        by = visitor().name
        stored = deploy.keep(container.store, deployment, by=by, findings=len(findings), origin=source)
        return back(f"/quy-trinh/{stored}", "done")

    @blueprint.post("/quy-trinh/<int:id>")
    @right("deploy")
    def act_on_version(id: int) -> Response:  # noqa: A002
        try:
            _act(container, id)
        except (errors.RequestInvalid, errors.ActionNotNow, errors.PreconditionFailed) as problem:
            return _refused(_one(container, clocks, id, problem), problem.status)
        return back(f"/quy-trinh/{id}", "done")


def _act(container: Container, deployment: int) -> None:
    """Raises: RequestInvalid, DeploymentNotFound, ActionNotNow; PreconditionFailed: it was held against another version."""
    action, by, why = request.form.get("action", ""), visitor().name, rendering.reason()
    if action == "activate":
        seen = request.form.get("instead_of", "")
        if seen and not (seen.isascii() and seen.isdigit() and len(seen) < _LONGEST_NUMBER):
            raise errors.RequestInvalid(reason="this is no version")
        deploy.activate(
            container.store, deployment, by=by, reason=why, instead_of=int(seen) if seen else None
        )
        return
    act = {"retire": deploy.retire, "bring-back": deploy.bring_back}.get(action)
    if act is None:
        raise errors.RequestInvalid(reason="this is no act on a version")
    act(container.store, deployment, by=by, reason=why)


def _drawings(deployment: Deployment, findings: list[Finding]) -> list[dict[str, object]]:
    """The models with findings that can be drawn, each with the elements that its findings name."""
    drawn: list[dict[str, object]] = []
    for name, content in sorted(deployment.files.items()):
        named = sorted({one.element for one in findings if one.file == name and one.element})
        fits = b"BPMNDiagram" in content and len(content) < _MOST_DRAWN_BYTES and len(drawn) < _MOST_DRAWN
        if name.endswith(".bpmn") and named and fits:
            tokens = [{"element": one, "state": "trouble"} for one in named]
            drawn.append({"name": name, "xml": content.decode(errors="replace"), "tokens": tokens})
    return drawn


def _refused(shown: str, status: int) -> Response:
    return Response(shown, status=status, content_type="text/html; charset=utf-8")


def _listed(_container: Container) -> Listed:
    view = read(ProceduresView)
    return Listed(
        find=lambda connection, after, limit: _found(connection, view, after, limit),
        bound=view.bound,
    )


EXPORT = Exported(
    path="/quy-trinh",
    right="see",
    columns=plain(
        "procedure",
        "version",
        "active",
        "running",
        "incidents",
        "warnings",
        "hash",
        "deployed_by",
        "commit",
        "commit_changed",
        "deployed_at",
        "retired_at",
    ),
    listed=_listed,
)
