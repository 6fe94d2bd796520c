"""The sending loop: claims what each partner's window has room for, and sends it in threads of that partner.

A claimed call is sent at once: there is no queue in between, so that a dying worker leaves as few unknown calls as it can.
A slow partner fills its own window and nobody else's.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from engine import errors
from engine.actions import send
from engine.exchange.ports import Partners
from engine.storage import partners as partner_rows
from engine.storage.calls import ClaimedCall
from engine.storage.database import Store
from engine.storage.partners import BreakerPolicy
from engine.worker.settlers import SettleLoop

log = structlog.get_logger(__name__)

MOST_THREADS = 1000  # of one partner; made as they are needed, and no more than its window


class SendLoop(threading.Thread):
    """Claims whenever it is woken, when a sender is free again, and every *poll_s* by itself."""

    def __init__(
        self,
        store: Store,
        port: Partners,
        wake: threading.Event,
        *,
        worker: str,
        poll_s: float,
        margin_s: float,
        breaker: BreakerPolicy,
    ) -> None:
        super().__init__(name="sender", daemon=True)
        self._store = store
        self._port = port
        self._wake = wake
        self._worker = worker
        self._poll_s = poll_s
        self._margin_s = margin_s
        self._breaker = breaker
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._busy: dict[str, int] = {}
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._names: Sequence[str] = ()
        self._known: frozenset[str] = frozenset()
        self._windows: Mapping[str, int] = {}
        self._looked_at = float("-inf")
        self._left_some = False
        self._settler = SettleLoop(store, port, self._settled, breaker=breaker)

    def run(self) -> None:
        self._settler.start()
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self._round()
            except errors.StoreError as error:
                log.warning("sender_without_database", reason=error.message)
                self._stopping.wait(self._poll_s)
            self._wake.wait(self._poll_s)

    def stop(self, *, drain_s: float) -> None:
        """Claim no more, send what was claimed, and wait for what is under way at most about *drain_s*."""
        until = time.monotonic() + drain_s
        self._stopping.set()
        self._wake.set()
        if self.is_alive():
            self.join(drain_s)
        with self._lock:
            self._idle.wait_for(lambda: not any(self._busy.values()), until - time.monotonic())
            pools = list(self._pools.values())
        for pool in pools:
            pool.shutdown(wait=False)
        self._settler.stop(drain_s=max(0.0, until - time.monotonic()))

    def _round(self) -> None:
        """Claim once: what could not be had now is told of when it can be, or found by the poll."""
        self._look_for_partners()
        free = {name: self._free(name) for name in self._names}
        self._left_some = True  # until it is known
        claimed = send.claim(
            self._store, free, worker=self._worker, margin_s=self._margin_s, breaker=self._breaker
        )
        for call in claimed:
            free[call.partner] -= 1
            self._start(call)
        self._left_some = any(count <= 0 for count in free.values())

    def _look_for_partners(self) -> None:
        """See partners that came and windows that were set since, at most every *poll_s*; each partner has its row first."""
        if time.monotonic() - self._looked_at < self._poll_s:
            return
        names = self._port.names()
        if not self._known.issuperset(names):
            with self._store.transaction() as connection:
                partner_rows.ensure(connection, names)
            self._known = frozenset(names)
        with self._store.reading() as connection:
            self._windows = partner_rows.windows(connection)
            revisions = partner_rows.secret_revisions(connection)
        for name, revision in revisions.items():
            self._port.use_secret(name, revision)
        self._names, self._looked_at = names, time.monotonic()

    def _free(self, partner: str) -> int:
        with self._lock:
            return self._window(partner) - self._busy.get(partner, 0)

    def _window(self, partner: str) -> int:
        """A mailbox has none, whatever is set."""
        said = self._port.window(partner)
        return self._windows.get(partner, said) if said else said

    def _start(self, call: ClaimedCall) -> None:
        with self._lock:
            self._busy[call.partner] = self._busy.get(call.partner, 0) + 1
            pool = self._pools.get(call.partner)
            if pool is None:
                pool = self._pools[call.partner] = ThreadPoolExecutor(
                    max_workers=MOST_THREADS, thread_name_prefix=f"to-{call.partner}"
                )
        pool.submit(self._send, call)

    def _send(self, call: ClaimedCall) -> None:
        self._settler.put(call, send.send(self._port, call))

    def _settled(self, calls: Sequence[ClaimedCall], more: bool) -> None:
        """Their places are free. Claim again where there was no place before, or where lanes may go on (*more*)."""
        with self._lock:
            for call in calls:
                self._busy[call.partner] -= 1
            self._idle.notify_all()
        if more or self._left_some:
            self._wake.set()
