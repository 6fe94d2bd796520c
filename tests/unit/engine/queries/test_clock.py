"""How much of a term is used up, and what stands in the way."""

from datetime import datetime, timedelta
from decimal import Decimal

from engine.clock import VIETNAM
from engine.dossiers.calendar import WorkingCalendar
from engine.dossiers.ledger import Entry, EntryKind, Term
from engine.queries.clock import state

HOURS = WorkingCalendar()
THREE_DAYS = Term(amount=Decimal(3))


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=VIETNAM)  # 2 March is a Monday


def test_used_and_left_add_up_to_the_term_in_working_time() -> None:
    found = state([Entry(kind=EntryKind.START, at=at(2, 7))], THREE_DAYS, HOURS, at(3, 11))
    assert found.budget == 4 * found.day == timedelta(hours=32)
    assert (found.consumed, found.left) == (timedelta(hours=12), timedelta(hours=20))
    assert not found.pauses


def test_a_pause_uses_nothing_up_and_tells_why_it_stands() -> None:
    entries = [
        Entry(kind=EntryKind.START, at=at(2, 7)),
        Entry(kind=EntryKind.PAUSE, at=at(2, 9), task="t1", reason="supplement", ground="QĐ 766"),
    ]
    found = state(entries, THREE_DAYS, HOURS, at(4, 9))
    assert found.consumed == timedelta(hours=2)
    assert [(one.reason, one.ground, one.since) for one in found.pauses] == [
        ("supplement", "QĐ 766", at(2, 9))
    ]
    ended = state(
        [*entries, Entry(kind=EntryKind.RESUME, at=at(4, 9), task="t1")], THREE_DAYS, HOURS, at(4, 10)
    )
    assert (ended.consumed, ended.pauses) == (timedelta(hours=3), ())


def test_what_is_late_has_less_than_nothing_left_until_it_stops() -> None:
    entries = [Entry(kind=EntryKind.START, at=at(2, 7))]
    assert state(entries, THREE_DAYS, HOURS, at(9, 7)).left == timedelta(hours=-8)
    stopped = [*entries, Entry(kind=EntryKind.STOP, at=at(3, 7))]
    found = state(stopped, THREE_DAYS, HOURS, at(9, 7))
    assert (found.stopped, found.consumed) == (True, timedelta(hours=8))


def test_without_a_term_or_a_start_there_is_no_clock() -> None:
    assert state([], THREE_DAYS, HOURS, at(2, 7)).budget is None
    assert state([Entry(kind=EntryKind.START, at=at(2, 7))], None, HOURS, at(2, 8)).left is None
