"""A process tells the others that it is there, for the pages of workers and schedules. Nothing else depends on it."""

import threading
import time
from collections.abc import Callable, Mapping

import structlog

from engine import errors
from engine.exchange.ports import Json
from engine.storage import presences
from engine.storage.database import Store
from engine.storage.presences import Process

log = structlog.get_logger(__name__)

BEAT_S = 2.0


class Presence:
    """Tells of *process* and of its *contracts* at most every *every_s*; a database that is away keeps nobody from working."""

    def __init__(
        self,
        store: Store,
        process: Process,
        *,
        every_s: float = BEAT_S,
        contracts: Callable[[], Mapping[str, str]] = dict,
        secrets: Callable[[], Mapping[str, Json]] = dict,
    ) -> None:
        self._store, self._process, self._every_s = store, process, every_s
        self._contracts, self._secrets = contracts, secrets
        self._told_at = float("-inf")

    def tell(self, *, draining: bool = False) -> None:
        """Say it now if it is time to."""
        if time.monotonic() - self._told_at < self._every_s:
            return
        self._told_at = time.monotonic()
        try:
            held, secrets = self._contracts(), self._secrets()
            with self._store.transaction() as connection:
                presences.tell(connection, self._process, draining=draining, contracts=held, secrets=secrets)
        except errors.StoreError as error:
            log.warning("presence_not_told", reason=error.message)
        except OSError as error:  # a folder of contracts that cannot be read now
            log.warning("presence_not_told", reason=type(error).__name__)

    def leave(self) -> None:
        """Say that the process ends."""
        try:
            with self._store.transaction() as connection:
                presences.leave(connection, self._process)
        except errors.StoreError as error:
            log.warning("presence_not_ended", reason=error.message)


class Heart(threading.Thread):
    """Tells of a process from its own thread, so that a long piece of work does not make it look dead."""

    def __init__(self, presence: Presence) -> None:
        super().__init__(name="heart", daemon=True)
        self._presence = presence
        self._draining = False
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.is_set():
            self._presence.tell(draining=self._draining)
            self._stopped.wait(BEAT_S)

    def drain(self) -> None:
        """Tell from the next beat on that nothing new is taken."""
        self._draining = True

    def stop(self) -> None:
        self._stopped.set()
        if self.is_alive():
            self.join(BEAT_S)
        self._presence.leave()


def forget(store: Store, *, days: int = 1) -> int:
    """Drop what is told of processes that were not heard of for *days*; how many."""
    with store.transaction() as connection:
        return presences.forget(connection, days=days)
