"""A partner's new secret at its page: tried by a call that only reads, and put in force when no stage of that fails."""

from collections.abc import Sequence

from flask import Blueprint, Response, request

from engine import errors
from engine.actions import secrets
from engine.exchange.checking import Stage
from engine.exchange.secrets import PartnerSecrets
from web.console import rendering
from web.console.access import right, visitor
from web.console.partner_acts import check_known, refused, seen
from web.console.partners import one_page
from web.container import Container

_REFUSED = (errors.RequestInvalid, errors.ActionNotNow, errors.PreconditionFailed)


def add(blueprint: Blueprint, container: Container) -> None:
    """``/doi-tac/<name>/bi-mat``."""

    @blueprint.post("/doi-tac/<string:name>/bi-mat")
    @right("partners")
    def rotate_secret(name: str) -> Response:
        check_known(container, name)
        action = request.form.get("action", "")
        try:
            stages = _done(container, name, action)
        except _REFUSED as problem:
            return refused(container, name, problem)
        failed = next((one for one in stages if one.ok is False), None)
        if action == "use" and failed is None:
            return rendering.back(f"/doi-tac/{name}", "done")
        return _tested(container, name, stages, failed if action == "use" else None)


def _done(container: Container, name: str, action: str) -> Sequence[Stage]:
    """Raises: RequestInvalid, ActionNotNow, PreconditionFailed."""
    why, by, port = rendering.reason(), visitor().name, _port(container)
    if action == "use":
        return secrets.use(container.store, port, name, by=by, reason=why, seen=seen)
    if action == "test":
        return secrets.try_new(container.store, port, name, by=by, reason=why)
    raise errors.RequestInvalid(reason="this is no act on a partner")


def _port(container: Container) -> PartnerSecrets:
    """Raises: RequestInvalid: this system speaks to nobody."""
    if container.secrets is None or not container.may_send():
        raise errors.RequestInvalid(reason="this system sends nothing")
    return container.secrets


def _tested(container: Container, name: str, stages: Sequence[Stage], failed: Stage | None) -> Response:
    """The page with what the test saw; *failed*: and that nothing was put in force for it."""
    problem = None
    if failed is not None:
        problem = errors.ActionNotNow(
            what=f"the old secret stays in force: the test failed at {failed.stage}"
        )
    shown = one_page(container, name, problem, stages=stages)
    return Response(shown, status=problem.status if problem else 200, content_type="text/html; charset=utf-8")
