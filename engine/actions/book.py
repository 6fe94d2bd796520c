"""The book of one dossier while an event is applied: what is entered is collected as rows, and written by `writes.flush`.

Statuses, phases, the timeline and the legal clock are kept here, by the rules of `engine.dossiers`; what an instance does
and what is owed to partners is `engine.actions.advance`'s and `engine.actions.reporting`'s business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engine.dossiers import indexing, ledger, timeline
from engine.dossiers.calendar import WorkingCalendar
from engine.dossiers.ledger import Entry, EntryKind
from engine.dossiers.statuses import Status, may_become
from engine.exchange.ports import Json
from engine.models.procedure import Procedure
from engine.storage import groups
from engine.storage.database import Connection
from engine.storage.groups import StoredDossier
from engine.storage.writes import Writes, instant, octets, row


@dataclass(slots=True)
class Book:
    """A dossier open for entries, inside the transaction that holds its lock."""

    connection: Connection
    dossier: StoredDossier
    procedure: Procedure
    calendar: WorkingCalendar
    now: datetime
    writes: Writes
    deployment: int = field(init=False)
    status: int = field(init=False)
    phase: str = field(init=False)
    received_at: datetime | None = field(init=False)
    due_at: datetime | None = field(init=False)
    finished_at: datetime | None = field(init=False)
    data: dict[str, Json] = field(init=False, default_factory=dict)
    record: dict[str, Json] | None = field(init=False, default=None)
    _seq: int = field(init=False)
    _head: bytes = field(init=False)
    _ledger: list[Entry] | None = field(init=False, default=None)
    _changed: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        dossier = self.dossier
        self.deployment, self.status, self.phase = dossier.deployment, dossier.status, dossier.phase
        self.received_at, self.due_at, self.finished_at = (
            dossier.received_at,
            dossier.due_at,
            dossier.finished_at,
        )
        self._seq, self._head = dossier.timeline_seq, dossier.timeline_head

    # -- timeline ----------------------------------------------------------------------------------

    def tell(self, kind: str, facts: Mapping[str, Json]) -> int:
        """Append an entry to the timeline; its number."""
        self._seq += 1
        body = timeline.entry_bytes(self._seq, self.now, kind, facts)
        self._head = timeline.chain(self._head, body)
        self.writes.timeline.append(
            row(dossier_id=self.dossier.id, seq=self._seq, body=octets(body), hash=octets(self._head))
        )
        self._changed = True
        return self._seq

    # -- status ------------------------------------------------------------------------------------

    def take_status(self, status: int) -> bool:
        """Let the dossier become *status*; False (and a line in the timeline) when the law allows no such step."""
        if status == self.status:
            return False
        if not may_become(Status(self.status), Status(status)):
            self.tell("status-refused", {"from": self.status, "to": status})
            return False
        self.status = status
        if status == Status.ACCEPTED and self.received_at is None:
            self.received_at = self.now
            self.enter(EntryKind.START)
        if status == Status.DONE or Status(status).is_final:
            self.finished_at = self.finished_at or self.now
            self.enter(EntryKind.STOP)
        self._changed = True
        return True

    # -- the legal clock -----------------------------------------------------------------------------

    def enter(
        self,
        kind: EntryKind,
        *,
        task: str = "",
        reason: str = "",
        ground: str = "",
        until: datetime | None = None,
    ) -> None:
        """Write a line of the ledger and count the due date and the legal timers anew; *until* is an extension's date."""
        entries = self._entries()
        if not _adds(entries, kind, task):
            return
        before = self.due_at
        entries.append(Entry(kind=kind, at=self.now, task=task, reason=reason, ground=ground, until=until))
        self._count(entries)
        self.writes.ledger.append(
            row(
                dossier_id=self.dossier.id,
                kind=kind.value,
                reason=reason,
                ground=ground,
                task=task,
                at=instant(self.now),
                due_before=instant(before),
                due_after=instant(self.due_at),
            )
        )

    def end_pause(self, task: str, *, completed: bool) -> None:
        """Resume the clock where *task* had paused it; what it waited for has come only if it was *completed*."""
        if any(pause.end is None and pause.task == task for pause in ledger.pauses(self._entries())):
            self.enter(EntryKind.RESUME, task=task)
            if completed:
                self._receive_supplement(task)

    def end_all_pauses(self) -> None:
        """Resume the clock whoever had paused it."""
        for pause in ledger.pauses(self._entries()):
            if pause.end is None:
                self.enter(EntryKind.RESUME, task=pause.task)

    @property
    def paused_here(self) -> bool:
        """Whether this event touched the ledger at all."""
        return self._ledger is not None

    def ask_supplement(self, task: str, *, by: str, text: str) -> None:
        """Record that the applicant was asked to complete the dossier: the portal is told of it (contracts §1.4)."""
        record = self.now_record()
        asked = record.get("supplements")
        supplements: list[Json] = list(asked) if isinstance(asked, list) else []
        supplements.append(
            {
                "number": len(supplements) + 1,
                "task": task,
                "asked_at": self.now.isoformat(),
                "asked_by": by,
                "text": text,
                "due_before": instant(self.due_at),
                "received_at": None,
                "due_after": None,
            }
        )
        self.record = record | {"supplements": supplements}

    def _receive_supplement(self, task: str) -> None:
        record = self.now_record()
        asked = record.get("supplements")
        if not isinstance(asked, list):
            return
        answered: list[Json] = [
            item | {"received_at": self.now.isoformat(), "due_after": instant(self.due_at)}
            if isinstance(item, dict) and item.get("task") == task and item.get("received_at") is None
            else item
            for item in asked
        ]
        self.record = record | {"supplements": answered}

    @property
    def paused(self) -> bool:
        return ledger.is_paused(self._entries())

    def count_anew(self) -> None:
        """Count the due date and the legal timers again, after the calendar changed."""
        self._count(self._entries())

    def _entries(self) -> list[Entry]:
        if self._ledger is None:
            self._ledger = groups.ledger(self.connection, self.dossier.id)
        return self._ledger

    def _count(self, entries: list[Entry]) -> None:
        term = ledger.term_of(self.procedure, self.dossier.channel)
        if term is not None:
            self.due_at = ledger.due(entries, term, self.calendar, self.now) or self.due_at
        self._changed = True
        self._count_timers(entries)

    def _count_timers(self, entries: list[Entry]) -> None:
        for timer in groups.legal_timers(self.connection, self.dossier.id):
            due = self._due_of(timer, entries)
            if due != timer.due_at and not timer.fired:
                self._arm(timer.task, due)

    def _due_of(self, timer: groups.LegalTimer, entries: list[Entry]) -> datetime:
        base = self.calendar.add_working_days(timer.legal_from, timer.legal_days)
        others = [pause for pause in ledger.pauses(entries) if pause.task != timer.host]
        return ledger.moved(base, others, self.calendar, since=timer.legal_from, until=self.now)

    def _arm(self, task: str, due: datetime) -> None:
        self.writes.timers_due.append(row(dossier_id=self.dossier.id, task=task, due_at=instant(due)))

    def put_off(self, task: str) -> bool:
        """Whether the legal timer of *task*, which was found due, is not: days were moved, or the clock stands."""
        for timer in groups.legal_timers(self.connection, self.dossier.id):
            due = self._due_of(timer, self._entries())
            if timer.task == task and due > self.now:
                self._arm(task, due)
                return True
        return False

    # -- the row ---------------------------------------------------------------------------------------

    def now_data(self) -> dict[str, Json]:
        """The dossier's data with what was written to it here; read from the database when it is large."""
        return self.dossier.data() | self.data

    def now_record(self) -> dict[str, Json]:
        """What reports tell of documents and supplements, as it stands."""
        return dict(self.dossier.record) if self.record is None else self.record

    def close(self) -> None:
        """Add the dossier's own row to what is written, if anything changed."""
        if not (self._changed or self.data or self.record is not None):
            return
        columns = row(
            id=self.dossier.id,
            status=self.status,
            phase=self.phase,
            received_at=instant(self.received_at),
            due_at=instant(self.due_at),
            finished_at=instant(self.finished_at),
            timeline_seq=self._seq,
            timeline_head=octets(self._head),
            record=self.record,
        )
        if self.deployment != self.dossier.deployment:
            columns["deployment_id"] = self.deployment
        if self.data:
            self.writes.data.append(columns | {"data": self.data})
            if self.procedure.indexed:
                self._index()
        else:
            self.writes.dossiers.append(columns)

    def go_over(self, deployment: int, procedure: Procedure) -> None:
        """Let the dossier run on *deployment* from now on, and be searched by what that names; no due date changes."""
        found: dict[str, str | None] = dict.fromkeys(one.path for one in self.procedure.indexed)
        if procedure.indexed:
            found |= indexing.entries(procedure.indexed, self.now_data())
        self.deployment, self.procedure, self._changed = deployment, procedure, True
        for name, value in found.items():
            self.writes.indexed.append(row(dossier_id=self.dossier.id, name=name, value=value))

    def _index(self) -> None:
        """Keep what the dossier is searched by, of what was written here."""
        found = indexing.entries(self.procedure.indexed, self.data)
        for name, value in found.items():
            self.writes.indexed.append(row(dossier_id=self.dossier.id, name=name, value=value))


def _adds(entries: list[Entry], kind: EntryKind, task: str) -> bool:
    """Whether the entry says anything new: one start, one stop, one open pause a task."""
    if kind in (EntryKind.START, EntryKind.STOP):
        return all(entry.kind is not kind for entry in entries)
    if kind is EntryKind.PAUSE:
        return not any(pause.end is None and pause.task == task for pause in ledger.pauses(entries))
    return True
