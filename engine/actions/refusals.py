"""What was refused at the door, written down for those who look after the exchange, before the sender is told."""

from engine.exchange.ports import Refusal
from engine.storage import refusals
from engine.storage.database import Store

KEPT_DAYS = 30


def note(store: Store, refusal: Refusal) -> None:
    """Durable when this returns."""
    with store.transaction() as connection:
        refusals.note(connection, refusal)


def purge(store: Store) -> int:
    """Forget what has not come again for `KEPT_DAYS`; how many."""
    with store.transaction() as connection:
        return refusals.forget(connection, days=KEPT_DAYS)
