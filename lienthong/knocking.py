"""What `lienthong partners check` does at one partner: its contract read anew, then the way there, stage by stage."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import ContractInvalid

if TYPE_CHECKING:
    from adapters.registry import ContractPartners

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
