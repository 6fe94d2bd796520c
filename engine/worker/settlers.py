"""The settling loop: answers that came in are written in groups, all that wait now in one transaction.

No timer: a lone answer is written at once. Until its group is committed a call counts as under way, so that no more are
left unknown by a dying worker than it may have under way at all.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue

import structlog

from engine import errors
from engine.actions import send
from engine.exchange.ports import Answer, Partners
from engine.storage.calls import ClaimedCall
from engine.storage.database import Store
from engine.storage.partners import BreakerPolicy
from engine.storage.settlements import SettledCall

log = structlog.get_logger(__name__)

Finished = tuple[ClaimedCall, Answer]
GROUP = 50
AGAIN_S = 0.25
PATIENCE_S = 120.0  # beyond it, most leases ran out and the calls went their way as unknown


class SettleLoop(threading.Thread):
    """Settles what is `put`, and tells *settled* of each group afterwards, and whether others may be claimed now."""

    def __init__(
        self,
        store: Store,
        port: Partners,
        settled: Callable[[Sequence[ClaimedCall], bool], None],
        *,
        breaker: BreakerPolicy,
    ) -> None:
        super().__init__(name="settler", daemon=True)
        self._store = store
        self._port = port
        self._settled = settled
        self._breaker = breaker
        self._queue: SimpleQueue[Finished | None] = SimpleQueue()
        self._next: Finished | None = None
        self._pause = threading.Event()  # never set: it is what a wait is timed by

    def put(self, call: ClaimedCall, answer: Answer) -> None:
        """Have *answer* settled soon."""
        self._queue.put((call, answer))

    def stop(self, *, drain_s: float) -> None:
        """Settle what was put, wait for it at most *drain_s*, and end."""
        self._queue.put(None)
        self.join(drain_s)

    def run(self) -> None:
        while (group := self._group()) is not None:
            more = True
            try:
                more = self._settle(group)
            except Exception as error:  # the loop's boundary: the calls' leases will run out
                log.exception("settler_failed", calls=len(group), error=type(error).__name__)
            finally:
                self._settled([call for call, _ in group], more)

    def _group(self) -> list[Finished] | None:
        """Wait for an answer; it and those that wait behind it, at most `GROUP` and none of one call twice."""
        first = self._next or self._queue.get()
        self._next = None
        if first is None:
            return None
        group = {first[0].id: first}
        while len(group) < GROUP:
            try:
                more = self._queue.get_nowait()
            except Empty:
                break
            if more is None:
                self._queue.put(None)
                break
            if more[0].id in group:
                self._next = more
                break
            group[more[0].id] = more
        return list(group.values())

    def _settle(self, group: Sequence[Finished]) -> bool:
        more = any(call.troubled for call, _ in group)  # a partner that recovers sends on
        try:
            settled = self._settle_when_possible(group)
            more = more or any(one.lets_go for one in settled.values())
        except errors.StoreError as error:
            log.warning("settlement_lost", calls=len(group), reason=error.message)
            return True
        except Exception as error:  # noqa: BLE001  # one of them cannot be stored: the others can
            log.warning("group_settled_one_by_one", calls=len(group), error=type(error).__name__)
            more = True
            for one in group:
                self._settle_alone(one)
        self._record_health(group)
        return more

    def _settle_when_possible(self, group: Sequence[Finished]) -> Mapping[int, SettledCall]:
        """Settle, again and again while the database is away: an answer in hand must not become an unknown call.

        Settling twice does no harm, so that a commit of unknown outcome is simply repeated.
        """
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                return send.settle_group(self._store, self._port, group)
            except errors.StoreError as error:
                if isinstance(error, errors.StoreConflict) or time.monotonic() > until:
                    raise
                log.warning("settlement_waits", calls=len(group), reason=error.message)
                self._pause.wait(AGAIN_S)

    def _settle_alone(self, one: Finished) -> None:
        try:
            send.settle(self._store, self._port, *one)
        except Exception as error:  # noqa: BLE001  # its lease will run out; the others are settled
            reason = error.message if isinstance(error, errors.StoreRefused) else type(error).__name__
            log.warning("settlement_lost", call=one[0].id, partner=one[0].partner, reason=reason)

    def _record_health(self, group: Sequence[Finished]) -> None:
        """Each failure is counted; one success is enough for all that follow it."""
        told: set[str] = set()
        for call, answer in group:
            worked = answer.outcome not in send.TROUBLE
            if worked and call.partner in told:
                continue
            send.record_health(
                self._store, call.partner, answer, troubled=call.troubled, policy=self._breaker
            )
            told.add(call.partner) if worked else told.discard(call.partner)
