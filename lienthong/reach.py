"""Whether a partner's address accepts connections; nothing is sent to it."""

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a look at an address saw."""

    address: str
    ok: bool
    detail: str


def reach(address: str) -> Reach:
    """Connect to *address* and hang up."""
    parts = urlsplit(address)
    if not parts.hostname:
        return Reach(address=address, ok=False, detail="no address: set LIENTHONG_PARTNER_<NAME>_URL")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname, port), timeout=_TIMEOUT_S).close()
    except (OSError, ValueError) as exc:
        return Reach(address=address, ok=False, detail=f"no connection: {exc}")
    return Reach(address=address, ok=True, detail="accepts connections")
