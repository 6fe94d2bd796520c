"""What the interface says of one partner, with the ETag of what people set of it; and whether a caller has seen that."""

from collections.abc import Callable

from flask import Response
from pydantic import Field

from engine import errors
from engine.queries import partner_times, partners
from engine.queries.partner_times import PartnerTimes
from engine.queries.partners import PartnerState
from engine.storage.partners import HeldPartner
from web import conditions
from web.api.catalogue import partner
from web.api.models import Asked, answer
from web.container import Container, PartnerCard


class PartnerPath(Asked):
    name: str = Field(min_length=1, max_length=64)


def known(container: Container) -> tuple[dict[str, PartnerCard], dict[str, PartnerState]]:
    """Every partner with a contract, and every one with a row, by name."""
    with container.store.reading() as connection:
        states = {state.name: state for state in partners.partner_states(connection)}
    return {card.name: card for card in container.partners.cards()}, states


def times_of(container: Container, name: str | None = None) -> dict[str, PartnerTimes]:
    """How each partner answered, or the one."""
    with container.store.reading() as connection:
        return partner_times.of_the_last_day(connection, name)


def find(container: Container, name: str) -> tuple[PartnerCard | None, PartnerState | None]:
    """Raises: PartnerUnknown."""
    cards, states = known(container)
    if name not in cards and name not in states:
        raise errors.PartnerUnknown(partner=name)
    return cards.get(name), states.get(name)


def told(container: Container, name: str) -> Response:
    """A partner with its ETag. Raises: PartnerUnknown."""
    card, state = find(container, name)
    body = partner(name, card, state, times_of(container, name).get(name))
    return conditions.tagged(answer(body), tag(name, state.revision if state else 0))


def seen(name: str) -> Callable[[HeldPartner], None]:
    """Raises PreconditionMissing or PreconditionFailed where the caller has not seen what is."""
    return lambda held: conditions.check(tag(name, held.revision), required=True)


def tag(name: str, revision: int) -> str:
    """Of what people set; counts, failures and probes move by themselves."""
    return conditions.tag(name, revision)
