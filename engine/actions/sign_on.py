"""Signing in at the identity provider: begun here, finished when the browser comes back, once. And signing out of both.

Who comes back is one of our accounts only if an admin has said so: an account names its person at the provider. Roles are
ours, never the provider's.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from engine import errors
from engine.actions import accounts, sealing, sessions
from engine.exchange.sign_on import SignOn
from engine.storage import access, sign_ons
from engine.storage import accounts as rows
from engine.storage import sessions as session_rows
from engine.storage.database import Store

MOST_SUBJECT = 255
_MOST_TOKEN = 6000  # characters that fit into an address; a longer one is not kept
_PURPOSE = "identity token"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOn:
    """A session's text, where its person goes on, and a form that was kept for them."""

    session: str
    next_path: str
    kept: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """A session here is over. *goes_on*: the provider's own does not end by itself; *address* ends it, if there is one."""

    goes_on: bool = False
    address: str = ""
    state: str = ""


def begin(store: Store, port: SignOn, *, back_to: str, next_path: str, kept: str) -> tuple[str, str]:
    """(the provider's address to visit, a random text that the browser must bring back).

    Raises: SignOnUnavailable.
    """
    begun = port.begin(back_to)
    token = secrets.token_urlsafe(32)
    with store.transaction() as connection:
        sign_ons.begin(connection, sessions.digest(token), begun, next_path=next_path, kept=kept)
    return begun.address, token


def finish(
    store: Store,
    port: SignOn,
    token: str,
    answer: Mapping[str, str],
    *,
    back_to: str,
    address: str,
    key: bytes,
    idle_s: float = 0,
) -> SignedOn:
    """A new session of the account that belongs to whom the provider names. Its identity token is kept, sealed by *key*.

    Raises:
        SignOnRefused: it was not begun by this browser, or is over; the provider says no or cannot be believed; nobody
        here is called that. SignOnUnavailable.
    """
    with store.transaction() as connection:
        taken = sign_ons.take(connection, sessions.digest(token))
    if taken is None or not hmac.compare_digest(taken[0].state.encode(), answer.get("state", "").encode()):
        raise errors.SignOnRefused(reason="it was not begun in this browser, or more than 15 minutes ago")
    begun, next_path, kept = taken
    who = port.finish(begun, answer, back_to)
    with store.transaction() as connection:
        found = rows.find_by_subject(connection, who.subject)
        if found is None or not found.enabled:
            access.audit(
                connection, "(unknown)", "sign-in-refused", facts={"address": address, "by": "provider"}
            )
        else:
            kept_token = sealing.sealed(_PURPOSE, _fitting(who.id_token), key=key)
            session = sessions.begin_session(
                connection, found, address=address, by="provider", idle_s=idle_s, id_token=kept_token
            )
    if found is None or not found.enabled:
        raise errors.SignOnRefused(
            reason="no account here belongs to you; give an admin what the provider calls you",
            subject=who.subject,
        )
    return SignedOn(session=session, next_path=next_path, kept=kept)


def leave(store: Store, port: SignOn | None, session: str, *, back_to: str, key: bytes) -> SignedOut:
    """End *session* here, then say where the provider's own is ended, if the session began there. Never fails for its sake."""
    kept = sessions.sign_out(store, session)
    if kept is None or port is None:
        return SignedOut()
    state = secrets.token_urlsafe(32)
    id_token = sealing.opened(_PURPOSE, kept, key=key) or ""
    try:
        address = port.ending(id_token, back_to=back_to, state=state)
    except errors.SignOnUnavailable:
        address = None
    return SignedOut(goes_on=True, address=address or "", state=state)


def _fitting(id_token: str) -> str:
    return id_token if len(id_token) <= _MOST_TOKEN else ""


def bind(store: Store, account: int, subject: str | None, *, by: str, reason: str = "") -> None:
    """Say what the provider calls an account's person, or that they no longer sign in there; ends the account's sessions.

    Raises: AccountNotFound, RequestInvalid. StoreConflict: another account has this person.
    """
    if subject is not None and not (0 < len(subject) <= MOST_SUBJECT and subject.isprintable()):
        raise errors.RequestInvalid(
            reason=f"a person's name at the provider has 1 to {MOST_SUBJECT} characters"
        )
    with store.transaction() as connection:
        found = accounts.locked(connection, account)
        rows.bind(connection, account, subject)
        session_rows.end_all(connection, account)
        what = "sign-on-bound" if subject else "sign-on-unbound"
        access.audit(connection, by, what, facts={"account": found.name}, reason=reason)
