"""What `lienthong partners check` does at one partner: its contract read anew, then the way there, stage by stage."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import ContractInvalid
from engine.exchange.drift import Described, Standing

if TYPE_CHECKING:
    from adapters.registry import ContractPartners
    from engine.queries.drift import Comparison

_WORDS = {
    "no-address": "no address: set LIENTHONG_PARTNER_{name}_URL, or LIENTHONG_SIMULATORS_URL to the address that `run` prints",
    "mailbox": "it fetches its calls itself; there is nothing to reach",
    "not-found": "its host name is not found",
    "address-refused": "its host name leads to an address that is not allowed",
    "found": "found",
    "no-connection": "no connection",
    "connected": "connected",
    "no-tls": "not used",
    "not-trusted": "no trusted connection",
    "trusted": "trusted",
    "no-log-in": "the log-in did not get through",
    "log-in-refused": "refused",
    "no-log-in-asked": "this contract has no log-in",
    "taken": "taken",
    "not-told": "not told, for no whole answer came",
    "no-answer": "no whole answer in HTTP",
    "no-check": "it answers; the contract names no operation to test with",
    "not-composed": "the request of its test cannot be built",
    "fits": "the answer fits",
    "business": "the answer fits, and says no",
    "unfit": "the answer breaks its schema",
    "busy": "it asks us to come later",
    "unreadable": "the answer cannot be read",
    "refused": "it refuses the request",
}

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One stage and what was seen; *ok* None: it was not tested."""

    stage: str
    ok: bool | None
    saw: str


def knock(partners: "ContractPartners", name: str) -> Iterator[Seen]:
    """The stages up to the first that fails.

    Raises:
        PartnerUnknown: there is no such partner.
    """
    try:
        contract = partners.reload(name)
    except ContractInvalid as exc:
        yield Seen(stage="contract file", ok=False, saw=exc.message)
        return
    read = f"{len(contract.operations)} operations, hash {contract.hash[:12]}"
    yield Seen(stage="contract file", ok=True, saw=read)
    yield Seen(stage="label", ok=True, saw=contract.form.label)
    for one in partners.check(name):
        words = _WORDS.get(one.saw, one.saw).format(name=name.upper())
        yield Seen(stage=one.stage, ok=one.ok, saw=f"{words}: {one.detail}" if one.detail else words)


def drifts(described: Sequence[Described], compared: "Sequence[Comparison]") -> Iterator[Seen]:
    """What a partner says of itself now, and what the workers' contracts came to when they were compared last."""
    for one in described:
        yield _told(f"description {one.about}", one.standing, one.detail, [*one.changed, *one.gone])
    for other in compared:
        if other.kind != "description":
            held = other.facts.get("held")
            said = [f"{name[:12]}: {count}" for name, count in held.items()] if isinstance(held, dict) else []
            yield _told(f"contract of {other.kind}", Standing(other.standing), other.trouble or "", said)


def _told(stage: str, standing: Standing, detail: str, parts: list[str]) -> Seen:
    ok = {Standing.SAME: True, Standing.DIFFERS: False}.get(standing)
    words = {Standing.SAME: "no drift", Standing.DIFFERS: "drift"}.get(standing, standing.value)
    said = ", ".join(parts[:_NAMED]) + (f" and {len(parts) - _NAMED} more" if len(parts) > _NAMED else "")
    told = [words, detail, said if standing is Standing.DIFFERS else ""]
    return Seen(stage=stage, ok=ok, saw=": ".join(one for one in told if one))
