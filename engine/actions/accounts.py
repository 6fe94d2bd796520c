"""People: accounts with passwords, roles and what they may do, signing in and out.

Passwords are kept as argon2id hashes. A session is a random text whose digest is a row: ending it, disabling the account or
a new password takes effect at once. Guessing is slowed down for the address that guesses, never for the account's owner.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from engine import errors
from engine.exchange.ports import Json
from engine.storage import access, accounts
from engine.storage.accounts import StoredAccount
from engine.storage.database import Connection, Store

SESSION_S = 8 * 3600
MOST_SESSION_S = 24 * 3600
MIN_PASSWORD = 12
MAX_PASSWORD = 200
_FREE_OF_NAME, _FREE_OF_ADDRESS = 5, 30

RIGHTS: Mapping[str, str] = {
    "see": "see dossiers, calls, messages, incidents and partners",
    "reveal": "see personal data, with a reason",
    "decide": "claim and complete work items",
    "act": "act on dossiers, incidents, calls and messages",
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
    "engineer": frozenset({"see", "act", "partners", "deploy", "schedules", "audit"}),
    "admin": frozenset(RIGHTS),
}
"""What each role may do; an account has the rights of all its roles. An account with a unit sees that unit's only."""

_OF_A_UNIT = frozenset({"viewer", "officer"})  # what the others do concerns everybody

_HASHER = PasswordHasher()


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


@lru_cache(maxsize=1)
def _nobody() -> str:
    """What the password of an unknown account is compared with; made when it is first needed, for it takes its time."""
    return _HASHER.hash(secrets.token_urlsafe(16))


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is signed in, with the rights of every role; *session_s* is what is left of the session, in seconds."""

    id: int
    name: str
    roles: tuple[str, ...]
    unit: str | None
    session_s: int = 0

    @property
    def rights(self) -> frozenset[str]:
        return rights_of(self.roles)


def create(
    store: Store, name: str, password: str, *, roles: Sequence[str], unit: str | None = None, by: str
) -> int:
    """A new account's id.

    Raises:
        RequestInvalid: a name, password or role that cannot be. StoreConflict: the name is taken.
    """
    _check(name, roles, unit)
    kept = hashed(password)
    with store.transaction() as connection:
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
        loses = "admin" in found.roles and found.enabled and not (enabled and "admin" in roles)
        if loses and not accounts.others_with(connection, "admin", account):
            raise errors.ActionNotNow(what="the last admin cannot be removed")
        accounts.change(connection, account, roles=roles, unit=unit, enabled=enabled)
        if not enabled:
            accounts.end_sessions(connection, account)
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
        accounts.end_sessions(connection, account)
        access.audit(connection, by, "password-set", facts={"account": found.name}, reason=reason)


def sign_in(store: Store, name: str, password: str, *, address: str) -> str:
    """The text of a new session, good for eight hours.

    Raises:
        SignInRefused: without telling which part was wrong. SignInTooSoon: this address guessed too often.
        SecondFactorNeeded: the password is right, and a code is wanted, too.
    """
    found = recognise(store, name, password, address=address)
    if found.second_factor is not None:
        raise errors.SecondFactorNeeded(account=found.id)
    with store.transaction() as connection:
        accounts.forget_failures(connection, found.name, address)
        return begin_session(connection, found, address=address, by="password")


def recognise(store: Store, name: str, password: str, *, address: str) -> StoredAccount:
    """Whose name and password these are.

    Raises:
        SignInRefused: without telling which part was wrong. SignInTooSoon: this address guessed too often.
    """
    name = name.strip().lower()[:64].replace("\0", "")
    with store.reading() as connection:
        wait_s = accounts.wait_s(connection, name, address)
        found = accounts.find_by_name(connection, name)
    if wait_s > 0:
        raise errors.SignInTooSoon(wait_s=int(wait_s) + 1)
    right = _matches(found.password if found is not None else None, password[:MAX_PASSWORD])
    if found is None or not right or not found.enabled:
        count_failure(store, name, address, known=found is not None)
        raise errors.SignInRefused
    return found


def sign_in_with_code(
    store: Store, account: int, is_right: Callable[[StoredAccount], bool], *, address: str
) -> str:
    """The text of a new session of *account*, whose password was right a moment ago; *is_right* judges the code.

    Raises:
        SignInRefused: the code is wrong, or the account was switched off. SignInTooSoon: this address guessed too often.
    """
    with store.reading() as connection:
        found = accounts.find_by_id(connection, account)
        wait_s = accounts.wait_s(connection, found.name, address) if found is not None else 0.0
    if wait_s > 0:
        raise errors.SignInTooSoon(wait_s=int(wait_s) + 1)
    if found is None or not found.enabled or not is_right(found):
        count_failure(store, found.name if found is not None else "", address, known=found is not None)
        raise errors.SignInRefused
    with store.transaction() as connection:
        accounts.forget_failures(connection, found.name, address)
        return begin_session(connection, found, address=address, by="password and code")


def check_password(account: StoredAccount, password: str) -> None:
    """Raises: SignInRefused: it is not the account's."""
    if not _matches(account.password, password[:MAX_PASSWORD]):
        raise errors.SignInRefused


def begin_session(connection: Connection, account: StoredAccount, *, address: str, by: str) -> str:
    """The text of a new session of *account*; *by* says how its person was recognised."""
    text = secrets.token_urlsafe(32)
    accounts.begin_session(connection, digest(text), account.id, address=address, good_s=SESSION_S)
    access.audit(connection, account.name, "signed-in", facts={"address": address, "by": by})
    return text


def sign_out(store: Store, session: str) -> None:
    """End a session; one that is over already is fine."""
    with store.transaction() as connection:
        found = accounts.find_by_session(connection, digest(session))
        accounts.end_session(connection, digest(session))
        if found is not None:
            access.audit(connection, found[0].name, "signed-out")


def of_session(store: Store, session: str) -> Person | None:
    """Who holds this session; None when it is over."""
    with store.reading() as connection:
        found = accounts.find_by_session(connection, digest(session))
    if found is None:
        return None
    account, left_s = found
    return Person(
        id=account.id, name=account.name, roles=account.roles, unit=account.unit, session_s=int(left_s)
    )


def extend(store: Store, session: str) -> int:
    """Let a session go on for another eight hours, at most a day from signing in; the seconds that are left of it."""
    with store.transaction() as connection:
        accounts.extend_session(connection, digest(session), good_s=SESSION_S, most_s=MOST_SESSION_S)
        return int(accounts.session_left_s(connection, digest(session)))


def random_password() -> str:
    """A password that nobody guesses, easy enough to type."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def count_failure(store: Store, name: str, address: str, *, known: bool) -> None:
    """Have a failed attempt slow down whoever makes more of them from *address*."""
    with store.transaction() as connection:
        accounts.count_failure(connection, name, address, free=_FREE_OF_NAME)
        accounts.count_failure(connection, "", address, free=_FREE_OF_ADDRESS)
        who = name if known else "(unknown)"
        access.audit(connection, who, "sign-in-refused", facts={"address": address})


def _matches(kept: str | None, password: str) -> bool:
    """Takes as long for a name that nobody has."""
    nobody = _nobody()
    try:
        return _HASHER.verify(kept or nobody, password) and kept is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def hashed(password: str) -> str:
    """What is kept of *password*. Raises: RequestInvalid: it is too short or too long."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise errors.RequestInvalid(reason=f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    return _HASHER.hash(password)


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


def digest(text: str) -> str:
    """What is kept of a random text that a browser holds."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
