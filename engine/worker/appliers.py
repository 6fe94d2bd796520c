"""The applying loop: one thread that applies group after group, and sleeps when nothing waits."""

import threading

import structlog

from engine import errors
from engine.actions.apply import Applier

log = structlog.get_logger(__name__)


class ApplyLoop(threading.Thread):
    """Applies whenever it is woken, and every *poll_s* by itself."""

    def __init__(self, applier: Applier, wake: threading.Event, *, poll_s: float) -> None:
        super().__init__(name="applier", daemon=True)
        self._applier = applier
        self._wake = wake
        self._poll_s = poll_s
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                while not self._stopping.is_set() and self._applier.apply_waiting():
                    pass
            except errors.StoreError as error:
                log.warning("applier_without_database", reason=error.message)
                self._stopping.wait(self._poll_s)
            self._wake.wait(self._poll_s)

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()
