"""The second factor of signing in: codes of six digits that a person's telephone makes every half minute (TOTP, RFC 6238).

Its secret is kept sealed with the web's own secret, which is not in the database: whoever reads the database alone cannot make
codes. A code is good once. People who sign in at an identity provider have their second factor there. What lets in whoever has
no telephone at hand is in `engine.actions.recovery_codes`.
"""

import re
import time

import pyotp

from engine import errors
from engine.actions import accounts as people
from engine.actions import recovery_codes, sealing
from engine.storage import access, accounts
from engine.storage import recovery_codes as code_rows
from engine.storage.accounts import StoredAccount
from engine.storage.database import Connection, Store

ISSUER = "Lienthong"
_PURPOSE = "second factor"
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


def enrol(store: Store, account: int, secret: str, *, code: str, key: bytes) -> tuple[str, ...]:
    """Ask *account* for codes made with *secret* from now on, if the person can make one; its recovery codes, told once.

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
        accounts.set_second_factor(connection, account, sealing.sealed(_PURPOSE, secret, key=key))
        accounts.take_step(connection, account, step)
        access.audit(connection, found.name, "second-factor-set", facts={"account": found.name})
        return recovery_codes.make(connection, found, key=key)


def remove(store: Store, account: int, *, by: str, reason: str = "") -> None:
    """Ask *account* for no code any more; its recovery codes go, too. Raises: AccountNotFound."""
    with store.transaction() as connection:
        found = people.locked(connection, account)
        accounts.set_second_factor(connection, account, None)
        code_rows.replace(connection, account, ())
        access.audit(connection, by, "second-factor-removed", facts={"account": found.name}, reason=reason)


def take(connection: Connection, account: StoredAccount, code: str, *, key: bytes) -> str | None:
    """How *account*, which the transaction holds, was recognised by *code*, which is used up by that; None: it was not.

    Raises: RequestInvalid: the web's secret is another one than the account's was sealed with.
    """
    secret = sealing.opened(_PURPOSE, account.second_factor or "", key=key)
    if secret is None:
        raise errors.RequestInvalid(
            reason="the second factor cannot be read; an admin removes it, then set it up anew"
        )
    if recovery_codes.looks_like_one(code):
        taken = recovery_codes.take(connection, account, code, key=key)
        return "password and recovery code" if taken else None
    step = _step_of(secret, code)
    taken = step is not None and accounts.take_step(connection, account.id, step)
    return "password and code" if taken else None


def _step_of(secret: str, code: str) -> int | None:
    """The half minute that *code* is of, if it is of about now. By the machine's clock: telephones know no demo time."""
    given, totp, now = "".join(code.split()), pyotp.TOTP(secret), int(time.time())
    for drift in range(-_DRIFT, _DRIFT + 1):
        step = now // totp.interval + drift
        if pyotp.utils.strings_equal(given, totp.generate_otp(step)):
            return step
    return None
