"""People: accounts with passwords, roles and what they may do. Passwords are kept as argon2id hashes.

Signing in and what follows from it is in `engine.actions.sessions`.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from argon2 import PasswordHasher

from engine import errors
from engine.exchange.ports import Json
from engine.storage import access, accounts, sessions, units
from engine.storage.accounts import StoredAccount
from engine.storage.database import Connection, Store

MIN_PASSWORD = 12
MAX_PASSWORD = 200

RIGHTS: Mapping[str, str] = {
    "see": "see dossiers, calls, messages, incidents and partners",
    "reveal": "see personal data, with a reason",
    "decide": "claim and complete work items",
    "act": "act on dossiers, incidents, calls and messages",
    "move": "have a dossier go to another step or version",
    "renew": "send a refused call again with a new key",
    "partners": "pause and resume partners",
    "deploy": "upload and activate models",
    "schedules": "run, switch on and switch off schedules",
    "audit": "read the audit trail",
    "accounts": "manage accounts, roles and API keys",
}
"""Every right and what it allows."""

ROLES: Mapping[str, frozenset[str]] = {
    "viewer": frozenset({"see"}),
    "officer": frozenset({"see", "reveal", "decide"}),
    "operator": frozenset({"see", "reveal", "act", "partners", "audit"}),
    "engineer": frozenset({"see", "act", "move", "partners", "deploy", "schedules", "audit"}),
    "admin": frozenset(RIGHTS),
}
"""What each role may do; an account has the rights of all its roles. An account with a unit sees that unit's only."""

_OF_A_UNIT = frozenset({"viewer", "officer"})  # what the others do concerns everybody

HASHER = PasswordHasher()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an admin changes of an account."""

    roles: tuple[str, ...]
    unit: str | None
    enabled: bool

    @property
    def rights(self) -> frozenset[str]:
        """What it may do; nothing while it is switched off."""
        return rights_of(self.roles) if self.enabled else frozenset()


def standing(account: StoredAccount) -> Standing:
    return Standing(roles=tuple(sorted(account.roles)), unit=account.unit, enabled=account.enabled)


def rights_of(roles: Sequence[str]) -> frozenset[str]:
    """Everything that one of *roles* allows."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))


def create(
    store: Store, name: str, password: str, *, roles: Sequence[str], unit: str | None = None, by: str
) -> int:
    """A new account's id.

    Raises:
        RequestInvalid: a name, password or role that cannot be, or a unit that there is not. StoreConflict: the name is taken.
    """
    _check(name, roles, unit)
    kept = hashed(password)
    with store.transaction() as connection:
        units.require(connection, unit)
        identifier = accounts.add(connection, name, kept, roles, unit)
        facts: dict[str, Json] = {"account": name, "roles": list(roles), "unit": unit}
        access.audit(connection, by, "account-created", facts=facts)
    return identifier


def change(
    store: Store,
    account: int,
    *,
    roles: Sequence[str],
    unit: str | None,
    enabled: bool,
    by: str,
    reason: str,
    seen: Standing | None = None,
) -> None:
    """Give an account other roles or another unit, or switch it off or on; its sessions go on only while it is on.

    Raises:
        AccountNotFound, RequestInvalid. ActionNotNow: it is the last admin. PreconditionFailed: it is no longer as *seen*.
    """
    with store.transaction() as connection:
        accounts.hold_with(connection, "admin", account)
        found = locked(connection, account)
        if seen is not None and seen != standing(found):
            raise errors.PreconditionFailed(etag=found.name)
        _check(found.name, roles, unit)
        if unit != found.unit:
            units.require(connection, unit)
        loses = "admin" in found.roles and found.enabled and not (enabled and "admin" in roles)
        if loses and not accounts.others_with(connection, "admin", account):
            raise errors.ActionNotNow(what="the last admin cannot be removed")
        accounts.change(connection, account, roles=roles, unit=unit, enabled=enabled)
        if not enabled:
            sessions.end_all(connection, account)
        facts: dict[str, Json] = {
            "account": found.name,
            "before": {"roles": list(found.roles), "unit": found.unit, "enabled": found.enabled},
            "after": {"roles": list(roles), "unit": unit, "enabled": enabled},
        }
        access.audit(connection, by, "account-changed", facts=facts, reason=reason)


def set_password(store: Store, account: int, password: str, *, by: str, reason: str = "") -> None:
    """Give an account a new password and end all its sessions.

    Raises: AccountNotFound, RequestInvalid.
    """
    kept = hashed(password)
    with store.transaction() as connection:
        found = locked(connection, account)
        accounts.set_password(connection, account, kept)
        sessions.end_all(connection, account)
        access.audit(connection, by, "password-set", facts={"account": found.name}, reason=reason)


def random_password() -> str:
    """A password that nobody guesses, easy enough to type."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def hashed(password: str) -> str:
    """What is kept of *password*. Raises: RequestInvalid: it is too short or too long."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise errors.RequestInvalid(reason=f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    return HASHER.hash(password)


def _check(name: str, roles: Sequence[str], unit: str | None) -> None:
    if not (1 <= len(name) <= 64 and name == name.lower().strip() and name.isprintable() and " " not in name):
        raise errors.RequestInvalid(reason="an account's name has 1 to 64 lower-case characters, no spaces")
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise errors.RequestInvalid(
            reason=f"role {unknown[0] if unknown else '(none)'}: choose from {', '.join(ROLES)}"
        )
    if unit and not set(roles) <= _OF_A_UNIT:
        raise errors.RequestInvalid(reason=f"only {' and '.join(sorted(_OF_A_UNIT))} may belong to one unit")
    if "officer" in roles and not unit:
        raise errors.RequestInvalid(reason="an officer needs a unit")


def locked(connection: Connection, account: int) -> StoredAccount:
    """The account, held by this transaction. Raises: AccountNotFound."""
    found = accounts.lock(connection, account)
    if found is None:
        raise errors.AccountNotFound(account=account)
    return found
