"""Who looks at a page, and whether they may: every page names the right that it needs.

A visitor is a person with a session, an API key that may read, or, where the console is open, whoever sits at this machine;
the latter two only look. What roles may do is in `engine.actions.accounts`.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import g, request

from engine import errors
from engine.actions import accounts, sessions
from web import away
from web.auth import PAGES, authenticated, check_unit_of
from web.container import Container
from web.security import is_local

COOKIE = "lt_session"
LOOKING = "local"  # whoever sits at this machine, where the console is open
NO_PLACE = frozenset({"csrf"})

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who looks: *rights* name what they may, *unit* narrows what they see. *token* goes into every form,
    *session_s* is what is left of the session, in seconds; 0: there is none."""

    name: str
    rights: frozenset[str]
    unit: str | None
    roles: tuple[str, ...] = ()
    account: int | None = None
    token: str = ""
    session_s: int = 0

    def may(self, right: str) -> bool:
        return right in self.rights

    @property
    def signed_in(self) -> bool:
        return self.account is not None

    def narrowed(self, asked: str) -> str | None:
        """The unit to narrow a list to: the visitor's own, else the one *asked* for, else none.

        Raises: NotAllowed: another unit's than the visitor's.
        """
        if self.unit is not None and asked not in ("", self.unit):
            raise errors.NotAllowed(what=f"see what is of another unit than {self.unit}")
        return self.unit or asked or None

    def check_own(self, units: frozenset[str], absent: errors.LienthongError) -> None:
        """Raises: *absent* where the visitor has nothing to do with what is of *units*: who may not see it learns of none."""
        check_unit_of(self.unit, units, absent)


def right(name: str) -> Callable[[View], View]:
    """Marks a page with the right that its visitors need."""
    if name not in accounts.RIGHTS:
        raise ValueError(f"{name} is no right")

    def mark(view: View) -> View:
        view.needs = PAGES  # type: ignore[attr-defined]
        view.right = name  # type: ignore[attr-defined]
        return view

    return mark


def watching(view: View) -> View:
    """Marks a view that scripts of our pages ask by themselves: that is no use of the session."""
    view.watching = True  # type: ignore[attr-defined]
    return view


def standing_alone(view: View) -> View:
    """Marks a page that asks nothing of the database and holds nothing secret: it is there while the database is away."""
    view.standing_alone = True  # type: ignore[attr-defined]
    return view


def admitting(container: Container) -> Callable[[Callable[..., Any]], None]:
    """What looks at every request for a page before anything else does."""

    def admit(view: Callable[..., Any]) -> None:
        by_itself = getattr(view, "watching", False) or "HX-Request" in request.headers
        try:
            visitor = g.visitor = _find(container, used=not by_itself)
        except errors.StoreError as error:
            if not getattr(view, "standing_alone", False):
                raise
            away.note(error)
            g.visitor = None  # who asks cannot be known now
            return
        wanted: str | None = getattr(view, "right", None)
        if request.method == "POST" and visitor.name == LOOKING and not visitor.signed_in:
            raise errors.NotAuthenticated(reason="sign in first")
        if wanted is None or not visitor.may(wanted):
            raise errors.NotAllowed(what=accounts.RIGHTS.get(wanted or "", f"use {request.path}"))
        if request.method == "POST":
            check_origin()
            _check_form(visitor)

    return admit


def visitor() -> Visitor:
    """Who asks for this page."""
    found: Visitor = g.visitor
    return found


def token_for(container: Container, session: str) -> str:
    """What every form of a session carries, and no other site can know."""
    return hmac.new(container.secret, f"form:{session}".encode(), hashlib.sha256).hexdigest()


def check_origin() -> None:
    """A form comes from our own pages. Raises: NotAllowed."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    foreign = origin is not None and origin.rstrip("/") not in ("null", request.host_url.rstrip("/"))
    if foreign or site in ("cross-site", "same-site"):
        raise errors.NotAllowed(what="be used from another site's page")


def _find(container: Container, *, used: bool) -> Visitor:
    if "Authorization" in request.headers:
        key = authenticated(container)
        key.require("dossiers:read")
        return Visitor(name=key.name, rights=frozenset({"see"}), unit=key.unit)
    if COOKIE in request.cookies:
        return _of_session(container, request.cookies[COOKIE], used=used)
    if container.console_open and is_local(request):
        return Visitor(name=LOOKING, rights=frozenset({"see"}), unit=None)
    raise errors.NotAuthenticated(reason="sign in first")


def _of_session(container: Container, session: str, *, used: bool) -> Visitor:
    person = sessions.of_session(container.store, session[:200], idle_s=container.session_idle_s, used=used)
    if person is None:
        if container.console_open and is_local(request) and request.method == "GET":
            return Visitor(name=LOOKING, rights=frozenset({"see"}), unit=None)
        raise errors.NotAuthenticated(reason="the session is over; sign in again")
    return Visitor(
        name=person.name,
        rights=person.rights,
        unit=person.unit,
        roles=person.roles,
        account=person.id,
        token=token_for(container, session),
        session_s=person.session_s,
    )


def _check_form(asked: Visitor) -> None:
    given = request.form.get("csrf", "")
    if not asked.token or not hmac.compare_digest(given.encode(), asked.token.encode()):
        raise errors.FormStale(reason="its token is missing or of another session")
    if any("\0" in value for _, value in request.form.items(multi=True)):
        raise errors.RequestInvalid(reason="the form has a NUL character, which no text may have")
