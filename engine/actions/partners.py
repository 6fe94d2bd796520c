"""Pausing a partner: nothing is sent to it until somebody lets its lanes go on; testing the way to it. All with audit lines."""

from collections.abc import Callable, Sequence

from engine.exchange.checking import Checking, Stage
from engine.exchange.ports import Json
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


def check(store: Store, port: Checking, partner: str, *, by: str, reason: str) -> Sequence[Stage]:
    """Test the way to *partner*; every stage up to the first that fails. Nothing is changed at the partner.

    That somebody does is written down before anything leaves, what it came to afterwards; no transaction is open meanwhile.

    Raises: PartnerUnknown.
    """
    with store.transaction() as connection:
        access.audit(connection, by, "partner-check", facts={"partner": partner}, reason=reason)
    stages = port.check(partner)
    failed = next((one for one in stages if one.ok is False), None)
    facts: dict[str, Json] = {
        "partner": partner,
        "failed": failed.stage if failed else None,
        "saw": failed.saw if failed else None,
    }
    with store.transaction() as connection:
        access.audit(connection, by, "partner-checked", facts=facts)
    return stages
