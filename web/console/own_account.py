"""One's own account: another password, a second factor with its recovery codes, and the sessions that go on elsewhere."""

from collections.abc import Callable

import segno
from flask import Blueprint, Response, request
from markupsafe import Markup

from engine import errors
from engine.actions import accounts, own_account, recovery_codes, second_factor, sessions
from engine.storage import accounts as rows
from engine.storage import recovery_codes as code_rows
from web.console.access import COOKIE, right, visitor
from web.console.rendering import View, back, page, read
from web.container import Container

_ADDRESS = "/toi"


def add(blueprint: Blueprint, container: Container) -> None:
    """``/toi``: for whoever is signed in; those who only look have no account."""

    @blueprint.get("/toi")
    @right("see")
    def own_page() -> str:
        read(View)
        return _shown(container)

    @blueprint.post("/toi")
    @right("see")
    def change_own_account() -> Response:
        act = _ACTS.get(request.form.get("action", ""), _no_act)
        try:
            told = act(container, _account())
        except (errors.RequestInvalid, errors.SignInRefused) as problem:
            return _answer(_shown(container, problem), problem.status)
        return _answer(_shown(container, codes=told), 200) if told else back(_ADDRESS, "done")


def _account() -> int:
    """The visitor's own. Raises: NotAllowed: the visitor only looks, or asks with a key."""
    account = visitor().account
    if account is None:
        raise errors.NotAllowed(what="use an account: you are not signed in")
    return account


def _shown(
    container: Container, problem: errors.LienthongError | None = None, codes: tuple[str, ...] = ()
) -> str:
    """The page; *codes* are recovery codes that were made by this request, for this once."""
    account = _account()
    typed = request.form.get("secret", "")
    secret = typed if second_factor.is_secret(typed) else second_factor.new_secret()
    with container.store.reading() as connection:
        found = rows.find_by_id(connection, account)
        left = code_rows.left(connection, account)
    return page(
        "own_account.html",
        container,
        sessions=own_account.open_sessions(container.store, account, _session()),
        has_code=found is not None and found.second_factor is not None,
        secret=secret,
        picture=_picture(second_factor.address_of(secret, visitor().name)),
        codes=codes,
        codes_left=left,
        codes_few=recovery_codes.FEW,
        shortest=accounts.MIN_PASSWORD,
        problem=problem,
    )


def _picture(address: str) -> Markup:
    """What a telephone reads, as a drawing inside the page: dark on light in every theme."""
    made = segno.make(address, micro=False)
    return Markup(made.svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=False))  # noqa: S704 - segno's own


def _no_act(_container: Container, _account: int) -> None:
    raise errors.RequestInvalid(reason="this is no act on one's own account")


def _password(container: Container, account: int) -> None:
    wanted = request.form.get("wanted", "")
    if wanted != request.form.get("again", ""):
        raise errors.RequestInvalid(reason="the new password was typed differently the second time")
    _check_password(container)
    own_account.change_own_password(container.store, account, _session(), wanted=wanted)


def _sessions(container: Container, account: int) -> None:
    own_account.end_other_sessions(container.store, account, _session())


def _enrol(container: Container, account: int) -> tuple[str, ...]:
    _check_password(container)
    return second_factor.enrol(
        container.store,
        account,
        request.form.get("secret", ""),
        code=request.form.get("code", "")[:16],
        key=container.secret,
    )


def _codes(container: Container, account: int) -> tuple[str, ...]:
    _check_password(container)
    return recovery_codes.renew(container.store, account, key=container.secret)


def _remove(container: Container, account: int) -> None:
    _check_password(container)
    second_factor.remove(container.store, account, by=visitor().name)


def _check_password(container: Container) -> None:
    """Guessing is slowed down as when signing in. Raises: SignInRefused, SignInTooSoon."""
    password, address = request.form.get("password", ""), request.remote_addr or ""
    sessions.recognise(container.store, visitor().name, password, address=address)


def _session() -> str:
    return request.cookies.get(COOKIE, "")[:200]


def _answer(shown: str, status: int) -> Response:
    return Response(shown, status=status, content_type="text/html; charset=utf-8")


_ACTS: dict[str, Callable[[Container, int], tuple[str, ...] | None]] = {
    "password": _password,
    "sessions": _sessions,
    "enrol": _enrol,
    "codes": _codes,
    "remove": _remove,
}
