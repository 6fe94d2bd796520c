"""What `lienthong partners check` does at one partner: stage by stage, the first failure named. It calls no operation."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import CallOutcomeUnknown, CallUnavailable, ContractInvalid

if TYPE_CHECKING:
    from adapters.registry import ContractPartners


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage and what was seen."""

    stage: str
    ok: bool
    saw: str


def knock(partners: "ContractPartners", name: str) -> Iterator[Stage]:
    """The stages up to the first that fails.

    Raises:
        PartnerUnknown: there is no such partner.
    """
    try:
        contract = partners.reload(name)
    except ContractInvalid as exc:
        yield Stage(stage="contract", ok=False, saw=exc.message)
        return
    yield Stage(
        stage="contract", ok=True, saw=f"{len(contract.operations)} operations, hash {contract.hash[:12]}"
    )
    yield Stage(stage="label", ok=True, saw=contract.form.label)
    try:
        answer = partners.knock(name)
    except CallUnavailable as exc:
        remedy = f"set LIENTHONG_PARTNER_{name.upper()}_URL, or LIENTHONG_SIMULATORS_URL to the address that `run` prints"
        yield Stage(stage="reachable", ok=False, saw=f"{exc.message} -> {remedy}")
        return
    except CallOutcomeUnknown as exc:
        yield Stage(stage="reachable", ok=False, saw=f"it answers, but not in HTTP: {exc.message}")
        return
    yield Stage(stage="reachable", ok=True, saw=f"HTTP {answer.response.status}")
    kind = contract.form.transport.kind
    said = (
        "refused" if answer.refused else "taken" if kind != "plain" else "sent; this transport has no log-in"
    )
    yield Stage(stage="credentials", ok=not answer.refused, saw=said)
