"""The legal clock of a dossier as of a moment: how much of its term is used up, and why it stands where it does."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from engine.dossiers import ledger
from engine.dossiers.calendar import WorkingCalendar
from engine.dossiers.ledger import Entry, EntryKind, Term
from engine.models.findings import Findings
from engine.models.procedure import Procedure
from engine.models.procedure_reading import read_procedure
from engine.storage import groups
from engine.storage.calendars import CalendarShelf

_FACTS = text(
    """
    SELECT d.deployment_id, d.channel, coalesce(u.calendar_code, 'default'), coalesce(k.version, 0)
    FROM dossier d LEFT JOIN unit u ON u.code = d.competent_unit LEFT JOIN calendar k ON k.code = u.calendar_code
    WHERE d.id = :id
    """
)

_PROCEDURE = text("SELECT original FROM model WHERE deployment_id = :id AND name = 'procedure.yaml'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An open pause: why, by which law (empty: the model names none), and since when."""

    reason: str
    ground: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """*budget*, *consumed* and *left* are working time; None: no deadline, or not begun. *left* < 0: late by so much."""

    budget: timedelta | None
    consumed: timedelta | None
    left: timedelta | None
    day: timedelta
    pauses: tuple[Standing, ...]
    stopped: bool


class Clocks:
    """Reads clocks; remembers procedures and calendars, which never change under their id and version."""

    def __init__(self) -> None:
        self._calendars = CalendarShelf()
        self._procedures: dict[int, Procedure | None] = {}

    def read(self, connection: Connection, dossier: int, now: datetime) -> ClockState:
        """The clock of a dossier that exists."""
        deployment, channel, code, version = connection.execute(_FACTS, {"id": dossier}).one()
        calendar = self._calendars.get(connection, code, version)
        entries = groups.ledger(connection, dossier)
        procedure = self.procedure(connection, deployment)
        term = ledger.term_of(procedure, channel) if procedure is not None else None
        return state(entries, term, calendar, now)

    def of(self, connection: Connection, dossier: int) -> WorkingCalendar:
        """The calendar that counts for a dossier that exists."""
        _, _, code, version = connection.execute(_FACTS, {"id": dossier}).one()
        return self._calendars.get(connection, code, version)

    def calendar(self, connection: Connection, code: str, version: int) -> WorkingCalendar:
        """The calendar *code* of this version."""
        return self._calendars.get(connection, code, version)

    def procedure(self, connection: Connection, deployment: int) -> Procedure | None:
        """What the deployment declares; None where it is a model alone."""
        if deployment not in self._procedures:
            content = connection.scalar(_PROCEDURE, {"id": deployment})
            found = read_procedure(bytes(content), Findings("procedure.yaml")) if content else None
            self._procedures[deployment] = found
        return self._procedures[deployment]


def state(entries: list[Entry], term: Term | None, calendar: WorkingCalendar, now: datetime) -> ClockState:
    """What a ledger comes to at *now*."""
    standing = _standing(entries)
    day = calendar.day_length
    if term is None:
        return ClockState(
            budget=None, consumed=None, left=None, day=day, pauses=standing, stopped=_stopped(entries)
        )
    found = ledger.reckon(entries, term, calendar, now)
    if found.started_at is None or found.first_due_at is None or found.due_at is None:
        budget = consumed = left = None
    else:
        until = min(now, found.stopped_at or now)
        extended = any(entry.kind is EntryKind.EXTEND for entry in entries)
        promised = found.due_at if extended else found.first_due_at
        budget = calendar.working_time_between(found.started_at, promised)
        budget -= found.paused_for if extended else timedelta(0)
        consumed = calendar.working_time_between(found.started_at, until) - found.paused_for
        left = calendar.working_time_between(until, found.due_at)
    return ClockState(
        budget=budget,
        consumed=consumed,
        left=left,
        day=day,
        pauses=standing,
        stopped=found.stopped_at is not None,
    )


def _standing(entries: list[Entry]) -> tuple[Standing, ...]:
    if _stopped(entries):
        return ()
    open_ = {(pause.task, pause.start) for pause in ledger.pauses(entries) if pause.end is None}
    return tuple(
        Standing(reason=entry.reason, ground=entry.ground, since=entry.at)
        for entry in entries
        if entry.kind is EntryKind.PAUSE and (entry.task, entry.at) in open_
    )


def _stopped(entries: list[Entry]) -> bool:
    return any(entry.kind is EntryKind.STOP for entry in entries)
