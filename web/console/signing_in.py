"""Signing in, and staying so. A form that was sent after its session ended is kept, and sent again by hand once signed in."""

from typing import Literal

from flask import Blueprint, Response, jsonify, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from engine import errors
from engine.actions import second_factor, sessions
from web.auth import OPEN, needs
from web.console import typed
from web.console.access import COOKIE, check_origin, right, token_for, visitor, watching
from web.console.rendering import View, back, own_path, page, read
from web.container import Container

_HALFWAY_S = 300  # between the password and the code
_MOST_CODE = 32


class SignInView(View):
    next: str = "/"
    out: Literal["here", "both"] | None = None  # of what a person signed out just now


def add(blueprint: Blueprint, container: Container) -> None:
    """``/vao`` and ``/phien``."""
    _add_signing_in(blueprint, container)
    _add_code(blueprint, container)
    _add_session(blueprint, container)


def _add_signing_in(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/vao")
    @needs(OPEN)
    def sign_in() -> str:
        view = read(SignInView)
        where = own_path(view.next)
        return page("sign_in.html", container, next=where, kept="", problem=None, out=view.out)

    @blueprint.post("/vao")
    @needs(OPEN)
    def signed_in() -> Response:
        check_origin()
        form = request.form
        where, kept = own_path(form.get("next", "/")), form.get("kept", "")
        try:
            session = sessions.sign_in(
                container.store,
                form.get("name", ""),
                form.get("password", ""),
                address=request.remote_addr or "",
                idle_s=container.session_idle_s,
            )
        except errors.SecondFactorNeeded as needed:
            halfway = str(_signer(container).dumps(needed.facts["account"]))
            return _answer(_asking(container, where, kept, halfway), 200)
        except (errors.SignInRefused, errors.SignInTooSoon) as problem:
            again = page(
                "sign_in.html", container, next=where, kept=kept, problem=problem, name=form.get("name", "")
            )
            return _answer(again, problem.status)
        return _entered(container, where, kept, session)


def _add_code(blueprint: Blueprint, container: Container) -> None:
    @blueprint.post("/vao/ma")
    @needs(OPEN)
    def signed_in_with_code() -> Response:
        check_origin()
        form, halfway = request.form, request.form.get("halfway", "")[:500]
        code = form.get("code", "")[:_MOST_CODE]
        where, kept = own_path(form.get("next", "/")), form.get("kept", "")
        try:
            session = _with_code(container, halfway, code)
        except (errors.SignInRefused, errors.SignInTooSoon, errors.RequestInvalid) as problem:
            again = _asking(container, where, kept, halfway, problem, recovering="recovering" in form)
            return _answer(again, problem.status)
        except errors.FormStale:
            return back("/vao")
        return _entered(container, where, kept, session)


def _add_session(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/phien")
    @watching
    @right("see")
    def session_left() -> Response:
        read(View)
        return jsonify(seconds=visitor().session_s)

    @blueprint.post("/phien")
    @right("see")
    def stay_signed_in() -> Response:
        session = request.cookies[COOKIE][:200]
        left_s = sessions.extend(container.store, session, idle_s=container.session_idle_s)
        if request.accept_mimetypes.best == "application/json":
            response = jsonify(seconds=left_s)
        else:
            response = back(own_path(request.form.get("next", "/")))
        return with_session(response, session)


def _asking(
    container: Container,
    where: str,
    kept: str,
    halfway: str,
    problem: errors.LienthongError | None = None,
    *,
    recovering: bool = False,
) -> str:
    """The page that asks for the code of whoever's password was right; *recovering*: for one of those kept for that."""
    return page(
        "sign_in_code.html",
        container,
        next=where,
        kept=kept,
        halfway=halfway,
        problem=problem,
        recovering=recovering,
    )


def _with_code(container: Container, halfway: str, code: str) -> str:
    """The text of a new session. Raises: FormStale: the password was given too long ago; as `sessions.sign_in_with_code`."""
    try:
        account = int(_signer(container).loads(halfway, max_age=_HALFWAY_S))
    except (BadSignature, ValueError, TypeError):
        raise errors.FormStale(reason="its preview is too old") from None
    return sessions.sign_in_with_code(
        container.store,
        account,
        lambda connection, found: second_factor.take(connection, found, code, key=container.secret),
        address=request.remote_addr or "",
        idle_s=container.session_idle_s,
    )


def _entered(container: Container, where: str, kept: str, session: str) -> Response:
    response = back(where) if not kept else resume(container, where, kept, token_for(container, session))
    return with_session(response, session)


def _answer(shown: str, status: int) -> Response:
    return Response(shown, status=status, content_type="text/html; charset=utf-8")


def _signer(container: Container) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(container.secret, salt="password was right")


def with_session(response: Response, session: str) -> Response:
    """*response* with the session's cookie: our pages only, no script, over TLS where we are asked over TLS."""
    response.set_cookie(
        COOKIE,
        session,
        max_age=sessions.MOST_SESSION_S,
        httponly=True,
        secure=request.is_secure,
        samesite="Strict",
    )
    return response


def resume(container: Container, where: str, kept: str, token: str) -> Response:
    """A form with everything that was typed before the session ended."""
    fields = typed.fields(kept)
    if not fields:
        return back(where)
    shown = page("resume.html", container, where=where, fields=fields, token=token)
    return Response(shown, content_type="text/html; charset=utf-8")
