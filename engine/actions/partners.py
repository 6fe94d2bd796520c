"""Pausing a partner: nothing is sent to it until somebody lets its lanes go on. Each act with its audit line."""

from collections.abc import Callable

from engine.storage import access, calls, partners
from engine.storage.database import Store, notify

Seen = Callable[[bool, str | None], None]
"""Given whether the partner is paused and why, under its lock; raises when that is not what the caller has seen."""


def pause(store: Store, partner: str, *, by: str, reason: str, seen: Seen | None = None) -> None:
    """Send nothing to *partner* from now on; what is under way ends by itself. Paused already: the reason is renewed."""
    with store.transaction() as connection:
        was = partners.hold(connection, partner)
        if seen is not None:
            seen(*was)
        partners.pause(connection, partner, reason)
        access.audit(connection, by, "partner-paused", facts={"partner": partner}, reason=reason)


def resume(store: Store, partner: str, *, by: str, reason: str, seen: Seen | None = None) -> None:
    """Let the lanes of *partner* go on."""
    with store.transaction() as connection:
        was = partners.hold(connection, partner)
        if seen is not None:
            seen(*was)
        partners.pause(connection, partner, None)
        access.audit(
            connection, by, "partner-resumed", facts={"partner": partner, "was": was[1]}, reason=reason
        )
        notify(connection, calls.CHANNEL)
