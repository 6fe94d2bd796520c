"""Standard Webhooks 1.0: an id that stays, a time, and a signature over both and the body; made for what leaves, checked of
what comes.

A secret is `whsec_…` in base64, or any text; several, separated by spaces, are all good while one is changed for another.
Which messages are signed at all is their contract's business.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from engine.errors import SignatureInvalid

ID, TIME, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE_S = 300
"""How far off the sender's clock may be, in seconds; older ones may be somebody's recording."""
_MOST = 10  # signatures of one message


def secrets_in(text: str) -> tuple[str, ...]:
    """The secrets in a setting's *text*. What holds no key, such as `whsec_` alone, is none: anybody could sign with it."""
    return tuple(one for one in text.split() if _key(one))


def signed(secrets: Sequence[str], name: str, stamp: str, content: bytes) -> dict[str, str]:
    """The headers of *content*, sent as *name* at *stamp* (seconds since 1970): one HMAC-SHA256 for each secret."""
    made = " ".join(f"v1,{one}" for one in _made(secrets, name, stamp, content))
    return {ID: name, TIME: stamp, SIGNATURE: made}


def check(secrets: Sequence[str], headers: Mapping[str, str], content: bytes, *, now: float) -> None:
    """Let *content* through if one of *secrets* signed it, not long before or after *now* (seconds since 1970).

    Raises:
        SignatureInvalid: it is not signed, not by these secrets, or too long ago.
    """
    given = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in (ID, TIME, SIGNATURE) if not given.get(name)]
    if missing:
        raise SignatureInvalid(reason=f"the header {missing[0]} is missing")
    stamp = given[TIME]
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise SignatureInvalid(reason=f"{TIME} is no number of seconds since 1970")
    if abs(now - int(stamp)) > TOLERANCE_S:
        raise SignatureInvalid(reason=f"{TIME} is more than {TOLERANCE_S} s off our clock")
    told = [one.removeprefix("v1,") for one in given[SIGNATURE].split(" ")[:_MOST] if one.startswith("v1,")]
    made = list(_made(secrets, given[ID], stamp, content))
    if not any(hmac.compare_digest(one.encode(), mine.encode()) for one in told for mine in made):
        raise SignatureInvalid(reason="it is not signed with a secret that is known here")


def _made(secrets: Sequence[str], name: str, stamp: str, content: bytes) -> list[str]:
    over = f"{name}.{stamp}.".encode(errors="replace") + content
    made = (hmac.new(_key(secret), over, hashlib.sha256).digest() for secret in secrets)
    return [base64.b64encode(one).decode() for one in made]


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:  # no base64, or no ASCII
        return secret.encode()
