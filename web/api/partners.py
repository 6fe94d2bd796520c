"""Partners over REST: how the exchange with each stands; pause it, let it go on."""

from collections.abc import Callable

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field

from engine import errors
from engine.actions import partners as acts
from engine.queries import partners
from engine.queries.partners import PartnerState
from web import conditions
from web.api.catalogue import Partner, Partners, partner
from web.api.models import Asked, ReasonRequest, answer, blueprint
from web.auth import needs, principal
from web.container import Container, PartnerCard
from web.idempotency import idempotent


class PartnerPath(Asked):
    name: str = Field(min_length=1, max_length=64)


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about partners."""
    api = blueprint("partners", "Who we exchange with, and how it stands.")
    _add_reading(api, container)
    _add_acts(api, container)
    return api


def _add_reading(api: APIBlueprint, container: Container) -> None:
    @api.get("/partners", summary="List partners with their state", responses={200: Partners})
    @needs("dossiers:read")
    def list_partners() -> Response:
        cards, states = _known(container)
        names = sorted(cards.keys() | states.keys())
        return answer(Partners(items=[partner(name, cards.get(name), states.get(name)) for name in names]))

    @api.get("/partners/<string:name>", summary="Read a partner's state", responses={200: Partner})
    @needs("dossiers:read")
    def get_partner(path: PartnerPath) -> Response:
        return _told(container, path.name)


def _add_acts(api: APIBlueprint, container: Container) -> None:
    @api.post("/partners/<string:name>/pause", summary="Send nothing to a partner", responses={200: Partner})
    @needs("partners")
    @idempotent(container)
    def pause_partner(path: PartnerPath, body: ReasonRequest) -> Response:
        _find(container, path.name)
        by = principal().name
        acts.pause(container.store, path.name, by=by, reason=body.reason, seen=_seen(path.name))
        return _told(container, path.name)

    @api.post("/partners/<string:name>/resume", summary="Send to a partner again", responses={200: Partner})
    @needs("partners")
    @idempotent(container)
    def resume_partner(path: PartnerPath, body: ReasonRequest) -> Response:
        _find(container, path.name)
        by = principal().name
        acts.resume(container.store, path.name, by=by, reason=body.reason, seen=_seen(path.name))
        return _told(container, path.name)


def _known(container: Container) -> tuple[dict[str, PartnerCard], dict[str, PartnerState]]:
    with container.store.reading() as connection:
        states = {state.name: state for state in partners.partner_states(connection)}
    return {card.name: card for card in container.partners.cards()}, states


def _find(container: Container, name: str) -> tuple[PartnerCard | None, PartnerState | None]:
    """Raises: PartnerUnknown."""
    cards, states = _known(container)
    if name not in cards and name not in states:
        raise errors.PartnerUnknown(partner=name)
    return cards.get(name), states.get(name)


def _told(container: Container, name: str) -> Response:
    card, state = _find(container, name)
    paused = (state.paused, state.paused_reason) if state else (False, None)
    return conditions.tagged(answer(partner(name, card, state)), _tag(name, *paused))


def _seen(name: str) -> Callable[[bool, str | None], None]:
    """Raises PreconditionMissing or PreconditionFailed where the caller has not seen what is."""
    return lambda paused, reason: conditions.check(_tag(name, paused, reason), required=True)


def _tag(name: str, paused: bool, reason: str | None) -> str:
    """Of what an admin can change; the counts move by themselves."""
    return conditions.tag(name, paused, reason)
