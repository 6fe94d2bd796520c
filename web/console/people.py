"""Accounts with their roles, and API keys: who may do what here."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from flask import Blueprint, Response, request
from pydantic import Field

from engine import errors
from engine.actions import accounts as acts
from engine.actions import keys as key_acts
from engine.actions import second_factor
from engine.actions import sign_on as sign_on_acts
from engine.actions.accounts import RIGHTS, ROLES
from engine.actions.keys import SCOPES
from engine.clock import SystemClock
from engine.dossiers.indexing import searchable
from engine.queries import accounts, keys
from engine.queries.accounts import AccountLine
from engine.queries.keys import IssuedKeyLine
from web import cursors
from web.console import account_change, rendering
from web.console.access import right, visitor
from web.console.exports import Exported, Listed, plain
from web.console.rendering import View, page, read
from web.container import Container

_NEVER_S = 90 * 86400  # without a sign-in for so long an account counts as unused


class AccountsView(View):
    """The address of the list of accounts; *use*: whether an account is off, or nobody signed in for long."""

    name: str = Field(default="", max_length=64)
    role: str = Field(default="", max_length=32)
    unit: str = Field(default="", max_length=32)
    use: Literal["", "off", "idle"] = ""
    cursor: str | None = Field(default=None, max_length=2000)

    def fits(self, one: AccountLine, now: datetime) -> bool:
        idle = (now - (one.signed_in_at or one.created_at)).total_seconds() > _NEVER_S
        return (
            searchable(self.name) in searchable(one.name)
            and self.role in ("", *one.roles)
            and self.unit in ("", one.unit)
            and {"": True, "off": not one.enabled, "idle": one.enabled and idle}[self.use]
        )


class KeysView(View):
    """The address of the list of keys."""

    state: Literal["", "in force", "expired", "revoked"] = ""
    scope: str = Field(default="", max_length=64)
    partner: str = Field(default="", max_length=64)
    unit: str = Field(default="", max_length=32)

    def fits(self, one: IssuedKeyLine) -> bool:
        return (
            self.state in ("", one.state)
            and self.scope in ("", *one.scopes)
            and self.partner in ("", one.partner)
            and self.unit in ("", one.unit)
        )


_FIXABLE = (errors.RequestInvalid, errors.ActionNotNow, errors.StoreConflict, errors.PartnerUnknown)


def add(blueprint: Blueprint, container: Container) -> None:
    """``/tai-khoan`` and ``/khoa``."""
    _add_accounts(blueprint, container)
    _add_keys(blueprint, container)


def _accounts(
    container: Container,
    problem: errors.LienthongError | None = None,
    told: tuple[str, str] | None = None,
) -> str:
    """The page of accounts; after a form its first rows, with what was wrong or is *told* once."""
    asked = request.method == "GET"
    view = read(AccountsView) if asked else AccountsView()
    rows, following = _page_of_accounts(container, view)
    return page(
        "accounts.html",
        container,
        view=view,
        rows=rows,
        following=following if asked else None,
        roles=ROLES,
        every_right=list(RIGHTS),
        problem=problem,
        secret=told,
        typed=request.form if problem else {},
    )


def _page_of_accounts(container: Container, view: AccountsView) -> tuple[list[AccountLine], str | None]:
    """The accounts of one page, and the address of the next; they are few enough to be read whole."""
    with container.store.reading() as connection:
        rows = accounts.list_accounts(connection)
    fitting = [one for one in rows if view.fits(one, SystemClock().now())]
    after = cursors.read(container, view.cursor, view.bound)
    begins = next((at + 1 for at, one in enumerate(fitting) if one.id == after), 0)
    return rendering.rows_of(container, fitting[begins : begins + rendering.ROWS + 1], view.bound)


def _add_accounts(blueprint: Blueprint, container: Container) -> None:
    shown = partial(_accounts, container)

    @blueprint.get("/tai-khoan")
    @right("accounts")
    def account_list() -> str:
        return shown()

    @blueprint.post("/tai-khoan")
    @right("accounts")
    def create_account() -> Response:
        name, password = request.form.get("name", "").strip(), acts.random_password()
        try:
            acts.create(
                container.store,
                name,
                password,
                roles=request.form.getlist("role"),
                unit=_unit(),
                by=visitor().name,
            )
        except _FIXABLE as problem:
            return _answer(shown(problem), problem.status)
        return _answer(shown(told=(name, password)), 200)

    @blueprint.post("/tai-khoan/<int:id>")
    @right("accounts")
    def change_account(id: int) -> Response:  # noqa: A002
        try:
            act = _ACTS.get(request.form.get("action", ""))
            if act is None:
                return account_change.change(container, id)
            told = act(container, id)
        except _FIXABLE as problem:
            return _answer(shown(problem), problem.status)
        return _answer(shown(told=told), 200) if told else rendering.returned("/tai-khoan")


def _password(container: Container, account: int) -> tuple[str, str]:
    """Whose new password is to be told once, and the password."""
    password = acts.random_password()
    acts.set_password(container.store, account, password, by=visitor().name, reason=rendering.reason())
    return request.form.get("name", ""), password


def _bind(container: Container, account: int) -> None:
    subject = request.form.get("subject", "").strip() or None
    sign_on_acts.bind(container.store, account, subject, by=visitor().name, reason=rendering.reason())


def _no_code(container: Container, account: int) -> None:
    second_factor.remove(container.store, account, by=visitor().name, reason=rendering.reason())


_ACTS: dict[str, Callable[[Container, int], tuple[str, str] | None]] = {
    "password": _password,
    "bind": _bind,
    "code": _no_code,
}


def _add_keys(blueprint: Blueprint, container: Container) -> None:
    def shown(problem: errors.LienthongError | None = None, told: tuple[str, str] | None = None) -> str:
        with container.store.reading() as connection:
            rows = keys.list_keys(connection)
        view = read(KeysView) if request.method == "GET" else KeysView()
        return page(
            "keys.html",
            container,
            view=view,
            rows=[one for one in rows if view.fits(one)],
            filtered=bool(view.state or view.scope or view.partner or view.unit),
            scopes=SCOPES,
            problem=problem,
            secret=told,
            typed=request.form if problem else {},
        )

    @blueprint.get("/khoa")
    @right("accounts")
    def key_list() -> str:
        return shown()

    @blueprint.post("/khoa")
    @right("accounts")
    def create_key() -> Response:
        try:
            issued = _issue(container)
        except _FIXABLE as problem:
            return _answer(shown(problem), problem.status)
        return _answer(shown(told=(issued.name, issued.text)), 200)

    @blueprint.post("/khoa/<string:prefix>")
    @right("accounts")
    def revoke_key(prefix: str) -> Response:
        try:
            key_acts.revoke(container.store, prefix, by=visitor().name)
        except _FIXABLE as problem:
            return _answer(shown(problem), problem.status)
        return rendering.returned("/khoa")


def _issue(container: Container) -> key_acts.IssuedKey:
    name, days = request.form.get("name", "").strip()[:100], request.form.get("days", "").strip()
    if not name:
        raise errors.RequestInvalid(reason="the key needs a name")
    if days and not (days.isascii() and days.isdigit() and 0 < int(days) <= 3650):
        raise errors.RequestInvalid(reason="days is a number from 1 to 3650")
    partner = request.form.get("partner", "").strip()[:64] or None
    if partner is not None and partner not in {card.name for card in container.partners.cards()}:
        raise errors.PartnerUnknown(partner=partner)
    return key_acts.create(
        container.store,
        name,
        scopes=request.form.getlist("scope"),
        unit=_unit(),
        partner=partner,
        expires_at=SystemClock().now() + timedelta(days=int(days)) if days else None,
        by=visitor().name,
    )


def _unit() -> str | None:
    return request.form.get("unit", "").strip()[:32] or None


def _answer(shown: str, status: int) -> Response:
    return Response(shown, status=status, content_type="text/html; charset=utf-8")


def _listed_accounts(_container: Container) -> Listed:
    view, now = read(AccountsView), SystemClock().now()
    return Listed(
        find=lambda connection, _after, _limit: [
            one for one in accounts.list_accounts(connection) if view.fits(one, now)
        ],
        bound=view.bound,
        key=None,
    )


def _listed_keys(_container: Container) -> Listed:
    view = read(KeysView)
    return Listed(
        find=lambda connection, _after, _limit: [one for one in keys.list_keys(connection) if view.fits(one)],
        bound=view.bound,
        key=None,
    )


EXPORTS = (
    Exported(
        path="/tai-khoan",
        right="accounts",
        columns=plain("name", "roles", "unit", "enabled", "second_factor", "created_at", "signed_in_at"),
        listed=_listed_accounts,
    ),
    Exported(
        path="/khoa",
        right="accounts",
        columns=plain(
            "name",
            "prefix",
            "state",
            "scopes",
            "unit",
            "partner",
            "created_at",
            "created_by",
            "expires_at",
            "used_at",
        ),
        listed=_listed_keys,
    ),
)
