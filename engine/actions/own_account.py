"""What people do about their own account: another password, and the sessions that they left open elsewhere.

That it is they who ask, by their present password, is seen to before (`engine.actions.sessions.recognise`).
"""

from engine.actions import accounts as people
from engine.actions import sessions
from engine.exchange.ports import Json
from engine.storage import access, accounts
from engine.storage import sessions as session_rows
from engine.storage.database import Store
from engine.storage.sessions import OpenSession


def change_own_password(store: Store, account: int, session: str, *, wanted: str) -> None:
    """Give *account* the password *wanted*; its other sessions end, the *session* that asks goes on.

    Raises: RequestInvalid: it is too short, or too long. AccountNotFound.
    """
    kept = people.hashed(wanted)
    with store.transaction() as connection:
        found = people.locked(connection, account)
        accounts.set_password(connection, account, kept)
        ended = session_rows.end_others(connection, account, sessions.digest(session))
        facts: dict[str, Json] = {"account": found.name, "sessions_ended": ended}
        access.audit(connection, found.name, "password-changed", facts=facts)


def end_other_sessions(store: Store, account: int, session: str) -> int:
    """End all sessions of *account* but the one that asks; how many. Raises: AccountNotFound."""
    with store.transaction() as connection:
        found = people.locked(connection, account)
        ended = session_rows.end_others(connection, account, sessions.digest(session))
        access.audit(connection, found.name, "sessions-ended", facts={"sessions": ended})
    return ended


def open_sessions(store: Store, account: int, session: str) -> list[OpenSession]:
    """The sessions of *account* that go on, newest first."""
    with store.reading() as connection:
        return session_rows.open_of(connection, account, sessions.digest(session))
