"""Signing in and out: who a name and a password belong to, and the sessions that follow.

A session is a random text whose digest is a row: ending it, disabling the account or a new password takes effect at once.
It also ends when nobody uses it for *idle_s* seconds (0: however little it is used), to within a minute.
Guessing is slowed down for the address that guesses, never for the account's owner.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from argon2.exceptions import InvalidHashError, VerifyMismatchError

from engine import errors
from engine.actions.accounts import HASHER, MAX_PASSWORD, rights_of
from engine.storage import access, accounts
from engine.storage import sessions as rows
from engine.storage.accounts import StoredAccount
from engine.storage.database import Connection, Store

SESSION_S = 8 * 3600
MOST_SESSION_S = 24 * 3600
_FREE_OF_NAME, _FREE_OF_ADDRESS = 5, 30


@lru_cache(maxsize=1)
def _nobody() -> str:
    """What the password of an unknown account is compared with; made when it is first needed, for it takes its time."""
    return HASHER.hash(secrets.token_urlsafe(16))


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


def sign_in(store: Store, name: str, password: str, *, address: str, idle_s: float = 0) -> str:
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
        return begin_session(connection, found, address=address, by="password", idle_s=idle_s)


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
    store: Store,
    account: int,
    take: Callable[[Connection, StoredAccount], str | None],
    *,
    address: str,
    idle_s: float = 0,
) -> str:
    """The text of a new session of *account*, whose password was right a moment ago.

    *take* judges the code and uses it up in the transaction that begins the session; it says how the person was
    recognised, or None.

    Raises:
        SignInRefused: the code is wrong, or the account was switched off. SignInTooSoon: this address guessed too often.
    """
    with store.reading() as connection:
        found = accounts.find_by_id(connection, account)
        wait_s = accounts.wait_s(connection, found.name, address) if found is not None else 0.0
    if wait_s > 0:
        raise errors.SignInTooSoon(wait_s=int(wait_s) + 1)
    with store.transaction() as connection:
        held = accounts.lock(connection, account)
        by = take(connection, held) if held is not None and held.enabled else None
        if held is not None and by is not None:
            accounts.forget_failures(connection, held.name, address)
            return begin_session(connection, held, address=address, by=by, idle_s=idle_s)
    count_failure(store, found.name if found is not None else "", address, known=found is not None)
    raise errors.SignInRefused


def begin_session(
    connection: Connection,
    account: StoredAccount,
    *,
    address: str,
    by: str,
    idle_s: float = 0,
    id_token: str | None = None,
) -> str:
    """The text of a new session of *account*; *by* says how its person was recognised, *id_token* is kept with it, sealed."""
    text = secrets.token_urlsafe(32)
    rows.begin(
        connection,
        digest(text),
        account.id,
        address=address,
        good_s=SESSION_S,
        idle_s=idle_s or None,
        id_token=id_token,
    )
    access.audit(connection, account.name, "signed-in", facts={"address": address, "by": by})
    return text


def sign_out(store: Store, session: str) -> str | None:
    """End a session; one that is over already is fine. Its sealed identity token, where it began at the provider."""
    with store.transaction() as connection:
        found = rows.find(connection, digest(session))
        id_token = rows.end(connection, digest(session))
        if found is not None:
            access.audit(connection, found[0].name, "signed-out")
    return id_token


def of_session(store: Store, session: str, *, idle_s: float = 0, used: bool = True) -> Person | None:
    """Who holds this session; None when it is over. Not *used*: a page that keeps itself fresh asks, not its person."""
    if used:
        with store.at_once() as connection:
            found = rows.use(connection, digest(session), idle_s=idle_s or None)
    else:
        with store.reading() as connection:
            found = rows.find(connection, digest(session))
    if found is None:
        return None
    account, left_s = found
    return Person(
        id=account.id, name=account.name, roles=account.roles, unit=account.unit, session_s=int(left_s)
    )


def extend(store: Store, session: str, *, idle_s: float = 0) -> int:
    """Let a session go on for another eight hours, at most a day from signing in; the seconds that are left of it."""
    with store.transaction() as connection:
        rows.extend(
            connection, digest(session), good_s=SESSION_S, most_s=MOST_SESSION_S, idle_s=idle_s or None
        )
        return int(rows.left_s(connection, digest(session)))


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
        return HASHER.verify(kept or nobody, password) and kept is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def digest(text: str) -> str:
    """What is kept of a random text that a browser holds."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
