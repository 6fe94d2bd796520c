"""Signing in at the identity provider: begun here, finished when the browser comes back, once.

Who comes back is one of our accounts only if an admin has said so: an account names its person at the provider. Roles are
ours, never the provider's.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from engine import errors
from engine.actions import accounts, sessions
from engine.exchange.sign_on import SignOn
from engine.storage import access, sign_ons
from engine.storage import accounts as rows
from engine.storage.database import Store

MOST_SUBJECT = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOn:
    """A session's text, where its person goes on, and a form that was kept for them."""

    session: str
    next_path: str
    kept: str


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
    store: Store, port: SignOn, token: str, answer: Mapping[str, str], *, back_to: str, address: str
) -> SignedOn:
    """A new session of the account that belongs to whom the provider names.

    Raises:
        SignOnRefused: it was not begun by this browser, or is over; the provider says no or cannot be believed; nobody
        here is called that. SignOnUnavailable.
    """
    with store.transaction() as connection:
        taken = sign_ons.take(connection, sessions.digest(token))
    if taken is None or not hmac.compare_digest(taken[0].state.encode(), answer.get("state", "").encode()):
        raise errors.SignOnRefused(reason="it was not begun in this browser, or more than 15 minutes ago")
    begun, next_path, kept = taken
    subject = port.finish(begun, answer, back_to)
    with store.transaction() as connection:
        found = rows.find_by_subject(connection, subject)
        if found is None or not found.enabled:
            access.audit(
                connection, "(unknown)", "sign-in-refused", facts={"address": address, "by": "provider"}
            )
        else:
            session = sessions.begin_session(connection, found, address=address, by="provider")
    if found is None or not found.enabled:
        raise errors.SignOnRefused(
            reason="no account here belongs to you; give an admin what the provider calls you",
            subject=subject,
        )
    return SignedOn(session=session, next_path=next_path, kept=kept)


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
        rows.end_sessions(connection, account)
        what = "sign-on-bound" if subject else "sign-on-unbound"
        access.audit(connection, by, what, facts={"account": found.name}, reason=reason)
