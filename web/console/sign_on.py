"""Signing in at the identity provider: there, and back.

The way back comes from another site, so the browser sends no Strict cookie with it, nor with a redirect that answers it: a
page of ours answers, and goes on by itself.
"""

from flask import Blueprint, Response, request

from engine import errors
from engine.actions import sign_on as acts
from engine.exchange.sign_on import SignOn
from web.auth import OPEN, needs
from web.console import typed
from web.console.access import check_origin, token_for
from web.console.rendering import own_path, page
from web.console.signing_in import resume, with_session
from web.container import Container

_PATH = "/vao/cong"
_COOKIE = "lt_sign_on"
_GOOD_S = 900


def add(blueprint: Blueprint, container: Container) -> None:
    """``/vao/cong`` and ``/vao/cong/ve``."""

    @blueprint.post(_PATH)
    @needs(OPEN)
    def sign_on_begin() -> Response:
        check_origin()
        kept = request.form.get("kept", "")
        where = own_path(request.form.get("next", "/"))
        try:
            address, token = acts.begin(
                container.store,
                _port(container),
                back_to=own_address(container, f"{_PATH}/ve"),
                next_path=where,
                kept=kept if len(kept) <= typed.MOST else "",
            )
        except errors.SignOnUnavailable as problem:
            return _again(container, problem, where, kept)
        return on_to(container, address, cookie=_COOKIE, value=token, path=_PATH)

    @blueprint.get(f"{_PATH}/ve")
    @needs(OPEN)
    def sign_on_end() -> Response:
        try:
            done = acts.finish(
                container.store,
                _port(container),
                request.cookies.get(_COOKIE, "")[:200],
                {name: value[:4000] for name, value in request.args.items()},
                back_to=own_address(container, f"{_PATH}/ve"),
                address=request.remote_addr or "",
                key=container.secret,
                idle_s=container.session_idle_s,
            )
        except (errors.SignOnRefused, errors.SignOnUnavailable) as problem:
            return _without_cookie(_again(container, problem, "/", ""))
        return _signed_on(container, done)


def _signed_on(container: Container, done: acts.SignedOn) -> Response:
    if done.kept:
        response = resume(container, done.next_path, done.kept, token_for(container, done.session))
    else:
        response = _html(page("going.html", container, where=done.next_path, outside=False))
    return with_session(_without_cookie(response), done.session)


def _again(container: Container, problem: errors.LienthongError, where: str, kept: str) -> Response:
    """The sign-in page once more, with what went wrong."""
    shown = page("sign_in.html", container, next=where, kept=kept, problem=problem)
    return _html(shown, problem.status)


def _port(container: Container) -> SignOn:
    """Raises: AddressUnknown: no provider is set."""
    if container.sign_on is None:
        raise errors.AddressUnknown(path=request.path)
    return container.sign_on


def own_address(container: Container, path: str) -> str:
    """*path* of ours as the provider sends the browser there."""
    return f"{(container.public_url or request.host_url).rstrip('/')}{path}"


def on_to(
    container: Container, where: str, *, cookie: str, value: str, path: str, leaving: bool = False
) -> Response:
    """A page that goes on to the provider, and a *cookie* of *path* by which the way back is known."""
    response = _html(page("going.html", container, where=where, outside=True, leaving=leaving))
    response.set_cookie(
        cookie, value, max_age=_GOOD_S, path=path, httponly=True, secure=request.is_secure, samesite="Lax"
    )
    return response


def _html(shown: str, status: int = 200) -> Response:
    return Response(shown, status=status, content_type="text/html; charset=utf-8")


def _without_cookie(response: Response) -> Response:
    response.delete_cookie(_COOKIE, path=_PATH)
    return response
