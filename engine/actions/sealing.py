"""What is kept in the database but cannot be read with the database alone: sealed with the web's own secret, which is elsewhere.

Each purpose has a key of its own, so that what was sealed for one opens for no other.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken


def key_of(purpose: str, secret: bytes) -> bytes:
    """The key (32 bytes) that the web's *secret* gives for one purpose."""
    return hashlib.sha256(f"{purpose}:".encode() + secret).digest()


def sealed(purpose: str, text: str, *, key: bytes) -> str:
    """*text* as only whoever has the web's secret, *key*, can read it."""
    return _fernet(purpose, key).encrypt(text.encode()).decode()


def opened(purpose: str, kept: str, *, key: bytes) -> str | None:
    """What was sealed; None when that was with another secret, for another purpose, or not at all."""
    try:
        return _fernet(purpose, key).decrypt(kept.encode()).decode()
    except InvalidToken:
        return None


def _fernet(purpose: str, key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(key_of(purpose, key)))
