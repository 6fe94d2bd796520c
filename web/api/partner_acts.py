"""What may be set of a partner over REST: pauses, its breaker by hand, its limits, and that its contract is taken for good."""

from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import AwareDatetime, Field

from engine import errors
from engine.actions import drift
from engine.actions import partners as acts
from engine.exchange import limits
from engine.exchange.limits import BOUNDS, WORDS_MOST
from web import conditions
from web.api.catalogue import Partner
from web.api.models import ReasonRequest
from web.api.partner_standing import PartnerPath, find, seen, told
from web.auth import needs, principal
from web.container import Container
from web.idempotency import idempotent


class AcceptRequest(ReasonRequest):
    """`hash`: the content that all workers hold."""

    hash: str = Field(min_length=64, max_length=64)


def _bounded(name: str) -> Any:
    least, most = BOUNDS[name]
    return Field(default=None, ge=least, le=most, description="Null: as the contract says.")


class LimitsRequest(ReasonRequest):
    """All limits as they are to be; what is missing stands as the contract says. `rate` and `hours` are for people."""

    window: int | None = _bounded("window")
    total_timeout_s: float | None = _bounded("total_timeout_s")
    connect_timeout_s: float | None = _bounded("connect_timeout_s")
    max_attempts: int | None = _bounded("max_attempts")
    rate: str | None = Field(default=None, min_length=1, max_length=WORDS_MOST)
    hours: str | None = Field(default=None, min_length=1, max_length=WORDS_MOST)


class OpenRequest(ReasonRequest):
    """Without `until`, the breaker stays open until somebody closes it; at that moment one call tries."""

    until: AwareDatetime | None = Field(
        default=None, description=f"A moment of the next {acts.MOST_DAYS} days, with its offset."
    )


def add(api: APIBlueprint, container: Container) -> None:
    """Each act is refused where the partner is no longer as it was seen."""
    _add_pauses(api, container)
    _add_breakers(api, container)
    _add_acceptance(api, container)
    _add_limits(api, container)


def _add_pauses(api: APIBlueprint, container: Container) -> None:
    @api.post("/partners/<string:name>/pause", summary="Send nothing to a partner", responses={200: Partner})
    @needs("partners", of_all_units=True)
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def pause_partner(path: PartnerPath, body: ReasonRequest) -> Response:
        name = _known(container, path)
        acts.pause(container.store, name, by=principal().name, reason=body.reason, seen=seen(name))
        return told(container, name)

    @api.post("/partners/<string:name>/resume", summary="Send to a partner again", responses={200: Partner})
    @needs("partners", of_all_units=True)
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def resume_partner(path: PartnerPath, body: ReasonRequest) -> Response:
        name = _known(container, path)
        acts.resume(container.store, name, by=principal().name, reason=body.reason, seen=seen(name))
        return told(container, name)


def _add_breakers(api: APIBlueprint, container: Container) -> None:
    @api.post(
        "/partners/<string:name>/open", summary="Open a partner's breaker by hand", responses={200: Partner}
    )
    @needs("partners", of_all_units=True)
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def open_breaker(path: PartnerPath, body: OpenRequest) -> Response:
        name, until = _called(container, path), body.until
        by, why = principal().name, body.reason
        acts.open_breaker(container.store, name, until=until, by=by, reason=why, seen=seen(name))
        return told(container, name)

    @api.post(
        "/partners/<string:name>/close", summary="Close a partner's breaker by hand", responses={200: Partner}
    )
    @needs("partners", of_all_units=True)
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def close_breaker(path: PartnerPath, body: ReasonRequest) -> Response:
        name = _known(container, path)
        acts.close_breaker(container.store, name, by=principal().name, reason=body.reason, seen=seen(name))
        return told(container, name)


def _known(container: Container, path: PartnerPath) -> str:
    """Raises: PartnerUnknown."""
    find(container, path.name)
    return path.name


def _called(container: Container, path: PartnerPath) -> str:
    """Raises: PartnerUnknown; ActionNotNow: it fetches its calls itself."""
    card, _ = find(container, path.name)
    if card is not None and card.transport == "mailbox":
        raise errors.ActionNotNow(what=acts.NO_BREAKER)
    return path.name


def _add_acceptance(api: APIBlueprint, container: Container) -> None:
    @api.post(
        "/partners/<string:name>/accept",
        summary="Take a partner's contract for good",
        responses={200: Partner},
    )
    @needs("partners", of_all_units=True)
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def accept_contract(path: PartnerPath, body: AcceptRequest) -> Response:
        name, by = _known(container, path), principal().name
        drift.accept(container.store, name, body.hash, by=by, reason=body.reason, seen=seen(name))
        return told(container, name)


def _add_limits(api: APIBlueprint, container: Container) -> None:
    @api.post("/partners/<string:name>/limits", summary="Set a partner's limits", responses={200: Partner})
    @needs("partners", of_all_units=True)
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def limit_partner(path: PartnerPath, body: LimitsRequest) -> Response:
        name, by = _known(container, path), principal().name
        given = body.model_dump(exclude={"reason"}, exclude_none=True)
        wanted = limits.read({field: str(value) for field, value in given.items()})
        acts.limit(container.store, name, wanted, by=by, reason=body.reason, seen=seen(name))
        return told(container, name)
