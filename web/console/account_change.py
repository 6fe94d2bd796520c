"""Changing an account in two steps: the effect is seen first, and holds only while the account is as it was seen."""

import json

from flask import Response, request

from engine import errors
from engine.actions import accounts as acts
from engine.actions.accounts import RIGHTS, Standing
from engine.storage import accounts as rows
from web.console import rendering
from web.console.access import visitor
from web.console.rendering import page
from web.container import Container


def change(container: Container, account: int) -> Response:
    """The preview, or what came of its confirmation.

    Raises: RequestInvalid, ActionNotNow, AccountNotFound.
    """
    wanted, why = _wanted(), rendering.reason()
    if request.form.get("confirmed") != "yes":
        return _preview(container, account, wanted, why, seen=None)
    seen = _seen()
    try:
        acts.change(
            container.store,
            account,
            roles=wanted.roles,
            unit=wanted.unit,
            enabled=wanted.enabled,
            by=visitor().name,
            reason=why,
            seen=seen,
        )
    except errors.PreconditionFailed:
        return _preview(container, account, wanted, why, seen=seen)
    return rendering.returned("/tai-khoan")


def _preview(
    container: Container, account: int, wanted: Standing, why: str, *, seen: Standing | None
) -> Response:
    """What would change; with *seen*, because the account was changed since then: both versions."""
    with container.store.reading() as connection:
        found = rows.find_by_id(connection, account)
    if found is None:
        raise errors.AccountNotFound(account=account)
    before = acts.standing(found)
    shown = page(
        "account_change.html",
        container,
        account=found,
        before=before,
        wanted=wanted,
        seen=seen,
        gained=[right for right in RIGHTS if right in wanted.rights - before.rights],
        lost=[right for right in RIGHTS if right in before.rights - wanted.rights],
        frozen=json.dumps([before.roles, before.unit, before.enabled]),
        why=why,
    )
    return Response(shown, status=412 if seen else 200, content_type="text/html; charset=utf-8")


def _wanted() -> Standing:
    form = request.form
    return Standing(
        roles=tuple(sorted(form.getlist("role"))),
        unit=form.get("unit", "").strip()[:32] or None,
        enabled=form.get("enabled") == "yes",
    )


def _seen() -> Standing:
    """As which the visitor saw the account. Raises: RequestInvalid."""
    try:
        roles, unit, enabled = json.loads(request.form.get("seen", ""))
        return Standing(roles=tuple(roles), unit=unit, enabled=enabled)
    except (ValueError, TypeError):
        raise errors.RequestInvalid(reason="its preview is too old") from None
