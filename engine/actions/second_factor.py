"""The second factor of signing in: codes of six digits that a person's telephone makes every half minute (TOTP, RFC 6238).

Its secret is kept sealed with the web's own secret, which is not in the database: whoever reads the database alone cannot make
codes. A code is good once. People who sign in at an identity provider have their second factor there.
"""

import base64
import hashlib
import re
import time

import pyotp
from cryptography.fernet import Fernet, InvalidToken

from engine import errors
from engine.actions import accounts as people
from engine.storage import access, accounts
from engine.storage.accounts import StoredAccount
from engine.storage.database import Store

ISSUER = "Lienthong"
_SECRET = re.compile("[A-Z2-7]{32}")
_DRIFT = 1  # half minutes that a telephone's clock may be wrong, either way


def new_secret() -> str:
    """A secret to be shown once, in base 32."""
    return pyotp.random_base32()


def is_secret(text: str) -> bool:
    """Whether *text* looks like one that was made here."""
    return _SECRET.fullmatch(text) is not None


def address_of(secret: str, name: str) -> str:
    """What a telephone reads from the picture: an ``otpauth:`` address."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def enrol(store: Store, account: int, secret: str, *, code: str, key: bytes) -> None:
    """Ask *account* for codes made with *secret* from now on, if the person can make one.

    That the person has the password, too, is seen to before (`engine.actions.sessions.recognise`).
    Raises: RequestInvalid, AccountNotFound.
    """
    if not is_secret(secret):
        raise errors.RequestInvalid(reason="the secret is none that was made here")
    step = _step_of(secret, code)
    if step is None:
        raise errors.RequestInvalid(reason="the code does not match; look at the telephone's clock")
    with store.transaction() as connection:
        found = people.locked(connection, account)
        accounts.set_second_factor(connection, account, _fernet(key).encrypt(secret.encode()).decode())
        accounts.take_step(connection, account, step)
        access.audit(connection, found.name, "second-factor-set", facts={"account": found.name})


def remove(store: Store, account: int, *, by: str, reason: str = "") -> None:
    """Ask *account* for no code any more. Raises: AccountNotFound."""
    with store.transaction() as connection:
        found = people.locked(connection, account)
        accounts.set_second_factor(connection, account, None)
        access.audit(connection, by, "second-factor-removed", facts={"account": found.name}, reason=reason)


def is_right(store: Store, account: StoredAccount, code: str, *, key: bytes) -> bool:
    """Whether *code* is one of now and was not taken before; it is taken by this.

    Raises: RequestInvalid: the web's secret is another one than the account's was sealed with.
    """
    try:
        secret = _fernet(key).decrypt((account.second_factor or "").encode()).decode()
    except InvalidToken:
        raise errors.RequestInvalid(
            reason="the second factor cannot be read; an admin removes it, then set it up anew"
        ) from None
    step = _step_of(secret, code)
    if step is None:
        return False
    with store.transaction() as connection:
        return accounts.take_step(connection, account.id, step)


def _step_of(secret: str, code: str) -> int | None:
    """The half minute that *code* is of, if it is of about now. By the machine's clock: telephones know no demo time."""
    given, totp, now = "".join(code.split()), pyotp.TOTP(secret), int(time.time())
    for drift in range(-_DRIFT, _DRIFT + 1):
        step = now // totp.interval + drift
        if pyotp.utils.strings_equal(given, totp.generate_otp(step)):
            return step
    return None


def _fernet(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"second factor:" + key).digest()))
