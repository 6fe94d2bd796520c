"""Applying events: groups of up to fifty in one transaction, one by one when a group fails, set aside when poisonous.

A start is counted and committed before the work begins. An event with an unfinished start behind it is applied alone, and
after the third such lone start it becomes an incident (design §1, group commit and poison).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from engine import errors
from engine.actions.advance import Advance
from engine.actions.book import Book
from engine.actions.receive import offer
from engine.clock import Clock
from engine.exchange.ports import Partners
from engine.models.deployment import Deployment
from engine.runtime.progress import Interpreter
from engine.storage import events, groups, incidents, messages
from engine.storage.calendars import CalendarShelf
from engine.storage.database import Connection, Store
from engine.storage.events import ClaimedEvent
from engine.storage.writes import Writes, flush, row

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyPolicy:
    """How events are claimed and given up; seconds of the database's time."""

    group_size: int = 50
    lease_s: float = 30.0
    poison_starts: int = 3
    retry_s: float = 1.0
    lock: bool = True  # the tests' control: without the dossier's lock the kill test must go red


class Applier:
    """Applies what is due; one a thread."""

    def __init__(
        self,
        store: Store,
        interpreter: Interpreter,
        partners: Partners,
        deployments: Callable[[int], Deployment],
        clock: Clock,
        *,
        worker: str,
        policy: ApplyPolicy,
    ) -> None:
        self._store = store
        self._interpreter = interpreter
        self._partners = partners
        self._deployments = deployments
        self._clock = clock
        self._worker = worker
        self._policy = policy
        self._calendars = CalendarShelf()
        self._owed: list[tuple[list[int], bool]] = []  # events to give back, and whether a start is forgiven

    def apply_waiting(self) -> int:
        """Apply one group of what waits; how many events were taken up (0: nothing waits)."""
        self._return_owed()
        with self._store.at_once() as connection:
            claimed = events.claim(
                connection, worker=self._worker, limit=self._policy.group_size, lease_s=self._policy.lease_s
            )
        fresh = [event for event in claimed if event.starts == 1]
        for event in claimed:
            if event.starts > 1:
                self._apply_alone(event)
        if fresh and not self._apply_group(fresh):
            for event in fresh:
                self._apply_alone(event)
        return len(claimed)

    def _apply_group(self, claimed: Sequence[ClaimedEvent]) -> bool:
        """Apply all in one transaction; False when it was rolled back for any reason but a lost database."""
        try:
            self._apply(claimed)
        except Exception as error:  # noqa: BLE001  # the step boundary: whatever one event does, the others go on
            if _database_lost(error):
                self._give_back(claimed, forgive=True)
                return True
            log.warning("group_rolled_back", events=len(claimed), error=type(error).__name__)
            return False
        return True

    def _apply_alone(self, event: ClaimedEvent) -> None:
        if event.lone_starts > self._policy.poison_starts:
            self._set_aside(event, "its worker died each time it was applied")
            return
        try:
            self._apply([event])
        except Exception as error:  # the step boundary
            if _database_lost(error):
                self._give_back([event], forgive=event.starts > 1)
                return
            reason = error.message if isinstance(error, errors.LienthongError) else type(error).__name__
            log.exception("event_failed", event_id=event.id, starts=event.starts, error=type(error).__name__)
            if event.lone_starts >= self._policy.poison_starts:
                self._set_aside(event, reason)
            else:
                self._give_back([event], forgive=False)

    def _apply(self, claimed: Sequence[ClaimedEvent]) -> None:
        done: list[Advance] = []
        with self._store.terse() as connection:
            writes = Writes()
            for loaded in groups.take(connection, claimed, lock=self._policy.lock):
                begun = time.perf_counter()
                advance = self._advance(connection, loaded)
                advance.apply()
                for call in advance.book.writes.calls:
                    call["trace"] = loaded.trace
                log.debug(
                    "event_applied",
                    event_kind=loaded.kind,
                    dossier=loaded.dossier.code,
                    calls=len(advance.book.writes.calls),
                    duration_ms=round((time.perf_counter() - begun) * 1000, 2),
                    trace=loaded.trace,
                )
                writes.absorb(advance.book.writes)
                done.append(advance)
            _meet_messages(connection, writes, done)
            settling = any(advance.delivered is not None or advance.returned is not None for advance in done)
            flush(connection, writes, last=not settling)
            _settle_messages(connection, done)
        for advance in done:
            if advance.kept is not None:
                self._interpreter.keep(*advance.kept)

    def _advance(self, connection: Connection, loaded: groups.LoadedEvent) -> Advance:
        dossier = loaded.dossier
        procedure = self._deployments(dossier.deployment).procedure
        if procedure is None:
            raise errors.ProcedureUnknown(procedure=dossier.procedure)
        book = Book(
            connection=connection,
            dossier=dossier,
            procedure=procedure,
            calendar=self._calendars.get(connection, *dossier.calendar),
            now=_moment(loaded, self._clock.now()),
            writes=Writes(),
        )
        return Advance(
            book=book,
            event=loaded,
            interpreter=self._interpreter,
            partners=self._partners,
            deployments=self._deployments,
        )

    def _give_back(self, claimed: Sequence[ClaimedEvent], *, forgive: bool) -> None:
        """Let events be due again soon; while the database is away it is remembered that they are to be."""
        forgiven = forgive and any(event.lone_starts for event in claimed)
        self._owed.append(([event.id for event in claimed], forgiven))
        self._return_owed()

    def _return_owed(self) -> None:
        while self._owed:
            ids, forgive = self._owed[0]
            with self._store.transaction() as connection:
                events.release(
                    connection, ids, worker=self._worker, wait_s=self._policy.retry_s, forgive=forgive
                )
            self._owed.pop(0)

    def _set_aside(self, event: ClaimedEvent, reason: str) -> None:
        with self._store.transaction() as connection:
            dossier = events.set_aside(connection, event.id)
            if dossier is not None:
                incidents.open_incident(
                    connection,
                    "poison-event",
                    f"event {event.id} cannot be applied: {reason}",
                    dossier=dossier,
                    event=event.id,
                    facts={"reason": reason, "starts": event.starts},
                    actions=["retry", "close"],
                )


def _database_lost(error: Exception) -> bool:
    """Whether *error* is the database's and passes; a row that is refused is refused again."""
    return isinstance(error, errors.StoreError) and not isinstance(error, errors.StoreConflict)


def _moment(loaded: groups.LoadedEvent, now: datetime) -> datetime:
    """When the event happened, for the law: its own time where whoever wrote it gave one, never later than *now*.

    An outage between a hand-in and its application must not cost the citizen a day. Nothing happens before the hand-in or
    the reception, whatever a clock that was set back says.
    """
    at = loaded.payload.get("at")
    happened = min(datetime.fromisoformat(at), now) if isinstance(at, str) else now
    return max(happened, loaded.dossier.received_at or loaded.dossier.submitted_at)


def _meet_messages(connection: Connection, writes: Writes, done: Sequence[Advance]) -> None:
    """Give kept messages to the waits that just opened; each becomes an event of its dossier."""
    waits = [wait for advance in done for wait in advance.waits]
    returned = [
        (advance.event.message.name, advance.event.message.key, advance.book.dossier.id)
        for advance in done
        if advance.returned is not None and advance.event.message is not None
    ]
    if not waits and not returned:
        return
    messages.lock(connection, [*((wait.name, wait.key, wait.dossier) for wait in waits), *returned])
    if not waits:
        return
    met = messages.kept_for(connection, waits)
    for columns in writes.waits:
        message = met.get((int(str(columns["dossier_id"])), str(columns["task"])))
        if message is not None:
            columns["message_id"] = message
            writes.events.append(
                row(
                    dossier_id=int(str(columns["dossier_id"])),
                    kind="message",
                    payload={"message": message, "task": str(columns["task"])},
                )
            )
    if met:
        messages.set_status(connection, sorted(met.values()), "met")


def _settle_messages(connection: Connection, done: Sequence[Advance]) -> None:
    """Mark what was delivered; a message whose wait was gone is kept again, for the next wait of its dossier."""
    delivered = {
        advance.delivered: advance.book.dossier.id for advance in done if advance.delivered is not None
    }
    if delivered:
        messages.deliver(connection, delivered)
    for advance in done:
        if advance.returned is not None and advance.event.message is not None:
            messages.set_status(connection, [advance.returned], "kept")
            offer(connection, advance.returned)
