"""Partners over REST: how the exchange with each stands; pause it, let it go on, test the way to it."""

from collections.abc import Callable

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field

from engine import errors
from engine.actions import partners as acts
from engine.queries import partner_times, partners
from engine.queries.partner_times import PartnerTimes
from engine.queries.partners import PartnerState
from web import conditions
from web.api.catalogue import Partner, Partners, partner
from web.api.models import Asked, ReasonRequest, Told, answer, blueprint
from web.auth import needs, principal
from web.container import Container, PartnerCard
from web.idempotency import idempotent


class PartnerPath(Asked):
    name: str = Field(min_length=1, max_length=64)


class StageTold(Told):
    """`ok` null: not tested. `saw` is a stable code, `detail` the other side's own words."""

    stage: str
    ok: bool | None
    saw: str
    detail: str


class Checked(Told):
    """Every stage up to the first that failed: dns, tcp, tls, authentication, contract."""

    partner: str
    ok: bool
    stages: list[StageTold]


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about partners."""
    api = blueprint("partners", "Who we exchange with, and how it stands.")
    _add_reading(api, container)
    _add_acts(api, container)
    _add_check(api, container)
    return api


def _add_reading(api: APIBlueprint, container: Container) -> None:
    @api.get("/partners", summary="List partners with their state", responses={200: Partners})
    @needs("dossiers:read")
    def list_partners() -> Response:
        cards, states = _known(container)
        names = sorted(cards.keys() | states.keys())
        times = _times(container)
        items = [partner(name, cards.get(name), states.get(name), times.get(name)) for name in names]
        return answer(Partners(items=items))

    @api.get("/partners/<string:name>", summary="Read a partner's state", responses={200: Partner})
    @needs("dossiers:read")
    def get_partner(path: PartnerPath) -> Response:
        return _told(container, path.name)


def _add_acts(api: APIBlueprint, container: Container) -> None:
    @api.post("/partners/<string:name>/pause", summary="Send nothing to a partner", responses={200: Partner})
    @needs("partners", of_all_units=True)
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def pause_partner(path: PartnerPath, body: ReasonRequest) -> Response:
        _find(container, path.name)
        by = principal().name
        acts.pause(container.store, path.name, by=by, reason=body.reason, seen=_seen(path.name))
        return _told(container, path.name)

    @api.post("/partners/<string:name>/resume", summary="Send to a partner again", responses={200: Partner})
    @needs("partners", of_all_units=True)
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def resume_partner(path: PartnerPath, body: ReasonRequest) -> Response:
        _find(container, path.name)
        by = principal().name
        acts.resume(container.store, path.name, by=by, reason=body.reason, seen=_seen(path.name))
        return _told(container, path.name)


def _add_check(api: APIBlueprint, container: Container) -> None:
    @api.post("/partners/<string:name>/check", summary="Test the way to a partner", responses={200: Checked})
    @needs("partners", of_all_units=True)
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def check_partner(path: PartnerPath, body: ReasonRequest) -> Response:
        conditions.check(_tag(path.name, *_pause(_find(container, path.name)[1])))
        if container.checking is None or not container.may_send():
            raise errors.RequestInvalid(reason="this system sends nothing")
        stages = acts.check(
            container.store, container.checking, path.name, by=principal().name, reason=body.reason
        )
        ok = all(one.ok is not False for one in stages)
        told = [StageTold.model_validate(one) for one in stages]
        return answer(Checked(partner=path.name, ok=ok, stages=told))


def _known(container: Container) -> tuple[dict[str, PartnerCard], dict[str, PartnerState]]:
    with container.store.reading() as connection:
        states = {state.name: state for state in partners.partner_states(connection)}
    return {card.name: card for card in container.partners.cards()}, states


def _times(container: Container, name: str | None = None) -> dict[str, PartnerTimes]:
    with container.store.reading() as connection:
        return partner_times.of_the_last_day(connection, name)


def _find(container: Container, name: str) -> tuple[PartnerCard | None, PartnerState | None]:
    """Raises: PartnerUnknown."""
    cards, states = _known(container)
    if name not in cards and name not in states:
        raise errors.PartnerUnknown(partner=name)
    return cards.get(name), states.get(name)


def _told(container: Container, name: str) -> Response:
    card, state = _find(container, name)
    told = partner(name, card, state, _times(container, name).get(name))
    return conditions.tagged(answer(told), _tag(name, *_pause(state)))


def _pause(state: PartnerState | None) -> tuple[bool, str | None]:
    return (state.paused, state.paused_reason) if state else (False, None)


def _seen(name: str) -> Callable[[bool, str | None], None]:
    """Raises PreconditionMissing or PreconditionFailed where the caller has not seen what is."""
    return lambda paused, reason: conditions.check(_tag(name, paused, reason), required=True)


def _tag(name: str, paused: bool, reason: str | None) -> str:
    """Of what an admin can change; the counts move by themselves."""
    return conditions.tag(name, paused, reason)
