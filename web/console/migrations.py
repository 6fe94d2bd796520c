"""Taking the running dossiers of other versions to one: who could go and who not, a first few or all, confirmed as a batch."""

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from engine import errors
from engine.actions import batches as acts
from engine.actions.deploy import DeploymentShelf
from engine.queries import deployments
from engine.queries.deployments import DeploymentLine
from web import freezing
from web.console import bulk
from web.console.access import right
from web.console.rendering import View, page, read
from web.container import Container
from web.freezing import Frozen

if TYPE_CHECKING:
    from engine.actions.survey import Survey


def add(blueprint: Blueprint, container: Container) -> None:
    """``/quy-trinh/<id>/chuyen-ho-so``, its preview and its batch."""
    shelf = DeploymentShelf(container.store)

    @blueprint.get("/quy-trinh/<int:id>/chuyen-ho-so")
    @right("move")
    def dossiers_of_other_versions(id: int) -> Response:  # noqa: A002
        read(View)
        return _shown(container, shelf, id)

    @blueprint.post("/quy-trinh/<int:id>/chuyen-ho-so")
    @right("move")
    def preview_migrations(id: int) -> Response:  # noqa: A002
        line, found = _line(container, id), _survey(container, shelf, id)
        try:
            first = _first(len(found.safe))
        except errors.RequestInvalid as problem:
            return _shown(container, shelf, id, problem)
        frozen = Frozen(
            action=acts.MIGRATE,
            ids=tuple(one.id for one in found.safe[:first]),
            ignored=found.total - min(first, len(found.safe)),
            total=len(found.safe),
            given={"deployment": line.id, "version": line.version},
        )
        return _answer(_preview(container, shelf, line, frozen))

    @blueprint.post("/quy-trinh/<int:id>/chuyen-ho-so/lo")
    @right("move")
    def confirm_migrations(id: int) -> Response:  # noqa: A002
        line = _line(container, id)
        return bulk.confirm(
            container,
            "dossier",
            lambda frozen, problem: _preview(container, shelf, line, frozen, problem),
            only=("migrate",),
        )


def _answer(content: str, status: int = 200) -> Response:
    return Response(content, status=status, content_type="text/html; charset=utf-8")


def _line(container: Container, deployment: int) -> DeploymentLine:
    """Raises: DeploymentNotFound."""
    with container.store.reading() as connection:
        return deployments.get_deployment(connection, deployment)


def _survey(container: Container, shelf: DeploymentShelf, deployment: int) -> "Survey":
    from engine.actions.survey import survey  # brings the interpreter, which few pages need

    return survey(container.store, shelf, deployment, samples=freezing.SAMPLES)


def _shown(
    container: Container,
    shelf: DeploymentShelf,
    deployment: int,
    problem: errors.LienthongError | None = None,
) -> Response:
    content = page(
        "migrations.html",
        container,
        line=_line(container, deployment),
        found=_survey(container, shelf, deployment),
        samples=freezing.SAMPLES,
        problem=problem,
        typed=request.form,
    )
    return _answer(content, problem.status if problem else 200)


def _first(most: int) -> int:
    """How many of the oldest are to go; all where the form says nothing. Raises: RequestInvalid."""
    given = request.form.get("first", "").strip()
    if not given:
        return most
    if not (given.isascii() and given.isdigit() and len(given) < 6 and int(given) > 0):
        raise errors.RequestInvalid(reason="say how many dossiers are to go first, at least one")
    return min(int(given), most)


def _preview(
    container: Container,
    shelf: DeploymentShelf,
    line: DeploymentLine,
    frozen: Frozen,
    problem: errors.LienthongError | None = None,
) -> str:
    """What *frozen* comes to as things stand: those that could not go any more are told as gone."""
    frozen = replace(frozen, given={"deployment": line.id, "version": line.version})
    wanted = set(frozen.ids)
    able = [one for one in _survey(container, shelf, line.id).safe if one.id in wanted]
    return bulk.preview(
        "migration_preview.html", container, "dossier", frozen, able, problem=problem, line=line
    )
