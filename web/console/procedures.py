"""Procedures and their versions: what runs on each and where it stands, what changed between two, an upload judged before
anything is stored, and its activation.
"""

from difflib import unified_diff
from itertools import islice
from typing import Annotated

from flask import Blueprint, Response, request
from pydantic import Field

from engine import errors
from engine.actions import deploy
from engine.models.deployment import Deployment, from_files
from engine.models.findings import Finding, errors_in
from engine.models.linting import lint
from engine.queries import deployments, diagrams, standing
from engine.queries.deployments import DeployedFile
from engine.storage.database import Connection
from web import cursors, packages
from web.console import rendering
from web.console.access import right, visitor
from web.console.exports import Exported, Listed, plain
from web.console.rendering import ROWS, View, back, page, read
from web.container import Container

_MOST_DRAWN = 5
_MOST_LINES = 1000
_MOST_DRAWN_BYTES = 1024 * 1024


class ProceduresView(View):
    """The list's address."""

    procedure: str = Field(default="", max_length=32)
    cursor: str | None = Field(default=None, max_length=2000)


class DeploymentView(View):
    """The address of one version; *against* is another one to compare it with."""

    against: Annotated[int, Field(ge=1, lt=2**31)] | None = None


def add(blueprint: Blueprint, container: Container) -> None:
    """``/quy-trinh`` and ``/quy-trinh/<id>``."""
    _add_reading(blueprint, container)
    _add_acts(blueprint, container)


def _list(container: Container, view: ProceduresView, **more: object) -> str:
    after = cursors.read(container, view.cursor, view.bound)
    with container.store.reading() as connection:
        found = deployments.find_deployments(
            connection, procedure=view.procedure or None, active=None, after=after, limit=ROWS + 1
        )
    rows, following = rendering.rows_of(container, found, view.bound)
    values = {"findings": None, "drawings": [], "problem": None, **more}
    return page(
        "procedures.html",
        container,
        view=view,
        rows=rows,
        following=following,
        filtered=bool(view.procedure),
        **values,
    )


def _add_reading(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/quy-trinh")
    @right("see")
    def procedure_list() -> str:
        return _list(container, read(ProceduresView))

    @blueprint.get("/quy-trinh/<int:id>")
    @right("see")
    def deployment_page(id: int) -> str:  # noqa: A002
        return _one(container, id, against=read(DeploymentView).against)

    @blueprint.get("/quy-trinh/<int:id>/tep/<string:name>")
    @right("see")
    def deployed_file(id: int, name: str) -> Response:  # noqa: A002
        with container.store.reading() as connection:
            content = standing.file(connection, id, name)
        if content is None:
            raise errors.AddressUnknown(path=request.path)
        response = Response(content, content_type="application/octet-stream")
        response.headers.set("Content-Disposition", "attachment", filename=name)
        return response


def _one(
    container: Container,
    deployment: int,
    problem: errors.LienthongError | None = None,
    *,
    against: int | None = None,
) -> str:
    with container.store.reading() as connection:
        line = deployments.get_deployment(connection, deployment)
        files = deployments.files_of(connection, deployment)
        elements = standing.of_deployment(connection, deployment)
        labels = diagrams.labels_of(connection, {deployment}).get(deployment, {})
        others = deployments.find_deployments(
            connection, procedure=line.procedure, active=None, after=None, limit=ROWS
        )
        changes = _changes(connection, deployment, against, files) if against else []
    return page(
        "deployment.html",
        container,
        line=line,
        files=files,
        problem=problem,
        elements=elements,
        labels=labels,
        tokens=[{"element": one.element, "state": one.state} for one in elements],
        drawing=next((one.name for one in files if one.kind == "bpmn"), None),
        others=[one for one in others if one.id != deployment],
        against=against,
        changes=changes,
    )


def _changes(
    connection: Connection, deployment: int, against: int, files: list[DeployedFile]
) -> list[tuple[str, list[str]]]:
    """(file, the lines of its difference) for each file that is not the same. Raises: DeploymentNotFound."""
    deployments.get_deployment(connection, against)
    names = {one.name for one in [*files, *deployments.files_of(connection, against)]}
    found = []
    for name in sorted(names):
        old, new = (standing.file(connection, one, name) or b"" for one in (against, deployment))
        if old != new:
            before, after = (data.decode(errors="replace").splitlines() for data in (old, new))
            told = unified_diff(before, after, lineterm="", n=2)
            found.append((name, list(islice(told, 2, _MOST_LINES))))
    return found


def _add_acts(blueprint: Blueprint, container: Container) -> None:
    @blueprint.post("/quy-trinh")
    @right("deploy")
    def upload() -> Response:
        try:
            deployment = from_files(packages.files_of(request))
        except (errors.PackageRefused, errors.MediaTypeUnsupported, errors.XmlRefused) as problem:
            return _refused(_list(container, ProceduresView(), problem=problem), problem.status)
        findings = lint(deployment, offered=container.offered())
        if errors_in(findings) or deployment.procedure is None:
            shown = _list(
                container, ProceduresView(), findings=findings, drawings=_drawings(deployment, findings)
            )
            return _refused(shown, 422)
        stored = deploy.keep(container.store, deployment, by=visitor().name)
        return back(f"/quy-trinh/{stored}", "done")

    @blueprint.post("/quy-trinh/<int:id>")
    @right("deploy")
    def activate(id: int) -> Response:  # noqa: A002
        try:
            deploy.activate(container.store, id, by=visitor().name, reason=rendering.reason())
        except errors.RequestInvalid as problem:
            return _refused(_one(container, id, problem), problem.status)
        return back(f"/quy-trinh/{id}", "done")


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
        find=lambda connection, after, limit: deployments.find_deployments(
            connection, procedure=view.procedure or None, active=None, after=after, limit=limit
        ),
        bound=view.bound,
    )


EXPORT = Exported(
    path="/quy-trinh",
    right="see",
    columns=plain("procedure", "version", "active", "running", "hash", "deployed_by", "deployed_at"),
    listed=_listed,
)
