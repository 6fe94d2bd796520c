"""Correcting one value of a dossier's data in two steps: what would change, then the confirmation of just that."""

import orjson
from flask import Blueprint, Response, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from engine import errors
from engine.actions import correct, reveal
from engine.actions.correct import Correction
from engine.exchange.ports import Json
from engine.queries.clock import Clocks
from web import masking
from web.bodies import parse_object
from web.console import dossier, rendering
from web.console.access import right, visitor
from web.console.rendering import back, page
from web.container import Container

_GOOD_S = 1800
_LONGEST = 20_000


def add(blueprint: Blueprint, container: Container) -> None:
    """``/ho-so/<code>/sua`` and ``…/sua/xac-nhan``."""
    clocks = Clocks()

    def proposed(code: str, path: str) -> Correction:
        return correct.propose(container.store, code, path, _new_value, clocks.procedure)

    @blueprint.post("/ho-so/<string:code>/sua")
    @right("act")
    def preview_edit(code: str) -> Response:
        brief = dossier.find(container, code)
        try:
            why, path = rendering.reason(), request.form.get("field", "").strip().removeprefix("data.")[:500]
            found = proposed(code, path)
        except (errors.RequestInvalid, errors.DossierInvalid, errors.ActionNotNow) as problem:
            return _shown(container, code, problem=problem)
        if visitor().may("reveal"):
            what = f"data.{path}"
            reveal.write_down(container.store, visitor().name, dossier=brief.id, what=what, reason=why)
        return _shown(container, code, found)

    @blueprint.post("/ho-so/<string:code>/sua/xac-nhan")
    @right("act")
    def confirm_edit(code: str) -> Response:
        dossier.find(container, code)
        try:
            path, value, before, tag = _thawed(container, code, _GOOD_S)
        except errors.FormStale as stale:
            path, value, *_ = _thawed(container, code, None)
            return _again(container, clocks, code, path, value, problem=stale)
        try:
            why = rendering.reason()
            correct.correct(container.store, code, path, value, seen=tag, by=visitor().name, reason=why)
        except errors.RequestInvalid as problem:
            same = Correction(path=tuple(path), before=before, after=value, tag=tag)
            return _shown(container, code, same, problem=problem)
        except errors.PreconditionFailed as problem:
            return _again(container, clocks, code, path, value, problem=problem, seen=_written(before))
        return back(f"/ho-so/{code}?tab=data", "done")


def _again(
    container: Container,
    clocks: Clocks,
    code: str,
    path: list[str],
    value: Json,
    *,
    problem: errors.LienthongError,
    seen: str | None = None,
) -> Response:
    """The preview of the same *value*, made anew of what the dossier says by now."""
    try:
        now = correct.propose(container.store, code, ".".join(path), lambda _: value, clocks.procedure)
    except errors.ActionNotNow as done:  # somebody made it so already, or nothing can be corrected any more
        return _shown(container, code, problem=done)
    return _shown(container, code, now, problem=problem, seen=seen)


def _shown(
    container: Container,
    code: str,
    found: Correction | None = None,
    *,
    problem: errors.LienthongError | None = None,
    seen: str | None = None,
) -> Response:
    """The preview: the value before and after; *seen* is what its visitor saw before somebody else changed it."""
    may = visitor().may("reveal")
    content = page(
        "dossier_edit.html",
        container,
        code=code,
        field=".".join(found.path) if found else request.form.get("field", ""),
        before=(_written(found.before) if may else masking.HIDDEN) if found else "",
        after=_written(found.after) if found else "",
        seen=(seen if may else masking.HIDDEN) if seen is not None else None,
        frozen=_frozen(container, code, found) if found else "",
        problem=problem,
        typed=request.form,
    )
    return Response(
        content, status=problem.status if problem else 200, content_type="text/html; charset=utf-8"
    )


def _new_value(before: Json) -> Json:
    """What was typed, of the sort that the value has now: text stays text, all else is JSON. Raises: RequestInvalid."""
    given = request.form.get("value", "")
    if len(given) > _LONGEST:
        raise errors.RequestInvalid(reason=f"the value is longer than {_LONGEST} characters")
    if isinstance(before, str):
        return given
    try:
        return _json(given)
    except errors.RequestInvalid:
        if before is None:
            return given
        raise


def _json(given: str) -> Json:
    found = parse_object(f'{{"value": {given}}}'.encode())
    if list(found) != ["value"]:
        raise errors.RequestInvalid(reason="the value is no JSON")
    return found["value"]


def _written(value: Json) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _frozen(container: Container, code: str, found: Correction) -> str:
    before = found.before if visitor().may("reveal") else None
    return str(
        _signer(container).dumps([visitor().account, code, list(found.path), found.after, before, found.tag])
    )


def _thawed(container: Container, code: str, within_s: int | None) -> tuple[list[str], Json, Json, str]:
    """Path, new value, what it was and its tag, of the preview; *within_s* None: however old. Raises: FormStale."""
    try:
        account, of, path, value, before, tag = _signer(container).loads(
            request.form.get("frozen", ""), max_age=within_s
        )
    except (BadSignature, ValueError, TypeError):
        raise errors.FormStale(reason="its preview is too old") from None
    if (account, of) != (visitor().account, code):
        raise errors.FormStale(reason="its preview is of another account or dossier")
    return list(path), value, before, str(tag)


def _signer(container: Container) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(container.secret, salt="correction")
