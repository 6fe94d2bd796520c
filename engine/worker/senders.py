"""The sending loop: claims what each partner's window has room for, and sends it in threads of that partner.

A claimed call is sent at once: there is no queue in between, so that a dying worker leaves as few unknown calls as it can.
A slow partner fills its own window and nobody else's.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import structlog

from engine import errors
from engine.actions import send
from engine.exchange.ports import Answer, Partners
from engine.storage import partners as partner_rows
from engine.storage.calls import ClaimedCall
from engine.storage.database import Store
from engine.storage.partners import BreakerPolicy

log = structlog.get_logger(__name__)


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
        self._busy: dict[str, int] = {}
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._troubled: frozenset[str] = frozenset()
        self._known: frozenset[str] = frozenset()

    def run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                while not self._stopping.is_set() and self._round():
                    pass
            except errors.StoreError as error:
                log.warning("sender_without_database", reason=error.message)
                self._stopping.wait(self._poll_s)
            self._wake.wait(self._poll_s)

    def stop(self, *, drain_s: float) -> None:
        """Claim no more, and wait for what is under way at most about *drain_s*."""
        self._stopping.set()
        self._wake.set()
        for pool in self._pools.values():
            pool.shutdown(wait=drain_s > 0, cancel_futures=True)

    def _round(self) -> int:
        names = self._port.names()
        self._ensure_rows(frozenset(names))
        claimed = send.claim(
            self._store,
            {name: self._free(name) for name in names},
            worker=self._worker,
            margin_s=self._margin_s,
            breaker=self._breaker,
        )
        for call in claimed:
            self._start(call)
        return len(claimed)

    def _ensure_rows(self, names: frozenset[str]) -> None:
        with self._store.transaction() as connection:
            if names - self._known:
                partner_rows.ensure(connection, names)
                self._known = names
            self._troubled = partner_rows.troubled(connection)

    def _free(self, partner: str) -> int:
        with self._lock:
            return self._port.window(partner) - self._busy.get(partner, 0)

    def _start(self, call: ClaimedCall) -> None:
        with self._lock:
            self._busy[call.partner] = self._busy.get(call.partner, 0) + 1
            pool = self._pools.get(call.partner)
            if pool is None:
                pool = self._pools[call.partner] = ThreadPoolExecutor(
                    max_workers=self._port.window(call.partner), thread_name_prefix=f"to-{call.partner}"
                )
        pool.submit(self._send, call)

    def _send(self, call: ClaimedCall) -> None:
        try:
            answer = send.send(self._port, call)
            self._settle(call, answer)
        finally:
            with self._lock:
                self._busy[call.partner] -= 1
            self._wake.set()

    def _settle(self, call: ClaimedCall, answer: Answer) -> None:
        try:
            send.settle(self._store, self._port, call, answer)
            send.record_health(
                self._store,
                call.partner,
                answer.outcome,
                troubled=call.partner in self._troubled,
                policy=self._breaker,
            )
        except errors.StoreError as error:  # the lease will run out and the call become unknown
            log.warning("settlement_lost", call=call.id, partner=call.partner, reason=error.message)
