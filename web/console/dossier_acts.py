"""What people do about one dossier: see a field of it, hold it still, let it go on, cancel it, send what waits."""

from flask import Blueprint, Response, request

from engine import errors
from engine.actions import by_hand, receive, reveal, suspend
from engine.queries import call_list
from engine.queries.clock import Clocks
from web.console import dossier, rendering, revealing
from web.console.access import right, visitor
from web.console.dossier_tabs import DossierView
from web.console.rendering import back
from web.container import Container


def add(blueprint: Blueprint, container: Container) -> None:
    """The forms of ``/ho-so/<code>``."""
    clocks = Clocks()

    def again(code: str, problem: errors.LienthongError) -> Response:
        content = dossier.shown(container, clocks, code, DossierView(), problem)
        return Response(content, status=problem.status, content_type="text/html; charset=utf-8")

    @blueprint.post("/ho-so/<string:code>/mo")
    @right("reveal")
    def reveal_field(code: str) -> Response:
        brief = dossier.find(container, code)
        field = request.form.get("field", "")[:300]
        reveal.write_down(
            container.store, visitor().name, dossier=brief.id, what=field, reason=rendering.reason()
        )
        seen = revealing.permit(container, visitor(), f"{code}:{field}")
        return back(f"/ho-so/{code}?tab=data&seen={seen}")

    @blueprint.post("/ho-so/<string:code>/viec-lam")
    @right("act")
    def act_on_dossier(code: str) -> Response:
        dossier.find(container, code)
        try:
            _act(container, code)
        except (errors.RequestInvalid, errors.ActionNotNow, errors.TransitionRefused) as problem:
            return again(code, problem)
        return back(f"/ho-so/{code}", "done")

    @blueprint.post("/ho-so/<string:code>/gui-ngay")
    @right("act")
    def retry_now(code: str) -> Response:
        dossier.find(container, code)
        try:
            _retry(container, code)
        except (errors.RequestInvalid, errors.ActionNotNow, errors.CallNotFound) as problem:
            return again(code, problem)
        return back(f"/ho-so/{code}", "done")


def _act(container: Container, code: str) -> None:
    """Raises: RequestInvalid: no act, or no reason. ActionNotNow, TransitionRefused: not as the dossier stands."""
    action, why, now = request.form.get("action", ""), rendering.reason(), container.clock.now()
    if action == "cancel":
        receive.withdraw(container.store, code, reason=why, by=visitor().name, now=now, audited=True)
        return
    if action not in _HOLDING:
        raise errors.RequestInvalid(reason="this is no act on a dossier")
    _HOLDING[action](container.store, code, by=visitor().name, reason=why, now=now)


_HOLDING = {"suspend": suspend.suspend, "resume": suspend.resume}


def _retry(container: Container, code: str) -> None:
    """Raises: RequestInvalid, CallNotFound, ActionNotNow: it is not this dossier's, or does not wait."""
    given, why = request.form.get("call", ""), rendering.reason()
    if not given.isascii() or not given.isdigit():
        raise errors.RequestInvalid(reason="choose the call to go on with")
    with container.store.reading() as connection:
        call = call_list.get_call(connection, int(given[:18]))
    if call.dossier != code:
        raise errors.ActionNotNow(what=f"call {call.id} is of another dossier")
    acts = by_hand.possible(call.status, call.repeat, has_incident=call.incident is not None)
    if not acts:
        raise errors.ActionNotNow(what=f"call {call.id} is {call.status} and waits for nothing")
    by_hand.act_on_call(container.store, call.id, acts[0], by=visitor().name, reason=why)
