"""Recovery codes: what lets a person in once where the telephone that makes the second factor's codes is not at hand.

A set is shown once, when it is made; kept are digests with a key made of the web's own secret, so that the database alone
cannot even be used to guess them. A new set ends the old one. Where the second factor goes, its codes go with it.
"""

import hashlib
import hmac
import secrets

from engine import errors
from engine.actions import accounts as people
from engine.actions import sealing
from engine.storage import access
from engine.storage import recovery_codes as rows
from engine.storage.accounts import StoredAccount
from engine.storage.database import Connection, Store

MADE = 10
FEW = 2  # with so many left it is time for a new set
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that is taken for another; 5 bits each
_LENGTH, _GROUP = 12, 4
_PURPOSE = "recovery codes"


def looks_like_one(text: str) -> bool:
    """Whether *text*, as typed by a person, is one by its length; the telephone's codes are shorter."""
    return len(_plain(text)) == _LENGTH


def make(connection: Connection, account: StoredAccount, *, key: bytes) -> tuple[str, ...]:
    """A new set for *account*, which the transaction holds: the only time that its codes can be read."""
    codes = tuple(_new() for _ in range(MADE))
    rows.replace(connection, account.id, [_digest(account.id, code, key) for code in codes])
    access.audit(
        connection, account.name, "recovery-codes-made", facts={"account": account.name, "codes": MADE}
    )
    return codes


def renew(store: Store, account: int, *, key: bytes) -> tuple[str, ...]:
    """A new set; the old one is no longer good. That it is the person who asks is seen to before.

    Raises: AccountNotFound. RequestInvalid: the account has no second factor.
    """
    with store.transaction() as connection:
        found = people.locked(connection, account)
        if found.second_factor is None:
            raise errors.RequestInvalid(reason="switch the second factor on first")
        return make(connection, found, key=key)


def take(connection: Connection, account: StoredAccount, code: str, *, key: bytes) -> bool:
    """Whether *code* was good until now: it is used up with the caller's transaction, which holds the account."""
    if not rows.take(connection, account.id, _digest(account.id, code, key)):
        return False
    left = rows.left(connection, account.id)
    access.audit(
        connection, account.name, "recovery-code-used", facts={"account": account.name, "left": left}
    )
    return True


def _new() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def _plain(text: str) -> str:
    """The letters of a code, however a person set them apart."""
    return "".join(text.split()).replace("-", "").lower()


def _digest(account: int, code: str, key: bytes) -> str:
    told = f"{account}:{_plain(code)}".encode(errors="replace")
    return hmac.new(sealing.key_of(_PURPOSE, key), told, hashlib.sha256).hexdigest()
