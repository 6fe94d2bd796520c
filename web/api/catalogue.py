"""Procedures over REST: what can be handed in here; and the shape in which a partner is told."""

from datetime import datetime
from typing import Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field, JsonValue, TypeAdapter

from engine import errors
from engine.exchange.limits import Limits
from engine.queries import procedures
from engine.queries.partner_times import PartnerTimes
from engine.queries.partners import PartnerState
from engine.queries.procedures import DeployedProcedure
from web.api.models import Asked, Names, Told, answer, blueprint
from web.auth import needs
from web.container import Container, PartnerCard


class ProcedurePath(Asked):
    code: str = Field(max_length=32)


class Procedure(Told):
    """A procedure that dossiers can be handed in for; `rules` is what its procedure.yaml says, `commit` where
    its folder came from, null: nobody said."""

    code: str
    name: Names
    version: int
    process: str
    hash: str
    deployed_at: datetime
    deployed_by: str
    commit: str | None
    commit_changed: bool | None
    rules: JsonValue


class Procedures(Told):
    items: list[Procedure]


class PartnerLimits(Told):
    """What people set in place of the contract's; null: as the contract says."""

    window: int | None
    total_timeout_s: float | None
    connect_timeout_s: float | None
    max_attempts: int | None
    rate: str | None
    hours: str | None


class Partner(Told):
    """A partner; `label` says how true to life its contract is: real, single-source or sample. `opened_reason`: a person opened
    its breaker; nothing tries before `probe_at`, or, null, before somebody closes it. `contract_hash` names the content in
    force, `drift` what of it is no longer what calls were tried with; `attempts`, `good`, `p50_s` and `p95_s` are of its
    newest 2,000 attempts of 24 hours.
    """

    name: str
    title: str
    title_en: str
    label: str
    transport: str
    operations: list[str]
    inbound: list[str]
    state: Literal["ok", "down", "paused", "unused"]
    paused_reason: str | None
    breaker: Literal["closed", "open"]
    opened_reason: str | None
    probe_at: datetime | None
    calls_waiting: int
    calls_sending: int
    calls_unknown: int
    calls_incident: int
    oldest_call_at: datetime | None
    contract_version: str
    drift: list[Literal["contract", "secret", "workers", "description"]]
    contract_hash: str
    window: int
    limits: PartnerLimits
    attempts: int
    good: int
    p50_s: float | None
    p95_s: float | None
    last_good_at: datetime | None


class Partners(Told):
    items: list[Partner]


_RULES: TypeAdapter[object] = TypeAdapter(object)


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about procedures and partners."""
    api = blueprint("catalogue", "The procedures that dossiers can be handed in for.")

    @api.get("/procedures", summary="List procedures", responses={200: Procedures})
    @needs("dossiers:read")
    def list_procedures() -> Response:
        return answer(Procedures(items=[_procedure(one) for one in _all(container)]))

    @api.get("/procedures/<string:code>", summary="Read a procedure", responses={200: Procedure})
    @needs("dossiers:read")
    def get_procedure(path: ProcedurePath) -> Response:
        found = next((one for one in _all(container) if one.code == path.code), None)
        if found is None:
            raise errors.ProcedureNotFound(procedure=path.code)
        return answer(_procedure(found))

    return api


def partner(
    name: str, card: PartnerCard | None, state: PartnerState | None, times: PartnerTimes | None
) -> Partner:
    """What is known of a partner from its contract and from the exchange with it."""
    by_hand = state.limits if state else Limits()
    return Partner(
        name=name,
        title=card.title if card else name,
        title_en=card.called("en") if card else name,
        label=card.label if card else "unknown",
        transport=card.transport if card else "",
        operations=list(card.operations) if card else [],
        inbound=list(card.inbound) if card else [],
        state=_state(state),
        paused_reason=state.paused_reason if state else None,
        breaker="open" if state and state.breaker == "open" else "closed",
        opened_reason=state.opened_reason if state else None,
        probe_at=state.probe_at if state else None,
        calls_waiting=state.waiting if state else 0,
        calls_sending=state.sending if state else 0,
        calls_unknown=state.unknown if state else 0,
        calls_incident=state.incidents if state else 0,
        oldest_call_at=state.oldest_at if state else None,
        contract_version=card.version if card else "",
        drift=state.drift if state else [],  # type: ignore[arg-type]  # the kinds of engine.exchange.drift
        contract_hash=card.hash if card else "",
        window=by_hand.window or (card.window if card else 0),
        limits=PartnerLimits.model_validate(by_hand),
        attempts=times.attempts if times else 0,
        good=times.good if times else 0,
        p50_s=times.p50_s if times else None,
        p95_s=times.p95_s if times else None,
        last_good_at=times.good_at if times else None,
    )


def _state(state: PartnerState | None) -> Literal["ok", "down", "paused", "unused"]:
    if state is None:
        return "unused"
    if state.paused:
        return "paused"
    return "down" if state.breaker == "open" else "ok"


def _all(container: Container) -> list[DeployedProcedure]:
    with container.store.reading() as connection:
        return procedures.list_procedures(connection)


def _procedure(one: DeployedProcedure) -> Procedure:
    return Procedure(
        code=one.code,
        name=Names(vi=one.name_vi, en=one.name_en),
        version=one.version,
        process=one.process,
        hash=one.hash,
        deployed_at=one.deployed_at,
        deployed_by=one.deployed_by,
        commit=one.commit,
        commit_changed=one.commit_changed,
        rules=_RULES.dump_python(one.rules, mode="json"),
    )
