"""Pausing a partner, opening and closing its breaker by hand, setting its limits, testing the way to it. All with audit lines."""

from collections.abc import Callable, Sequence
from datetime import datetime

from engine import errors
from engine.exchange.checking import Checking, Stage
from engine.exchange.limits import Limits
from engine.exchange.ports import Json
from engine.storage import access, calls, partners
from engine.storage.database import Store, notify
from engine.storage.partners import HeldPartner

NO_BREAKER = "a partner that fetches its calls has no breaker; pause it instead"

MOST_DAYS = 366
"""For how long a breaker may be held open until a moment."""

Seen = Callable[[HeldPartner], None]
"""Given what people set of the partner, under its lock; raises when that is not what the caller has seen."""


def pause(store: Store, partner: str, *, by: str, reason: str, seen: Seen | None = None) -> None:
    """Send nothing to *partner* from now on; what is under way ends by itself. Paused already: the reason is renewed."""
    with store.transaction() as connection:
        was = partners.hold(connection, partner)
        if seen is not None:
            seen(was)
        partners.pause(connection, partner, reason)
        access.audit(connection, by, "partner-paused", facts={"partner": partner}, reason=reason)


def resume(store: Store, partner: str, *, by: str, reason: str, seen: Seen | None = None) -> None:
    """Let the lanes of *partner* go on."""
    with store.transaction() as connection:
        was = partners.hold(connection, partner)
        if seen is not None:
            seen(was)
        partners.pause(connection, partner, None)
        access.audit(
            connection,
            by,
            "partner-resumed",
            facts={"partner": partner, "was": was.paused_reason},
            reason=reason,
        )
        notify(connection, calls.CHANNEL)


def open_breaker(
    store: Store, partner: str, *, until: datetime | None, by: str, reason: str, seen: Seen | None = None
) -> None:
    """Send nothing to *partner*, no probe either, until somebody closes its breaker, or *until* a moment, when one call probes.

    What is under way ends by itself; whatever it comes to, the breaker stays open. One that is open already is held open.

    Raises: RequestInvalid: that moment is over, or more than `MOST_DAYS` away.
    """
    facts: dict[str, Json] = {"partner": partner, "until": until.isoformat() if until else None}
    with store.transaction() as connection:
        was = partners.hold(connection, partner)
        if seen is not None:
            seen(was)
        if not partners.open_breaker(connection, partner, reason, until, MOST_DAYS):
            raise errors.RequestInvalid(
                reason=f"the breaker can be held open until a moment of the next {MOST_DAYS} days only"
            )
        access.audit(
            connection, by, "partner-opened", facts={**facts, "was": was.opened_reason}, reason=reason
        )


def close_breaker(store: Store, partner: str, *, by: str, reason: str, seen: Seen | None = None) -> None:
    """Let the lanes of *partner* go on at its rate; after an outage the next failure opens its breaker again.

    Raises: ActionNotNow: it is not open.
    """
    with store.transaction() as connection:
        was = partners.hold(connection, partner)
        if seen is not None:
            seen(was)
        if was.breaker != "open":
            raise errors.ActionNotNow(what=f"the breaker of {partner} is not open")
        partners.close_breaker(connection, partner)
        facts: dict[str, Json] = {"partner": partner, "was": was.opened_reason}
        access.audit(connection, by, "partner-closed", facts=facts, reason=reason)
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


def limit(store: Store, partner: str, wanted: Limits, *, by: str, reason: str, seen: Seen) -> None:
    """Set the limits of *partner* in place of its contract's; workers keep to them from the next claim on.

    Raises: ActionNotNow: they are set so already.
    """
    with store.transaction() as connection:
        was = partners.hold(connection, partner)
        seen(was)
        if was.limits == wanted:
            raise errors.ActionNotNow(what=f"the limits of {partner} are these already")
        partners.limit(connection, partner, wanted)
        facts: dict[str, Json] = {"partner": partner, "was": was.limits.set(), "now": wanted.set()}
        access.audit(connection, by, "partner-limited", facts=facts, reason=reason)
        notify(connection, calls.CHANNEL)
