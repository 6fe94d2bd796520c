"""Something that a log-in gives and that lasts a while: kept once per process, fetched by one thread at a time."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Token:
    """What the partner gave us; *number* tells a fresh one from the one before."""

    value: str = field(repr=False)
    number: int
    until: float  # monotonic seconds; infinity where the partner names no end


class TokenStore:
    """The present token. Many threads that were refused with the same token cause one fresh log-in together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._number = 0

    def get(self, fetch: Callable[[], tuple[str, float]], *, refused: Token | None = None) -> Token:
        """A token that is not *refused* and has not ended; *fetch* gives one and the seconds that it lasts."""
        with self._lock:
            token = self._token
            if token is not None and token.until > time.monotonic() and token is not refused:
                return token
            value, lasts_s = fetch()
            self._number += 1
            self._token = Token(value, self._number, time.monotonic() + lasts_s)
            return self._token
