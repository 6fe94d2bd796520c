"""What is done at a partner's page: pause and resume it, open and close its breaker by hand, test the way there."""

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, Response, request

from engine import errors
from engine.actions import drift
from engine.actions import partners as acts
from engine.exchange.checking import Stage
from engine.queries import partners
from engine.storage.partners import HeldPartner
from web import conditions
from web.console import rendering
from web.console.access import right, visitor
from web.console.partners import PartnersView, all_page, one_page
from web.container import Container

_REFUSED = (errors.RequestInvalid, errors.ActionNotNow, errors.PreconditionFailed)


def add(blueprint: Blueprint, container: Container) -> None:
    """Each act says on the page of its form why it is refused, with what was typed."""
    _add_pauses(blueprint, container)
    _add_breakers(blueprint, container)
    _add_acceptance(blueprint, container)
    _add_test(blueprint, container)


def _add_pauses(blueprint: Blueprint, container: Container) -> None:
    @blueprint.post("/doi-tac/<string:name>")
    @right("partners")
    def switch_partner(name: str) -> Response:
        check_known(container, name)
        action = request.form.get("action", "")
        act = {"pause": acts.pause, "resume": acts.resume}.get(action)
        if act is None:
            raise errors.RequestInvalid(reason="this is no act on a partner")

        def seen(held: HeldPartner) -> None:
            if held.paused is (action == "pause"):
                what = f"{name} is paused already: {held.paused_reason}"
                raise errors.ActionNotNow(what=what if held.paused else f"{name} is not paused")

        try:
            act(container.store, name, by=visitor().name, reason=rendering.reason(), seen=seen)
        except errors.RequestInvalid as problem:
            return _shown(all_page(container, PartnersView(), problem), problem.status)
        return rendering.returned("/doi-tac")


def _add_breakers(blueprint: Blueprint, container: Container) -> None:
    @blueprint.post("/doi-tac/<string:name>/ngat")
    @right("partners")
    def switch_breaker(name: str) -> Response:
        check_known(container, name)
        try:
            _switch(container, name)
        except _REFUSED as problem:
            return refused(container, name, problem)
        return rendering.back(f"/doi-tac/{name}", "done")


def _switch(container: Container, name: str) -> None:
    """Raises: RequestInvalid, ActionNotNow; PreconditionFailed: the partner is no longer as it was seen."""
    action, by, why = request.form.get("action", ""), visitor().name, rendering.reason()
    if action == "close":
        acts.close_breaker(container.store, name, by=by, reason=why, seen=seen)
    elif action == "open":
        if has_mailbox(container, name):
            raise errors.ActionNotNow(what=acts.NO_BREAKER)
        acts.open_breaker(container.store, name, until=_until(), by=by, reason=why, seen=seen)
    else:
        raise errors.RequestInvalid(reason="this is no act on a partner")


def _until() -> datetime | None:
    given = request.form.get("until", "").strip()
    return rendering.moment(given) if given else None


def _add_acceptance(blueprint: Blueprint, container: Container) -> None:
    @blueprint.post("/doi-tac/<string:name>/lech")
    @right("partners")
    def accept_contract(name: str) -> Response:
        check_known(container, name)
        given = request.form.get("hash", "")
        try:
            drift.accept(
                container.store, name, given, by=visitor().name, reason=rendering.reason(), seen=seen
            )
        except _REFUSED as problem:
            return refused(container, name, problem)
        return rendering.back(f"/doi-tac/{name}", "done")


def _add_test(blueprint: Blueprint, container: Container) -> None:
    @blueprint.post("/doi-tac/<string:name>/thu")
    @right("partners")
    def test_partner(name: str) -> Response:
        """What was seen is shown at once and kept nowhere but in the audit trail."""
        check_known(container, name)
        try:
            stages = _checked(container, name, by=visitor().name, reason=rendering.reason())
        except errors.RequestInvalid as problem:
            return refused(container, name, problem)
        return _shown(one_page(container, name, stages=stages), 200)


def _checked(container: Container, name: str, *, by: str, reason: str) -> Sequence[Stage]:
    """The way to a partner, tested now. Raises: PartnerUnknown; RequestInvalid: this system speaks to nobody."""
    if container.checking is None or not container.may_send():
        raise errors.RequestInvalid(reason="this system sends nothing")
    return acts.check(container.store, container.checking, name, by=by, reason=reason)


def seen(held: HeldPartner) -> None:
    """Raises: PreconditionFailed: people changed the partner since the form's page was shown."""
    if conditions.tag(held.name, held.revision) != request.form.get("seen"):
        raise errors.PreconditionFailed(etag=conditions.tag(held.name, held.revision))


def check_known(container: Container, name: str) -> None:
    """Raises: PartnerUnknown."""
    with container.store.reading() as connection:
        known = {state.name for state in partners.partner_states(connection)}
    if name not in known | {card.name for card in container.partners.cards()}:
        raise errors.PartnerUnknown(partner=name)


def has_mailbox(container: Container, name: str) -> bool:
    """Whether a partner fetches its calls itself."""
    return any(card.name == name and card.transport == "mailbox" for card in container.partners.cards())


def refused(container: Container, name: str, problem: errors.LienthongError) -> Response:
    """The partner's page with why something was refused and what was typed."""
    return _shown(one_page(container, name, problem), problem.status)


def _shown(content: str, status: int) -> Response:
    return Response(content, status=status, content_type="text/html; charset=utf-8")
