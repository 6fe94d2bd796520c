"""A later due date for a dossier, in two steps: what it would come to, then the confirmation of just that."""

from datetime import datetime

from flask import Blueprint, Response, request

from engine import errors
from engine.actions import extend
from engine.actions.extend import Extension
from engine.queries.clock import Clocks
from web.console import dossier, rendering
from web.console.access import right, visitor
from web.console.rendering import back, page
from web.container import Container

_MOST_GROUND = 500


def add(blueprint: Blueprint, container: Container) -> None:
    """``/ho-so/<code>/gia-han``."""
    clocks = Clocks()

    @blueprint.post("/ho-so/<string:code>/gia-han")
    @right("act")
    def extend_dossier(code: str) -> Response:
        dossier.find(container, code)
        confirmed = request.form.get("confirmed") == "yes"
        try:
            ground, why = _ground(), rendering.reason()
            wanted = extend.propose(container.store, clocks, code, _day())
            if not confirmed:
                return _shown(code, container, wanted)
            asked = Extension(before=_seen(wanted.before), after=wanted.after)
            extend.extend(container.store, code, asked, ground=ground, by=visitor().name, reason=why)
        except errors.PreconditionFailed as problem:
            return _shown(code, container, wanted, problem=problem, seen=asked.before)
        except (errors.RequestInvalid, errors.ActionNotNow) as problem:
            return _shown(code, container, None, problem=problem)
        return back(f"/ho-so/{code}?tab=ledger", "done")


def _shown(
    code: str,
    container: Container,
    wanted: Extension | None,
    *,
    problem: errors.LienthongError | None = None,
    seen: datetime | None = None,
) -> Response:
    content = page(
        "dossier_extend.html",
        container,
        code=code,
        wanted=wanted,
        problem=problem,
        seen=seen,
        typed=request.form,
    )
    status = problem.status if problem is not None else 200
    return Response(content, status=status, content_type="text/html; charset=utf-8")


def _ground() -> str:
    """The law that allows it. Raises: RequestInvalid: it is missing, or would not be kept whole."""
    given = request.form.get("ground", "").strip()
    if not given:
        raise errors.RequestInvalid(reason="the legal ground is missing")
    if len(given) > _MOST_GROUND:
        raise errors.RequestInvalid(reason=f"the legal ground is longer than {_MOST_GROUND} characters")
    return given


def _day() -> datetime:
    """Raises: RequestInvalid: none, or no day."""
    found = rendering.day_begins(request.form.get("day", "").strip())
    if found is None:
        raise errors.RequestInvalid(reason="the new due date must be after the present one")
    return found


def _seen(present: datetime) -> datetime:
    """The due date that the visitor saw; the *present* one where the form does not say."""
    try:
        return datetime.fromisoformat(request.form.get("seen", ""))
    except ValueError:
        return present
