"""Being woken: one listening connection a process, that sets an event for each channel; a poll makes up for what it misses."""

import threading
from collections.abc import Mapping

import psycopg
import structlog
from psycopg import sql
from psycopg.conninfo import make_conninfo

from engine.storage.database import KEEPALIVE, plain_url

log = structlog.get_logger(__name__)

STOP_S = 0.2  # how long at most it goes on listening once it is stopped


class Listener(threading.Thread):
    """Listens until it is stopped; a lost connection is made anew and counts as a wake-up."""

    def __init__(self, url: str, channels: Mapping[str, threading.Event], *, poll_s: float) -> None:
        super().__init__(name="listener", daemon=True)
        self._url = plain_url(url)
        self._channels = channels
        self._poll_s = poll_s
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                log.warning("listener_lost", error=type(error).__name__)
                self._stopping.wait(self._poll_s)
            self._wake_all()

    def stop(self) -> None:
        self._stopping.set()

    def _listen(self) -> None:
        with psycopg.connect(make_conninfo(self._url, **KEEPALIVE), autocommit=True) as connection:
            for channel in self._channels:
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            self._wake_all()
            while not self._stopping.is_set():
                for notice in connection.notifies(timeout=STOP_S, stop_after=1):
                    self._channels[notice.channel].set()

    def _wake_all(self) -> None:
        for event in self._channels.values():
            event.set()
