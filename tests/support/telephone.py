"""A person's telephone that makes the codes of a second factor, and switching that on at the console."""

import re
import time

import pyotp

from tests.support.console import PASSWORD, Visitor


def code(secret: str, step: int = 0) -> str:
    """The code of now, or of so many half minutes from now."""
    return pyotp.TOTP(secret).generate_otp(int(time.time()) // 30 + step)


def enrolled(visitor: Visitor) -> tuple[str, str]:
    """The secret of a second factor that *visitor* has now, and the page that said so; this half minute's code was taken."""
    secret = re.search(r'name="secret" value="([A-Z2-7]{32})"', visitor.page("/toi"))
    assert secret is not None
    sent = {"action": "enrol", "secret": secret[1], "password": PASSWORD, "code": code(secret[1])}
    told = visitor.post("/toi", sent)
    assert told.status == 200
    return secret[1], told.body.decode()
