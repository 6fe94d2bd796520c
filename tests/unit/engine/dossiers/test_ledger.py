from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import VIETNAM
from engine.dossiers import ledger
from engine.dossiers.calendar import WorkingCalendar
from engine.dossiers.holidays import seed_days
from engine.dossiers.ledger import Entry, EntryKind, Term
from engine.models.procedure import CalendarRule, Channel, Coded, Procedure, Text, Unit
from engine.models.procedure import Term as Declared

CALENDAR = WorkingCalendar(days={d.day: d.working for d in seed_days(2026, 2027)})
SAME_DAY = Term(amount=Decimal(0), cut_off=time(15))
THREE_DAYS = Term(amount=Decimal(3))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def start(at: datetime) -> Entry:
    return Entry(kind=EntryKind.START, at=at)


def pause(at: datetime, task: str = "t1", reason: str = "supplement") -> Entry:
    return Entry(kind=EntryKind.PAUSE, at=at, task=task, reason=reason)


def resume(at: datetime, task: str = "t1") -> Entry:
    return Entry(kind=EntryKind.RESUME, at=at, task=task)


# -- the first due date -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-03-02T14:59:59", "2026-03-02T17:00"),
        ("2026-03-02T15:00:00", "2026-03-03T17:00"),
        ("2026-03-06T16:00:00", "2026-03-09T17:00"),
        ("2026-03-02T19:00:00", "2026-03-03T17:00"),
        ("2026-03-07T16:00:00", "2026-03-09T17:00"),
        ("2026-11-23T15:30:00", "2026-11-25T17:00"),
    ],
    ids=[
        "before the cut-off",
        "at the cut-off",
        "over a weekend",
        "in the evening only once",
        "on a Saturday",
        "over Culture Day",
    ],
)
def test_a_same_day_procedure_is_due_the_same_day_before_the_cut_off(received: str, due: str) -> None:
    assert ledger.first_due(local(received), SAME_DAY, CALENDAR) == local(due)


@pytest.mark.parametrize(
    ("received", "term", "due"),
    [
        ("2026-03-02T09:00", THREE_DAYS, "2026-03-05T17:00"),
        ("2026-03-02T17:30", THREE_DAYS, "2026-03-06T17:00"),
        ("2026-03-02T15:30", Term(amount=Decimal(3), cut_off=time(15)), "2026-03-06T17:00"),
        ("2026-03-02T09:00", Term(amount=Decimal(5), unit=Unit.CALENDAR_DAYS), "2026-03-09T17:00"),
        ("2026-03-02T11:00", Term(amount=Decimal(4), unit=Unit.HOURS), "2026-03-02T17:00"),
        ("2026-03-02T12:00", Term(amount=Decimal("4.5"), unit=Unit.HOURS), "2026-03-03T08:00"),
    ],
)
def test_terms_are_counted_in_their_own_unit(received: str, term: Term, due: str) -> None:
    assert ledger.first_due(local(received), term, CALENDAR) == local(due)


def test_a_procedures_term_is_that_of_the_channel_with_its_cut_off_hour() -> None:
    words = Text(vi="x", en="x")
    procedure = Procedure(
        code="2.002621",
        name=words,
        process="p",
        field=Coded(code="HT", name=words),
        deadline={
            Channel.COUNTER: Declared(unit=Unit.DAYS, amount=5),
            Channel.ONLINE: Declared(unit=Unit.HOURS, amount=8),
        },
        calendar_rule=CalendarRule(accepted_after="15:00"),
        fees=(),
        documents=(),
        applicant=(),
        data=(),
        result=None,
        reports=(),
    )
    assert ledger.term_of(procedure, "online") == Term(amount=Decimal(8), unit=Unit.HOURS, cut_off=time(15))
    assert ledger.term_of(procedure, "post") == Term(amount=Decimal(5), cut_off=time(15))


# -- pauses -----------------------------------------------------------------------------------------------


def test_without_a_start_nothing_is_due() -> None:
    assert (
        ledger.due([pause(local("2026-03-02T09:00"))], THREE_DAYS, CALENDAR, local("2026-03-03T09:00"))
        is None
    )


def test_a_pause_moves_the_due_date_and_rolls_it_to_a_working_days_end() -> None:
    entries = [
        start(local("2026-03-02T09:00")),
        pause(local("2026-03-03T10:00")),
        resume(local("2026-03-04T11:00")),
    ]
    found = ledger.reckon(entries, THREE_DAYS, CALENDAR, local("2026-03-05T08:00"))
    assert found.first_due_at == local("2026-03-05T17:00")
    assert found.paused_for == timedelta(hours=9)
    assert found.due_at == local(
        "2026-03-09T17:00"
    )  # a day and an hour on from Thursday evening, over a weekend
    assert not found.paused


def test_an_open_pause_moves_the_due_date_as_time_passes() -> None:
    entries = [start(local("2026-03-02T09:00")), pause(local("2026-03-03T07:00"))]
    assert ledger.due(entries, THREE_DAYS, CALENDAR, local("2026-03-04T07:00")) == local("2026-03-06T17:00")
    assert ledger.due(entries, THREE_DAYS, CALENDAR, local("2026-03-05T07:00")) == local("2026-03-09T17:00")
    assert ledger.is_paused(entries)


def test_two_pauses_at_once_stop_the_clock_once_and_both_must_end() -> None:
    entries = [
        start(local("2026-03-02T09:00")),
        pause(local("2026-03-03T08:00"), "a"),
        pause(local("2026-03-03T09:00"), "b", ledger.PAYMENT),
        resume(local("2026-03-03T10:00"), "a"),
    ]
    assert ledger.is_paused(entries)
    entries.append(resume(local("2026-03-03T11:00"), "b"))
    found = ledger.reckon(entries, THREE_DAYS, CALENDAR, local("2026-03-03T16:00"))
    assert found.paused_for == timedelta(hours=3)
    assert found.payment == timedelta(hours=2)
    assert found.paused_by["supplement"] == timedelta(hours=2)
    assert not found.paused


def test_a_pause_before_the_clock_started_moves_nothing() -> None:
    entries = [
        pause(local("2026-03-02T08:00")),
        resume(local("2026-03-04T08:00")),
        start(local("2026-03-04T09:00")),
    ]
    assert ledger.due(entries, THREE_DAYS, CALENDAR, local("2026-03-05T08:00")) == local("2026-03-09T17:00")


def test_a_resume_that_nobody_paused_is_no_gift() -> None:
    entries = [start(local("2026-03-02T09:00")), resume(local("2026-03-03T08:00"), "x")]
    assert ledger.reckon(entries, THREE_DAYS, CALENDAR, local("2026-03-04T08:00")).paused_for == timedelta(0)


def test_a_stop_ends_every_pause_and_fixes_the_due_date() -> None:
    entries = [
        start(local("2026-03-02T09:00")),
        pause(local("2026-03-03T07:00")),
        Entry(kind=EntryKind.STOP, at=local("2026-03-04T07:00")),
    ]
    assert not ledger.is_paused(entries)
    at_once = ledger.due(entries, THREE_DAYS, CALENDAR, local("2026-03-04T08:00"))
    assert at_once == ledger.due(entries, THREE_DAYS, CALENDAR, local("2026-06-01T08:00"))
    assert at_once == local("2026-03-06T17:00")


def test_an_extension_sets_a_new_date_that_only_later_pauses_move() -> None:
    entries = [
        start(local("2026-03-02T09:00")),
        pause(local("2026-03-03T07:00"), "a"),
        resume(local("2026-03-04T07:00"), "a"),
        Entry(kind=EntryKind.EXTEND, at=local("2026-03-05T08:00"), until=local("2026-03-12T17:00")),
    ]
    assert ledger.due(entries, THREE_DAYS, CALENDAR, local("2026-03-06T08:00")) == local("2026-03-12T17:00")
    entries += [pause(local("2026-03-09T07:00"), "b"), resume(local("2026-03-10T07:00"), "b")]
    assert ledger.due(entries, THREE_DAYS, CALENDAR, local("2026-03-11T08:00")) == local("2026-03-13T17:00")


def test_a_new_holiday_moves_the_date_when_the_ledger_is_counted_again() -> None:
    entries = [start(local("2026-03-02T09:00"))]
    edited = WorkingCalendar(days={date(2026, 3, 4): False})
    now = local("2026-03-03T08:00")
    assert ledger.due(entries, THREE_DAYS, CALENDAR, now) == local("2026-03-05T17:00")
    assert ledger.due(entries, THREE_DAYS, edited, now) == local("2026-03-06T17:00")


# -- properties ----------------------------------------------------------------------------------------------

BEGIN = local("2026-02-09T08:00")
moments = st.integers(-2000, 30 * 24 * 60).map(lambda passed: BEGIN + timedelta(minutes=passed))
stretches = st.lists(st.tuples(moments, moments, st.sampled_from(["supplement", ledger.PAYMENT])), max_size=6)


def booked(spans: list[tuple[datetime, datetime, str]]) -> list[Entry]:
    lines = [start(BEGIN)]
    for number, (one, other, reason) in enumerate(spans):
        lines.append(pause(min(one, other), f"t{number}", reason))
        lines.append(resume(max(one, other), f"t{number}"))
    return sorted(lines, key=lambda line: line.at)


@given(stretches, moments)
@settings(deadline=None)
def test_the_pause_is_the_union_counted_minute_by_minute(
    spans: list[tuple[datetime, datetime, str]],
    now: datetime,
) -> None:
    minute, counted = BEGIN, 0
    while minute < now:
        if any(min(a, b) <= minute < max(a, b) for a, b, _ in spans):
            counted += CALENDAR.working_minutes_between(minute, minute + timedelta(minutes=1))
        minute += timedelta(minutes=1)
    found = ledger.reckon(booked(spans), THREE_DAYS, CALENDAR, now)
    assert found.paused_for == timedelta(minutes=counted)


@given(stretches, moments)
@settings(deadline=None)
def test_nothing_is_ever_negative_and_parts_are_no_more_than_their_sum(
    spans: list[tuple[datetime, datetime, str]],
    now: datetime,
) -> None:
    found = ledger.reckon(booked(spans), THREE_DAYS, CALENDAR, now)
    assert found.paused_for >= timedelta(0)
    assert found.first_due_at is not None
    assert found.due_at is not None
    assert found.due_at >= found.first_due_at
    assert max(found.paused_by.values(), default=timedelta(0)) <= found.paused_for
    assert found.paused_for <= sum(found.paused_by.values(), timedelta(0))


@given(moments, moments, moments)
@settings(deadline=None)
def test_a_pause_cut_in_two_is_as_long_as_in_one_piece(a: datetime, b: datetime, c: datetime) -> None:
    first, middle, last = sorted([a, b, c])
    whole = booked([(first, last, "supplement")])
    pieces = booked([(first, middle, "supplement"), (middle, last, "supplement")])
    now = local("2026-04-01T08:00")
    assert ledger.reckon(whole, THREE_DAYS, CALENDAR, now) == ledger.reckon(pieces, THREE_DAYS, CALENDAR, now)


def test_any_date_moves_by_the_pauses_that_count_for_it() -> None:
    stretches = ledger.pauses([pause(local("2026-03-03T08:00"), "a"), resume(local("2026-03-03T10:00"), "a")])
    window = {"since": local("2026-03-02T09:00"), "until": local("2026-03-04T09:00")}
    base = local("2026-03-06T17:00")
    assert ledger.moved(base, stretches, CALENDAR, **window) == local("2026-03-09T17:00")
    assert ledger.moved(base, [], CALENDAR, **window) == base
