"""Signing out: first here, then at the identity provider where the session began there and the provider says how.

The way there and back goes over pages and addresses of ours as signing in there does (`web.console.sign_on`). Whatever the
provider does or does not do, the session here is over before it is asked.
"""

import hmac

from flask import Blueprint, Response, request

from engine.actions import sign_on as acts
from web.auth import OPEN, needs
from web.console.access import COOKIE, check_origin
from web.console.rendering import back
from web.console.sign_on import on_to, own_address
from web.container import Container

_PATH = "/vao/cong/ra"
_COOKIE = "lt_sign_out"


def add(blueprint: Blueprint, container: Container) -> None:
    """``/ra`` and ``/vao/cong/ra``."""

    @blueprint.post("/ra")
    @needs(OPEN)
    def sign_out() -> Response:
        check_origin()
        left = _leave(container, request.cookies.get(COOKIE, "")[:200])
        response = (
            on_to(container, left.address, cookie=_COOKIE, value=left.state, path=_PATH, leaving=True)
            if left.address
            else back(f"/vao{_TOLD[left.goes_on]}")
        )
        response.delete_cookie(COOKIE)
        return response

    @blueprint.get(_PATH)
    @needs(OPEN)
    def signed_out() -> Response:
        given, wanted = request.args.get("state", ""), request.cookies.get(_COOKIE, "")
        known = bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())
        response = back("/vao?out=both" if known else "/vao")
        response.delete_cookie(_COOKIE, path=_PATH)
        return response


_TOLD = {True: "?out=here", False: ""}


def _leave(container: Container, session: str) -> acts.SignedOut:
    if not session:
        return acts.SignedOut()
    back_to = own_address(container, _PATH)
    return acts.leave(container.store, container.sign_on, session, back_to=back_to, key=container.secret)
