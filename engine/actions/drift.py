"""Finding drift: the contracts that workers hold with each other and with what was good, descriptions with what is kept.

Nothing is stopped for it: calls go on by the contract in force, and a person is told.
"""

from collections.abc import Sequence
from dataclasses import asdict

from engine import errors
from engine.actions.partners import Seen
from engine.exchange.drift import Described, Kind, Standing
from engine.exchange.ports import Json, Partners
from engine.storage import access, drift, partners
from engine.storage.database import Connection, Store
from engine.storage.drift import HeldContract

_FACTS = ("pinned", "found", "changed", "gone", "added")
_OF_CONTRACTS = (Kind.CONTRACT, Kind.WORKERS)


def compare(store: Store) -> int:
    """Hold the contracts of the workers that run against each other and against what was good; how many drift."""
    with store.transaction() as connection:
        return _compare(connection)


def _compare(connection: Connection) -> int:
    found = drift.held(connection)
    for one in found:
        facts: dict[str, Json] = {"held": dict(one.held)}
        mixed = Standing.DIFFERS if len(one.held) > 1 else Standing.SAME
        drift.keep(connection, one.partner, Kind.WORKERS, mixed, facts=facts)
        facts |= {"last_good": one.last_good, "accepted": one.accepted}
        drift.keep(connection, one.partner, Kind.CONTRACT, _standing(one), facts=facts)
    behind = drift.behind(connection)
    for name, workers in behind.items():
        late: dict[str, Json] = {"behind": dict(workers)}
        drift.keep(connection, name, Kind.SECRET, Standing.DIFFERS if workers else Standing.SAME, facts=late)
    if found:  # while no worker runs, what was found stands
        drift.forget_partners(connection, _OF_CONTRACTS, [one.partner for one in found])
        drift.forget_partners(connection, [Kind.SECRET], list(behind))
    return sum(_standing(one) is Standing.DIFFERS or len(one.held) > 1 for one in found)


def _standing(one: HeldContract) -> Standing:
    """Whether everything that is held was good or is accepted; nothing differs from nothing."""
    good = {one.last_good, one.accepted} - {None}
    return Standing.DIFFERS if good and not set(one.held) <= good else Standing.SAME


def look(store: Store, port: Partners) -> int:
    """Ask every partner what it says of itself now, and keep how that differs from what is pinned; how many drift."""
    names = port.names()
    drifting = sum(keep(store, name, port.describe(name)) for name in names)
    if names:
        with store.transaction() as connection:
            drift.forget_partners(connection, [Kind.DESCRIPTION], names)
    return drifting


def keep(store: Store, partner: str, found: Sequence[Described]) -> bool:
    """Keep what *partner* said of itself; whether any of it drifts."""
    with store.transaction() as connection:
        partners.ensure(connection, [partner])
        for one in found:
            facts = {name: value for name, value in asdict(one).items() if name in _FACTS}
            seen = one.standing in (Standing.SAME, Standing.DIFFERS)
            drift.keep(
                connection,
                partner,
                Kind.DESCRIPTION,
                one.standing,
                about=one.about,
                facts=facts if seen else {},
                trouble=None if seen else one.detail,
            )
        drift.forget(connection, partner, Kind.DESCRIPTION, [one.about for one in found])
    return any(one.standing is Standing.DIFFERS for one in found)


def accept(store: Store, partner: str, contract_hash: str, *, by: str, reason: str, seen: Seen) -> None:
    """Take the contract that the workers hold for good, though no good answer was had by it yet.

    Raises:
        ActionNotNow: the workers hold another one, or several.
    """
    with store.transaction() as connection:
        seen(partners.hold(connection, partner))
        held = next((one for one in drift.held(connection) if one.partner == partner), None)
        if held is None or set(held.held) != {contract_hash}:
            raise errors.ActionNotNow(what=f"the workers do not hold this contract of {partner} alone")
        drift.accept(connection, partner, contract_hash)
        facts: dict[str, Json] = {"partner": partner, "hash": contract_hash, "was": held.accepted}
        access.audit(connection, by, "partner-contract-accepted", facts=facts, reason=reason)
        _compare(connection)
