"""Who is asking, and whether they may: every route declares what it needs, a route without a declaration is refused.

A caller is an API key (``Authorization: Bearer lt_…``; partners may send it as the password of Basic). What keys are is in
`engine.actions.keys`; who may see pages is `web.console.access`'s business.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Request, g, request

from engine import errors
from engine.actions import keys
from engine.actions.keys import Principal
from web.container import Container

OPEN = "open"
ANY = "any key"
TOKEN_MARK = "lto_"  # noqa: S105  # what OAuth2 access tokens begin with
PAGES = "pages"

View = TypeVar("View", bound=Callable[..., Any])


def needs(scope: str, *, of_all_units: bool = False) -> Callable[[View], View]:
    """Marks a view with the scope that its caller must have; `OPEN` is for everybody, `PAGES` for people.

    *of_all_units*: what it does concerns every unit, so that the keys of one are refused.
    """
    if scope not in keys.SCOPES and scope not in (OPEN, ANY, PAGES):
        raise ValueError(f"{scope} is no scope")

    def mark(view: View) -> View:
        view.needs = scope  # type: ignore[attr-defined]
        view.of_all_units = of_all_units  # type: ignore[attr-defined]
        return view

    return mark


def init_app(app: Flask, container: Container, admit: Callable[[Callable[..., Any]], None]) -> None:
    """Check every request of *app* before its body is read; *admit* looks at those for pages."""

    def check() -> None:
        if request.endpoint is None or request.endpoint == "static":
            return
        view = app.view_functions[request.endpoint]
        scope = getattr(view, "needs", None)
        if scope is None:
            raise errors.NotAllowed(what=f"use {request.path}: nobody may")
        if scope == PAGES:
            admit(view)
        elif scope != OPEN:
            g.principal = authenticated(container)
            if scope != ANY:
                g.principal.require(scope)
            if getattr(view, "of_all_units", False) and g.principal.unit is not None:
                raise errors.NotAllowed(what="do what concerns every unit with the key of one")

    app.before_request(check)


def principal() -> Principal:
    """The caller of this request. Only for views that need a scope."""
    found: Principal = g.principal
    return found


def authenticated(container: Container) -> Principal:
    """The key's owner. Raises: NotAuthenticated."""
    text = presented(request)
    if is_token(request):
        from web import oauth

        return oauth.bearer(container, text)
    return keys.authenticate(container.store, text)


def is_token(asked: Request) -> bool:
    """Whether an OAuth2 token came with the request, and not the key that bought it."""
    return presented(asked).startswith(TOKEN_MARK)


def presented(asked: Request) -> str:
    """The API key that came with the request.

    Raises:
        NotAuthenticated: none came, or in a form that we do not take.
    """
    scheme, _, value = asked.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()[:2000]
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise errors.NotAuthenticated(reason="the Basic credentials cannot be read") from None
        return decoded.partition(":")[2][:300]
    raise errors.NotAuthenticated(reason="no Authorization header with a Bearer key came along")


def check_own(units: frozenset[str], absent: errors.LienthongError) -> None:
    """Let a key of one unit only touch what is of it, and learn of nothing else that there is.

    Raises: *absent*, as for what there is not; `web.denials` writes it down.
    """
    check_unit_of(principal().unit, units, absent)


def check_unit_of(unit: str | None, units: frozenset[str], absent: errors.LienthongError) -> None:
    """`check_own` for whoever is of *unit*; None: of all of them."""
    if unit is not None and unit not in units:
        g.hidden = True
        raise absent


def check_desk(unit: str) -> None:
    """Let a key of one unit hand in at its own desk only. Raises: NotAllowed."""
    own = principal().unit
    if own not in (None, unit):
        raise errors.NotAllowed(what=f"hand in at a desk of another unit than {own}")


def narrowed(asked: str | None, what: str) -> str | None:
    """The unit to narrow a list of *what* to: the caller's own, else the one *asked* for, else none.

    Raises: NotAllowed: another unit's than the caller's.
    """
    unit = principal().unit
    if unit is not None and asked not in (None, unit):
        raise errors.NotAllowed(what=f"list {what} of another unit than {unit}")
    return unit or asked
