"""What the web's pages say about partners, told by their contracts."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.exchange.limits import BOUNDS
from web.container import PartnerCard

if TYPE_CHECKING:
    from adapters.contracts.compiled import Contract


class ContractDirectory:
    """Implements `web.container.PartnerDirectory`; *contracts* is asked anew each time, so that new folders show."""

    def __init__(self, contracts: "Callable[[], Sequence[Contract]]") -> None:
        self._contracts = contracts

    def cards(self) -> Sequence[PartnerCard]:
        return [_card(contract) for contract in self._contracts()]


def _card(contract: "Contract") -> PartnerCard:
    form = contract.form
    operations = form.operations.values()
    return PartnerCard(
        name=contract.partner,
        title=form.title.vi,
        title_en=form.title.en,
        label=form.label,
        transport=form.transport.kind,
        operations=tuple(contract.operations),
        inbound=tuple(contract.inbound),
        version=form.version,
        hash=contract.hash,
        window=max((one.window for one in operations), default=0),
        timeout_s=max((one.total_timeout_s for one in operations), default=0.0),
        rate=form.limits.rate,
        hours=form.limits.hours,
        contact=form.contact.model_dump() if form.contact else {},
        limits={name: _span([getattr(one, name) for one in operations]) for name in BOUNDS},
        attempts={name: one.terms.max_attempts for name, one in contract.operations.items()},
    )


def _span(said: Sequence[float]) -> tuple[float, float]:
    return min(said, default=0.0), max(said, default=0.0)
