"""Who is asking, and whether they may: every route declares what it needs, a route without a declaration is refused.

A caller is an API key (``Authorization: Bearer lt_…``; partners may send it as the password of Basic), or a console
cookie that stands for one. What keys are is in `engine.actions.keys`.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Request, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from engine import errors
from engine.actions import keys
from engine.actions.keys import Principal
from web.container import Container
from web.security import is_local

COOKIE = "lt_console"
COOKIE_S = 8 * 3600
OPEN = "open"
PAGES = "pages"

View = TypeVar("View", bound=Callable[..., Any])
_LOCAL = Principal(
    id="local", name="local console", scopes=frozenset({"dossiers:read"}), unit=None, partner=None
)


def needs(scope: str) -> Callable[[View], View]:
    """Marks a view with the scope that its caller must have; `OPEN` and `PAGES` are for everybody and for readers."""
    if scope not in keys.SCOPES and scope not in (OPEN, PAGES):
        raise ValueError(f"{scope} is no scope")

    def mark(view: View) -> View:
        view.needs = scope  # type: ignore[attr-defined]
        return view

    return mark


def init_app(app: Flask, container: Container) -> None:
    """Check every request of *app* before its body is read."""

    def check() -> None:
        if request.endpoint is None or request.endpoint == "static":
            return
        scope = getattr(app.view_functions.get(request.endpoint), "needs", None)
        if scope is None:
            raise errors.NotAllowed(what=f"use {request.path}: nobody may")
        if scope == PAGES:
            g.principal = _reader(container)
        elif scope != OPEN:
            g.principal = authenticated(container)
            g.principal.require(scope)

    app.before_request(check)


def principal() -> Principal:
    """The caller of this request. Only for views that need a scope."""
    found: Principal = g.principal
    return found


def authenticated(container: Container) -> Principal:
    """The key's owner. Raises: NotAuthenticated."""
    return keys.authenticate(container.store, presented(request))


def presented(asked: Request) -> str:
    """The API key that came with the request.

    Raises:
        NotAuthenticated: none came, or in a form that we do not take.
    """
    scheme, _, value = asked.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()[:300]
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise errors.NotAuthenticated(reason="the Basic credentials cannot be read") from None
        return decoded.partition(":")[2][:300]
    raise errors.NotAuthenticated(reason="no Authorization header with a Bearer key came along")


def check_unit(units: frozenset[str], what: str) -> None:
    """Let a key of one unit only touch what is that unit's. Raises: NotAllowed."""
    unit = principal().unit
    if unit is not None and unit not in units:
        raise errors.NotAllowed(what=f"{what} of another unit than {unit}")


# -- pages for people ------------------------------------------------------------------------------------


def cookie_for(container: Container, owner: Principal) -> str:
    """What a browser keeps instead of the key: the key's prefix, signed, good for eight hours."""
    return str(_signer(container).dumps(owner.id.removeprefix("key:")))


def _reader(container: Container) -> Principal:
    """Who may see pages: anybody on this machine where the console is open, else a key with ``dossiers:read``."""
    if "Authorization" in request.headers:
        reader = authenticated(container)
    elif COOKIE in request.cookies:
        reader = _by_cookie(container, request.cookies[COOKIE])
    elif container.console_open and is_local(request):
        return _LOCAL
    else:
        raise errors.NotAuthenticated(reason="sign in at /vao with an API key")
    reader.require("dossiers:read")
    return reader


def _by_cookie(container: Container, cookie: str) -> Principal:
    try:
        prefix = _signer(container).loads(cookie, max_age=COOKIE_S)
    except BadSignature:
        raise errors.NotAuthenticated(reason="the session is over; sign in again at /vao") from None
    return keys.in_force(container.store, str(prefix))


def _signer(container: Container) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(container.secret, salt="console")
