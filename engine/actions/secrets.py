"""Putting a partner's changed secret in force: tested first by a call that only reads, then taken by every process.

The secret itself is never seen here; it stays in its file.
"""

from collections.abc import Sequence

from engine import errors
from engine.actions.partners import Seen
from engine.exchange.checking import Stage
from engine.exchange.ports import Json
from engine.exchange.secrets import PartnerSecrets, SecretTold
from engine.storage import access, calls, partners
from engine.storage.database import Store, notify


def settle(store: Store, port: PartnerSecrets) -> None:
    """Have this process hold what was put in force, as far as it did not yet."""
    with store.reading() as connection:
        revisions = partners.secret_revisions(connection)
    for name, revision in revisions.items():
        port.use_secret(name, revision)


def tell(store: Store, port: PartnerSecrets, partner: str) -> Sequence[SecretTold]:
    """What may be told of the secrets of *partner* as this process holds them now. Raises: PartnerUnknown."""
    settle(store, port)
    return port.secrets(partner)


def try_new(store: Store, port: PartnerSecrets, partner: str, *, by: str, reason: str) -> Sequence[Stage]:
    """The way to *partner* with what its secret's file holds now, up to the first stage that fails; nothing is changed.

    Raises: PartnerUnknown; ActionNotNow: there is no such file, or it cannot be read.
    """
    with store.transaction() as connection:
        access.audit(connection, by, "partner-secret-test", facts={"partner": partner}, reason=reason)
    stages = _tested(port, partner)
    failed = next((one for one in stages if one.ok is False), None)
    facts: dict[str, Json] = {"partner": partner, "failed": failed.stage if failed else None}
    with store.transaction() as connection:
        access.audit(connection, by, "partner-secret-tested", facts=facts)
    return stages


def use(
    store: Store, port: PartnerSecrets, partner: str, *, by: str, reason: str, seen: Seen
) -> Sequence[Stage]:
    """Try as `try_new` does, and where no stage fails, have every process read the file; what the test saw.

    Workers and webs take it within seconds. Where a stage fails nothing is put in force.

    Raises:
        ActionNotNow: there is no such file; PreconditionFailed of *seen*, before anything is tried.
    """
    with store.transaction() as connection:
        seen(partners.hold(connection, partner))
    stages = try_new(store, port, partner, by=by, reason=reason)
    if any(one.ok is False for one in stages):
        return stages
    with store.transaction() as connection:
        seen(partners.hold(connection, partner))
        revision = partners.use_secret(connection, partner)
        facts: dict[str, Json] = {"partner": partner, "number": revision}
        access.audit(connection, by, "partner-secret-used", facts=facts, reason=reason)
        notify(connection, calls.CHANNEL)
    port.use_secret(partner, revision)
    return stages


def _tested(port: PartnerSecrets, partner: str) -> Sequence[Stage]:
    try:
        return port.check_new_secret(partner)
    except errors.SettingsError as exc:
        raise errors.ActionNotNow(what=str(exc.facts["reason"])) from exc
