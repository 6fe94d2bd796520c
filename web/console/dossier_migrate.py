"""Having a dossier go on under another version, in three: which there are, what it would come to, the confirmation of it."""

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from engine import errors
from engine.actions.deploy import DeploymentShelf
from engine.queries import deployments
from engine.queries.deployments import DeploymentLine
from web.console import dossier, rendering
from web.console.access import right, visitor
from web.console.rendering import ROWS, View, back, page, read
from web.container import Container

if TYPE_CHECKING:
    from engine.actions.migrate import Migration


def add(blueprint: Blueprint, container: Container) -> None:
    """``/ho-so/<code>/doi-phien-ban``."""
    shelf = DeploymentShelf(container.store)

    @blueprint.get("/ho-so/<string:code>/doi-phien-ban")
    @right("move")
    def versions_for_dossier(code: str) -> Response:
        read(View)
        return _shown(container, code)

    @blueprint.post("/ho-so/<string:code>/doi-phien-ban")
    @right("move")
    def migrate_dossier(code: str) -> Response:
        from engine.actions import migrate  # brings the interpreter, which few pages need

        dossier.find(container, code)
        wanted = None
        try:
            why, target = rendering.reason(), number("target")
            wanted = migrate.propose(container.store, shelf, code, target)
            if request.form.get("confirmed") != "yes":
                return _shown(container, code, wanted=wanted)
            by = visitor().name
            migrate.migrate(container.store, shelf, code, target, seen=number("seen"), by=by, reason=why)
        except (errors.RequestInvalid, errors.ActionNotNow, errors.PreconditionFailed) as problem:
            return _shown(container, code, wanted=wanted, problem=problem)
        return back(f"/ho-so/{code}?tab=timeline", "done")


def number(name: str) -> int:
    """A whole number of the form; -1, which nothing has, where it says none."""
    given = request.form.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1


def _shown(
    container: Container,
    code: str,
    *,
    wanted: "Migration | None" = None,
    problem: errors.LienthongError | None = None,
) -> Response:
    """The versions to choose from, or what going over to the *wanted* one would come to."""
    brief = dossier.find(container, code)
    content = page(
        "dossier_migrate.html",
        container,
        code=code,
        wanted=wanted,
        **_versions(container, brief.procedure, brief.deployment),
        is_over=brief.is_over,
        problem=problem,
        typed=request.form,
    )
    return Response(
        content, status=problem.status if problem else 200, content_type="text/html; charset=utf-8"
    )


def _versions(container: Container, procedure: str, deployment: int) -> dict[str, object]:
    """The version that a dossier runs on, and the newest others that could take it."""
    with container.store.reading() as connection:
        now = deployments.get_deployment(connection, deployment)
        found: list[DeploymentLine] = deployments.find_deployments(
            connection, procedure=procedure, active=None, after=None, limit=ROWS
        )
    others = [one for one in found if one.id != deployment and one.retired_at is None]
    return {"origin": now, "versions": others}
