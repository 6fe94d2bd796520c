"""Having a dossier go to another step, in three: where its tokens stand, what the move would come to, the confirmation of it."""

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from engine import errors
from engine.actions.deploy import DeploymentShelf
from engine.queries import diagrams
from web.console import dossier, rendering
from web.console.access import right, visitor
from web.console.rendering import View, back, page, read
from web.container import Container

if TYPE_CHECKING:
    from engine.actions.move import Move, Places


def add(blueprint: Blueprint, container: Container) -> None:
    """``/ho-so/<code>/chuyen-buoc``."""
    shelf = DeploymentShelf(container.store)

    @blueprint.get("/ho-so/<string:code>/chuyen-buoc")
    @right("move")
    def places_of_dossier(code: str) -> Response:
        read(View)
        return _shown(container, shelf, code)

    @blueprint.post("/ho-so/<string:code>/chuyen-buoc")
    @right("move")
    def move_dossier(code: str) -> Response:
        from engine.actions import move  # brings the interpreter, which no other page needs

        dossier.find(container, code)
        task, target = request.form.get("task", "")[:64], request.form.get("target", "")[:200]
        try:
            why = rendering.reason()
            wanted = move.propose(container.store, shelf, code, task, target)
            if request.form.get("confirmed") != "yes":
                return _shown(container, shelf, code, wanted=wanted)
            move.move(container.store, shelf, code, wanted, seen=_seen(), by=visitor().name, reason=why)
        except errors.PreconditionFailed as problem:
            return _shown(container, shelf, code, wanted=wanted, problem=problem)
        except (errors.RequestInvalid, errors.ActionNotNow) as problem:
            return _shown(container, shelf, code, problem=problem)
        return back(f"/ho-so/{code}?tab=timeline", "done")


def _shown(
    container: Container,
    shelf: DeploymentShelf,
    code: str,
    *,
    wanted: "Move | None" = None,
    problem: errors.LienthongError | None = None,
) -> Response:
    """The places to choose from, or what *wanted* would come to."""
    brief = dossier.find(container, code)
    found, problem = (None, problem) if wanted else _places(container, shelf, code, problem)
    with container.store.reading() as connection:
        drawing = diagrams.find_diagram(connection, brief.id)
    content = page(
        "dossier_move.html",
        container,
        code=code,
        wanted=wanted,
        stands=found.stands if found else (),
        labels=drawing.labels if drawing else {},
        problem=problem,
        typed=request.form,
    )
    return Response(
        content, status=problem.status if problem else 200, content_type="text/html; charset=utf-8"
    )


def _places(
    container: Container, shelf: DeploymentShelf, code: str, problem: errors.LienthongError | None
) -> tuple["Places | None", errors.LienthongError | None]:
    """Where it stands, and what keeps it there; the *problem* that there is already comes first."""
    from engine.actions import move

    try:
        return move.places(container.store, shelf, code), problem
    except errors.ActionNotNow as over:
        return None, problem or over


def _seen() -> int:
    """The version of the instance that the visitor saw; -1, which is none, where the form does not say."""
    given = request.form.get("seen", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1
