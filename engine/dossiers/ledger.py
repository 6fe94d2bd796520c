"""The legal clock of a dossier: what was started, paused, extended and stopped, and when it is therefore due.

Entries are facts with a time and the task that wrote them; the due date is always counted from them, never kept by
itself, so that a changed calendar or a late entry only means counting again. Whether a pause is lawful is decided
where it is asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from engine.clock import VIETNAM
from engine.dossiers.calendar import WorkingCalendar
from engine.models.procedure import Procedure, Unit

PAYMENT = "payment"  # the reason of a pause that has its own counter: QĐ 766 deducts only supplements


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long a procedure may take over one channel.

    *cut_off* is the hour (Asia/Ho_Chi_Minh) from which on a reception counts as the next working day's; civil-status
    procedures have 15:00 (rules §6.3).
    """

    amount: Decimal
    unit: Unit = Unit.DAYS
    cut_off: time | None = None


class EntryKind(StrEnum):
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger. A pause is ended by a resume of the same *task*; *until* is an extension's new date."""

    kind: EntryKind
    at: datetime
    task: str = ""
    reason: str = ""
    ground: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A stretch in which the clock stood for one task; *end* None: it still stands."""

    task: str
    reason: str
    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """What a ledger comes to at one moment."""

    started_at: datetime | None = None
    stopped_at: datetime | None = None
    first_due_at: datetime | None = None
    due_at: datetime | None = None
    paused: bool = False
    paused_for: timedelta = timedelta(0)  # working time of the union of all pauses
    paused_by: Mapping[str, timedelta] = field(default_factory=dict)  # per reason, each its own union

    @property
    def payment(self) -> timedelta:
        """The separate counter of the time in which the citizen had to pay."""
        return self.paused_by.get(PAYMENT, timedelta(0))


def term_of(procedure: Procedure, channel: str) -> Term | None:
    """How long *procedure* may take over *channel*, with its cut-off hour; None when it has no deadline there."""
    declared, rule = procedure.term(channel), procedure.calendar_rule
    if declared is None:
        return None
    return Term(
        amount=Decimal(declared.amount),
        unit=declared.unit,
        cut_off=time.fromisoformat(rule.accepted_after) if rule else None,
    )


def first_due(received_at: datetime, term: Term, calendar: WorkingCalendar) -> datetime:
    """When a dossier received at *received_at* is due, before any pause, in UTC.

    A reception outside working hours counts from when work goes on; one from the cut-off on counts as the next working
    day's. Days end with the working day; a term of 0 days is due the same day; hours end to the minute.
    """
    begun = calendar.next_working_instant(received_at)
    if term.cut_off is not None and begun.astimezone(VIETNAM).time() >= term.cut_off:
        begun = _next_morning(begun, calendar)
    if term.unit is Unit.HOURS:
        return calendar.add_working_hours(begun, term.amount)
    if term.unit is Unit.CALENDAR_DAYS:
        return calendar.end_of_working_day(_day(begun) + timedelta(days=int(term.amount)))
    return calendar.add_working_days(begun, int(term.amount))


def due(entries: Sequence[Entry], term: Term, calendar: WorkingCalendar, now: datetime) -> datetime | None:
    """The due date as of *now*, or None while the clock was never started; see `reckon`."""
    return reckon(entries, term, calendar, now).due_at


def is_paused(entries: Sequence[Entry]) -> bool:
    """Whether at least one pause is open."""
    return any(pause.end is None for pause in pauses(entries))


def reckon(entries: Sequence[Entry], term: Term, calendar: WorkingCalendar, now: datetime) -> Reckoning:
    """Count a ledger up to *now*.

    The first due date moves by the union of the pauses in working time, then rolls forward to the end of the working
    day. An extension sets a new date, which only later pauses move. Nothing moves after a stop.
    """
    started = next((entry.at for entry in entries if entry.kind is EntryKind.START), None)
    stopped = next((entry.at for entry in entries if entry.kind is EntryKind.STOP), None)
    stretches = pauses(entries)
    until = min(now, stopped) if stopped else now
    if started is None:
        return Reckoning(stopped_at=stopped, paused=any(p.end is None for p in stretches))
    first = first_due(started, term, calendar)
    base, since = _promise(entries, first, started)
    moved = _paused(stretches, calendar, since, until)
    reasons = {pause.reason for pause in stretches}
    return Reckoning(
        started_at=started,
        stopped_at=stopped,
        first_due_at=first,
        due_at=_moved(base, moved, calendar),
        paused=stopped is None and any(p.end is None for p in stretches),
        paused_for=_paused(stretches, calendar, started, until),
        paused_by={
            reason: _paused([p for p in stretches if p.reason == reason], calendar, started, until)
            for reason in sorted(reasons)
        },
    )


def pauses(entries: Iterable[Entry]) -> list[Pause]:
    """The pauses of a ledger, each closed by the resume of its task or by the stop.

    A second pause of a task whose pause is open changes nothing, nor does a resume without one.
    """
    found: list[Pause] = []
    opened: dict[str, Entry] = {}
    for entry in entries:
        if entry.kind is EntryKind.PAUSE:
            opened.setdefault(entry.task, entry)
        elif entry.kind is EntryKind.RESUME and entry.task in opened:
            found.append(_pause(opened.pop(entry.task), entry.at))
        elif entry.kind is EntryKind.STOP:
            found += [_pause(begun, entry.at) for begun in opened.values()]
            opened.clear()
    return found + [_pause(begun, None) for begun in opened.values()]


def _pause(begun: Entry, end: datetime | None) -> Pause:
    return Pause(task=begun.task, reason=begun.reason, start=begun.at, end=end)


def _promise(entries: Iterable[Entry], first: datetime, started: datetime) -> tuple[datetime, datetime]:
    """The date that pauses move, and since when they do: the latest extension's, else the first due date."""
    base, since = first, started
    for entry in entries:
        if entry.kind is EntryKind.EXTEND and entry.until is not None:
            base, since = entry.until, entry.at
    return base, since


def _paused(
    stretches: Iterable[Pause],
    calendar: WorkingCalendar,
    since: datetime,
    until: datetime,
) -> timedelta:
    """The working time of the union of *stretches* between two moments."""
    total, reached = timedelta(0), since
    for pause in sorted(stretches, key=lambda stretch: stretch.start):
        start, end = max(pause.start, reached), min(pause.end or until, until)
        if end > start:
            total += calendar.working_time_between(start, end)
            reached = end
    return total


def moved(
    base: datetime, stretches: Iterable[Pause], calendar: WorkingCalendar, *, since: datetime, until: datetime
) -> datetime:
    """*base* moved by the working time of the union of *stretches* between two moments, at a working day's end."""
    return _moved(base, _paused(stretches, calendar, since, until), calendar)


def _moved(base: datetime, by: timedelta, calendar: WorkingCalendar) -> datetime:
    if not by:
        return base.astimezone(UTC)
    return calendar.end_of_working_day(_day(calendar.add_working_time(base, by)))


def _next_morning(moment: datetime, calendar: WorkingCalendar) -> datetime:
    return calendar.next_working_instant(calendar.end_of_working_day(_day(moment)))


def _day(moment: datetime) -> date:
    return moment.astimezone(VIETNAM).date()
