"""Partners over REST: how the exchange with each stands, and a test of the way there. What is set is in `partner_acts`."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from engine import errors
from engine.actions import partners as acts
from web import conditions
from web.api import partner_acts, partner_standing
from web.api.catalogue import Partner, Partners, partner
from web.api.models import ReasonRequest, Told, answer, blueprint
from web.api.partner_standing import PartnerPath
from web.auth import needs, principal
from web.container import Container
from web.idempotency import idempotent


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
    partner_acts.add(api, container)
    _add_check(api, container)
    return api


def _add_reading(api: APIBlueprint, container: Container) -> None:
    @api.get("/partners", summary="List partners with their state", responses={200: Partners})
    @needs("dossiers:read")
    def list_partners() -> Response:
        cards, states = partner_standing.known(container)
        names = sorted(cards.keys() | states.keys())
        times = partner_standing.times_of(container)
        items = [partner(name, cards.get(name), states.get(name), times.get(name)) for name in names]
        return answer(Partners(items=items))

    @api.get("/partners/<string:name>", summary="Read a partner's state", responses={200: Partner})
    @needs("dossiers:read")
    def get_partner(path: PartnerPath) -> Response:
        return partner_standing.told(container, path.name)


def _add_check(api: APIBlueprint, container: Container) -> None:
    @api.post("/partners/<string:name>/check", summary="Test the way to a partner", responses={200: Checked})
    @needs("partners", of_all_units=True)
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def check_partner(path: PartnerPath, body: ReasonRequest) -> Response:
        _, state = partner_standing.find(container, path.name)
        conditions.check(partner_standing.tag(path.name, state.revision if state else 0))
        if container.checking is None or not container.may_send():
            raise errors.RequestInvalid(reason="this system sends nothing")
        stages = acts.check(
            container.store, container.checking, path.name, by=principal().name, reason=body.reason
        )
        ok = all(one.ok is not False for one in stages)
        told = [StageTold.model_validate(one) for one in stages]
        return answer(Checked(partner=path.name, ok=ok, stages=told))
