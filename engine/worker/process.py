"""One worker process: its loops started, watched and stopped together; or, for tests, one step at a time in one thread."""

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from engine import errors
from engine.actions import (
    anchor,
    backups,
    batches,
    certificates,
    documents,
    drift,
    idempotency,
    poll,
    presence,
    refusals,
    seal,
    send,
    sweep,
)
from engine.actions.apply import Applier, ApplyPolicy
from engine.actions.backups import BackupPolicy
from engine.actions.presence import Heart, Presence
from engine.clock import Clock
from engine.exchange.ports import Partners
from engine.models.deployment import Deployment
from engine.queries.backups import JOB as BACKUP
from engine.runtime.progress import Interpreter
from engine.storage import calls, events
from engine.storage import partners as partner_rows
from engine.storage.database import Store
from engine.storage.partners import BreakerPolicy
from engine.storage.presences import Process
from engine.worker.appliers import ApplyLoop
from engine.worker.jobs import JobLoop, JobPolicy
from engine.worker.senders import SendLoop
from engine.worker.wakeups import Listener

log = structlog.get_logger(__name__)

_LOOKING = frozenset(
    {"tallies", "certificates", "drift", "descriptions", BACKUP}
)  # moves nothing on: no step waits for it


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPolicy:
    """Every time and size of a worker; the root fills it from the settings."""

    apply: ApplyPolicy = field(default_factory=ApplyPolicy)
    jobs: JobPolicy = field(default_factory=JobPolicy)
    breaker: BreakerPolicy = field(default_factory=lambda: BreakerPolicy(failures=5, open_s=10.0))
    backup: BackupPolicy | None = None
    appliers: int = 1
    poll_s: float = 1.0
    lease_margin_s: float = 10.0
    message_keep_days: float = 30.0
    answer_keep_days: int = 30
    drain_s: float = 10.0


class Worker:
    """What a worker does, made of the actions and the ports it was given."""

    def __init__(
        self,
        store: Store,
        interpreters: Callable[[], Interpreter],
        partners: Partners,
        deployments: Callable[[int], Deployment],
        clock: Clock,
        *,
        name: str,
        policy: WorkerPolicy,
        version: str = "",
    ) -> None:
        self._store = store
        self._partners = partners
        self._clock = clock
        self._name = name
        self._policy = policy
        self._version = version
        self._appliers = [
            Applier(store, interpreters(), partners, deployments, clock, worker=name, policy=policy.apply)
            for _ in range(policy.appliers)
        ]
        self._stopped = threading.Event()
        self._polling = threading.BoundedSemaphore(max(1, policy.jobs.concurrency // 2))
        self._known: frozenset[str] = frozenset()

    # -- as a process ----------------------------------------------------------------------------------

    def run(self) -> None:
        """Work until `stop` is called. Raises: WorkerBroken: one of its threads ended by itself."""
        apply_wakes = [threading.Event() for _ in self._appliers]
        send_wake = threading.Event()
        listener = Listener(
            self._store.url,
            {events.CHANNEL: _Several(apply_wakes), calls.CHANNEL: send_wake},
            poll_s=self._policy.poll_s,
        )
        appliers = [
            ApplyLoop(applier, wake, poll_s=self._policy.poll_s)
            for applier, wake in zip(self._appliers, apply_wakes, strict=True)
        ]
        sender = SendLoop(
            self._store,
            self._partners,
            send_wake,
            worker=self._name,
            poll_s=self._policy.poll_s,
            margin_s=self._policy.lease_margin_s,
            breaker=self._policy.breaker,
        )
        background = JobLoop(self._store.url, self.background_work(), self._policy.jobs)
        heart = Heart(
            Presence(
                self._store,
                self._process(),
                contracts=self._partners.hashes,
                secrets=self._partners.secrets_in_use,
            )
        )
        threads: Sequence[threading.Thread] = [*appliers, sender, background, listener]
        for thread in (*threads, heart):
            thread.start()
        broken = self._watch(threads)
        heart.drain()
        until = time.monotonic() + self._policy.drain_s
        listener.stop()
        background.stop()
        for applier in appliers:
            applier.stop()
        sender.stop(drain_s=self._policy.drain_s)
        for thread in threads:  # whoever closes the store next finds no connection in use
            thread.join(max(0.0, until - time.monotonic()))
        heart.stop()
        if broken is not None:
            raise errors.WorkerBroken(thread=broken)

    def _process(self) -> Process:
        return Process(
            name=self._name, role="worker", host=socket.gethostname(), pid=os.getpid(), version=self._version
        )

    def _watch(self, threads: Sequence[threading.Thread]) -> str | None:
        """Wait to be stopped; the name of a thread that ended by itself, for then the whole process must start anew."""
        while not self._stopped.wait(self._policy.poll_s):
            dead = next((thread.name for thread in threads if not thread.is_alive()), None)
            if dead is not None:
                log.error("worker_thread_ended", thread=dead)
                return dead
        return None

    def stop(self) -> None:
        self._stopped.set()

    # -- step by step -----------------------------------------------------------------------------------

    def step(self) -> int:
        """Apply one group, else send what is due, else sweep, all in this thread; how much there was to do."""
        return self._appliers[0].apply_waiting() or self._send_due() or self._sweep()

    def _send_due(self) -> int:
        names = self._partners.names()
        if not self._known.issuperset(names):
            with self._store.transaction() as connection:
                partner_rows.ensure(connection, names)
            self._known = frozenset(names)
        claimed = send.claim(
            self._store,
            dict.fromkeys(names, 1),
            worker=self._name,
            margin_s=self._policy.lease_margin_s,
            breaker=self._policy.breaker,
        )
        for call in claimed:
            answer = send.send(self._partners, call)
            send.settle(self._store, self._partners, call, answer)
            send.record_health(
                self._store,
                call.partner,
                answer,
                troubled=call.troubled,
                policy=self._policy.breaker,
            )
        return len(claimed)

    def _sweep(self) -> int:
        return sum(int(work()) for name, work in self.background_work().items() if name not in _LOOKING)

    # -- background work ----------------------------------------------------------------------------------

    def background_work(self) -> dict[str, Callable[[], int]]:
        """The jobs of the timetable by name."""
        return {
            "timers": self.fire_timers,
            "leases": lambda: send.sweep_leases(self._store, self._partners),
            "feeds": self.poll_feeds,
            "messages": lambda: sweep.list_unclaimed(self._store, now=self._clock.now()),
            "batches": lambda: batches.run_waiting(self._store, self._clock),
            "tallies": lambda: sweep.take_tallies(self._store),
            "certificates": lambda: certificates.look(self._store, self._partners),
            "drift": lambda: drift.compare(self._store),
            "descriptions": lambda: drift.look(self._store, self._partners),
            "anchors": lambda: anchor.anchor_heads(self._store) + seal.seal_audit(self._store),
            BACKUP: lambda: backups.take_by_timetable(self._store, self._policy.backup, stop=self._stopped),
            "purge": lambda: (
                idempotency.purge(self._store, days=self._policy.answer_keep_days)
                + presence.forget(self._store)
                + refusals.purge(self._store)
                + documents.purge(self._store)
            ),
        }

    def fire_timers(self) -> int:
        return sweep.fire_timers(self._store, now=self._clock.now())

    def poll_feeds(self) -> int:
        """Poll what is due. Feeds that hang never take up all the places that background work has."""
        if not self._polling.acquire(blocking=False):
            return 0
        try:
            return poll.poll_due(
                self._store, self._partners, now=self._clock.now(), keep_days=self._policy.message_keep_days
            )
        finally:
            self._polling.release()


class _Several(threading.Event):
    """One event that sets several."""

    def __init__(self, others: Sequence[threading.Event]) -> None:
        super().__init__()
        self._others = others

    def set(self) -> None:
        for other in self._others:
            other.set()
