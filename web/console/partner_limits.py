"""Changing the limits of the exchange with one partner: what is typed, old and new beside each other, then just that.

What a contract says stays in its file; what is set here stands in its place until it is taken back.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from flask import Blueprint, Response, request

from engine import errors
from engine.actions import partners as acts
from engine.exchange import limits
from engine.exchange.limits import Limits
from engine.queries import partners
from web import conditions
from web.console import rendering
from web.console.access import right, visitor
from web.console.partner_acts import check_known, seen
from web.console.partners import limit_lines, one_page
from web.console.rendering import page
from web.container import Container, PartnerCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A limit before and after; None: as the contract says."""

    name: str
    of_contract: str
    before: object
    after: object

    @property
    def is_one(self) -> bool:
        return self.before != self.after


def add(blueprint: Blueprint, container: Container) -> None:
    """``/doi-tac/<name>/gioi-han``: seen first, then set."""

    @blueprint.post("/doi-tac/<string:name>/gioi-han")
    @right("partners")
    def limit_partner(name: str) -> Response:
        check_known(container, name)
        try:
            wanted = limits.read(_texts())
        except errors.RequestInvalid as problem:
            return _typed(container, name, problem)
        if request.form.get("action") == "edit":
            return _typed(container, name, None)
        return _set(container, name, wanted)


def _set(container: Container, name: str, wanted: Limits) -> Response:
    """The preview, or what came of its confirmation; one that came too late is shown as things stand now."""
    if request.form.get("confirmed") != "yes":
        return _preview(container, name, wanted, None)
    try:
        why = rendering.reason()
        acts.limit(container.store, name, wanted, by=visitor().name, reason=why, seen=seen)
    except (errors.RequestInvalid, errors.PreconditionFailed, errors.ActionNotNow) as problem:
        return _preview(container, name, wanted, problem)
    return rendering.back(f"/doi-tac/{name}", "done")


def _texts() -> Mapping[str, str]:
    """What is typed; nothing where everything goes back to what the contract says."""
    return {} if request.form.get("action") == "back" else request.form


def _typed(container: Container, name: str, problem: errors.LienthongError | None) -> Response:
    shown = one_page(container, name, problem, typed=request.form)
    return Response(shown, status=problem.status if problem else 200, content_type="text/html; charset=utf-8")


def _preview(
    container: Container, name: str, wanted: Limits, problem: errors.LienthongError | None
) -> Response:
    card: PartnerCard | None = next((one for one in container.partners.cards() if one.name == name), None)
    with container.store.reading() as connection:
        state = next((one for one in partners.partner_states(connection) if one.name == name), None)
    before = state.limits if state else Limits()
    changes = [
        Change(name=one.name, of_contract=one.of_contract, before=one.by_hand, after=asdict(wanted)[one.name])
        for one in limit_lines(card, before)
    ]
    if not any(one.is_one for one in changes) and problem is None:
        problem = errors.ActionNotNow(what=f"the limits of {name} are these already")
    shown = page(
        "partner_limits.html",
        container,
        name=name,
        card=card,
        changes=changes,
        wanted=wanted.set(),
        tag=conditions.tag(name, state.revision if state else 0),
        why=request.form.get("reason", ""),
        problem=problem,
    )
    return Response(shown, status=problem.status if problem else 200, content_type="text/html; charset=utf-8")
