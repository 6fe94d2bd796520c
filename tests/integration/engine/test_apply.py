"""Events become rows: one transaction each, in groups, one by one when one of them is poisonous."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from adapters.registry import load
from engine import errors
from engine.actions import receive, sweep, work_items
from engine.actions.apply import Applier, ApplyPolicy
from engine.actions.deploy import DeploymentShelf
from engine.clock import FixedClock
from engine.exchange.ports import Arrival
from engine.runtime.interpreter import SpiffInterpreter
from engine.storage.database import Store
from tests.support.procedures import DESK, NOON, bpmn, chain, procedure, settle_in, submission

MESSAGES = (
    '<bpmn:message id="m" name="answer"><bpmn:extensionElements>'
    '<zeebe:subscription correlationKey="=dossier.code" /></bpmn:extensionElements></bpmn:message>'
)
WALK = bpmn(
    '<bpmn:startEvent id="start"/>'
    '<bpmn:userTask id="check" name="Kiểm tra"><bpmn:extensionElements>'
    '<zeebe:assignmentDefinition candidateGroups="officer"/>'
    '<zeebe:properties><zeebe:property name="status" value="2"/><zeebe:property name="phase" value="Tiếp nhận"/>'
    "</zeebe:properties></bpmn:extensionElements></bpmn:userTask>"
    '<bpmn:receiveTask id="wait" messageRef="m"><bpmn:extensionElements><zeebe:properties>'
    '<zeebe:property name="status" value="4"/></zeebe:properties></bpmn:extensionElements></bpmn:receiveTask>'
    '<bpmn:boundaryEvent id="late" attachedToRef="wait"><bpmn:timerEventDefinition><bpmn:timeDuration>PT1H'
    "</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    '<bpmn:endEvent id="end"><bpmn:extensionElements><zeebe:properties><zeebe:property name="status" value="9"/>'
    "</zeebe:properties></bpmn:extensionElements></bpmn:endEvent>"
    '<bpmn:endEvent id="gone"><bpmn:extensionElements><zeebe:properties><zeebe:property name="status" value="8"/>'
    "</zeebe:properties></bpmn:extensionElements></bpmn:endEvent>"
    + chain("start", "check", "wait", "end")
    + chain("late", "gone"),
    messages=MESSAGES,
)


class Office:
    """A database with one procedure, and one applier."""

    def __init__(self, url: str) -> None:
        self.store = Store(url)
        self.deployment = procedure(WALK)
        settle_in(self.store, self.deployment)
        self.clock = FixedClock(NOON)
        self.applier = self.new_applier()

    def new_applier(self, **policy: float) -> Applier:
        shelf = DeploymentShelf(self.store)
        return Applier(
            self.store,
            SpiffInterpreter(shelf),
            load(()),
            shelf,
            self.clock,
            worker="w1",
            policy=ApplyPolicy(**policy),  # type: ignore[arg-type]
        )

    def submit(self, key: str) -> str:
        return receive.submit(
            self.store,
            "1.000001",
            submission(self.deployment),
            DESK,
            now=self.clock.now(),
            by="desk",
            external_id=key,
        ).code

    def apply_all(self) -> None:
        while self.applier.apply_waiting():
            pass

    def scalar(self, sql: str, **parameters: object) -> object:
        with self.store.reading() as connection:
            return connection.scalar(text(sql), parameters)

    def answer(self, code: str, message: str = "m1") -> None:
        arrival = Arrival(
            source="agency",
            message_id=message,
            name="answer",
            key=code,
            reference=None,
            payload={},
            body=b"{}",
        )
        receive.take_message(self.store, arrival, now=self.clock.now())

    def decide(self, code: str) -> None:
        item = self.scalar(
            "SELECT w.id FROM work_item w JOIN dossier d ON d.id = w.dossier_id"
            " WHERE d.code = :code AND w.status = 'open'",
            code=code,
        )
        work_items.complete(self.store, int(str(item)), {}, by="officer", now=self.clock.now())


@pytest.fixture
def office(database) -> Iterator[Office]:
    place = Office(database.url)
    yield place
    place.store.close()


def test_dossier_walks_from_submission_to_its_end(office: Office) -> None:
    code = office.submit("a")
    office.apply_all()
    assert office.scalar("SELECT status FROM dossier WHERE code = :code", code=code) == 2
    office.decide(code)
    office.apply_all()
    assert office.scalar("SELECT count(*) FROM timer") == 1
    office.answer(code)
    office.apply_all()
    assert office.scalar("SELECT status FROM dossier WHERE code = :code", code=code) == 9
    assert office.scalar("SELECT status FROM instance") == "ended"
    assert office.scalar("SELECT count(*) FROM wait") == 0
    assert office.scalar("SELECT count(*) FROM timer") == 0
    assert office.scalar("SELECT status FROM message") == "delivered"
    assert office.scalar("SELECT count(*) FROM incident") == 0


def test_early_message_is_kept_until_it_is_awaited(office: Office) -> None:
    code = office.submit("a")
    office.answer(code)
    office.apply_all()
    assert office.scalar("SELECT status FROM message") == "kept"
    office.decide(code)
    office.apply_all()
    assert office.scalar("SELECT status FROM dossier WHERE code = :code", code=code) == 9


def test_timer_that_fires_first_wins_and_the_message_stays_kept(office: Office) -> None:
    code = office.submit("a")
    office.apply_all()
    office.decide(code)
    office.apply_all()
    office.clock.advance(timedelta(hours=2))
    assert sweep.fire_timers(office.store, now=office.clock.now()) == 1
    assert sweep.fire_timers(office.store, now=office.clock.now()) == 0
    office.answer(code)
    office.apply_all()
    assert office.scalar("SELECT status FROM dossier WHERE code = :code", code=code) == 8
    assert office.scalar("SELECT status FROM message") == "kept"


def test_same_submission_again_gives_the_same_dossier(office: Office) -> None:
    assert office.submit("a") == office.submit("a")
    assert office.scalar("SELECT count(*) FROM dossier") == 1
    assert office.submit("b").endswith("-0002")


def test_same_message_with_another_body_is_refused_with_an_incident(office: Office) -> None:
    code = office.submit("a")
    office.answer(code)
    other = Arrival(
        source="agency", message_id="m1", name="answer", key=code, reference=None, payload={}, body=b'{"x":1}'
    )
    with pytest.raises(errors.MessageConflict):
        receive.take_message(office.store, other, now=office.clock.now())
    assert office.scalar("SELECT cause FROM incident") == "message-conflict"
    assert office.scalar("SELECT count(*) FROM message") == 1


def test_withdrawal_ends_the_instance_and_closes_what_was_open(office: Office) -> None:
    code = office.submit("a")
    office.apply_all()
    receive.withdraw(office.store, code, reason="đổi ý", by="desk", now=office.clock.now())
    office.apply_all()
    assert office.scalar("SELECT status FROM dossier") == 7
    assert office.scalar("SELECT status FROM instance") == "cancelled"
    assert office.scalar("SELECT status FROM work_item") == "cancelled"
    with pytest.raises(errors.TransitionRefused):
        receive.withdraw(office.store, code, reason="nữa", by="desk", now=office.clock.now())


def test_poisonous_event_in_the_middle_of_a_group_stops_nobody_else(office: Office) -> None:
    codes = [office.submit(str(number)) for number in range(5)]
    with office.store.transaction() as connection:
        connection.execute(
            text(
                "UPDATE event SET kind = 'no-such-kind' WHERE dossier_id ="
                " (SELECT id FROM dossier WHERE code = :code)"
            ),
            {"code": codes[2]},
        )
    office.applier = office.new_applier(retry_s=0.0)
    office.apply_all()
    assert office.scalar("SELECT count(*) FROM event WHERE status = 'applied'") == 4
    assert office.scalar("SELECT count(*) FROM dossier WHERE status = 2") == 4
    assert office.scalar("SELECT status FROM event WHERE kind = 'no-such-kind'") == "set_aside"
    assert office.scalar("SELECT cause FROM incident") == "poison-event"
    assert (
        office.scalar(
            "SELECT count(*) FROM timeline t JOIN dossier d ON d.id = t.dossier_id WHERE d.code = :code",
            code=codes[2],
        )
        == 1
    )


def test_timeline_is_a_chain_that_holds(office: Office) -> None:
    from engine.dossiers import timeline

    code = office.submit("a")
    office.apply_all()
    office.decide(code)
    office.apply_all()
    with office.store.reading() as connection:
        links = [
            timeline.Link(seq=row[0], body=bytes(row[1]), hash=bytes(row[2]))
            for row in connection.execute(text("SELECT seq, body, hash FROM timeline ORDER BY seq"))
        ]
    assert len(links) > 4
    assert timeline.verify(code, links) == []


def test_edited_calendar_moves_the_due_dates_of_running_dossiers(office: Office) -> None:
    from engine.actions import calendars

    code = office.submit("a")
    office.apply_all()
    due = "SELECT due_at FROM dossier WHERE code = :code"
    before = office.scalar(due, code=code)
    touched = calendars.edit_day(
        office.store, "default", date(2026, 3, 4), working=False, name="Nghỉ bù", by="admin", reason="decree"
    )
    assert touched == 1
    office.apply_all()
    assert office.scalar(due, code=code) == before + timedelta(days=3)
    assert office.scalar("SELECT what FROM audit WHERE who = 'admin'") == "calendar-edited"


def test_unknown_calendar_is_refused(office: Office) -> None:
    from engine.actions import calendars

    with pytest.raises(errors.CalendarUnknown):
        calendars.edit_day(office.store, "x", date(2026, 3, 4), working=False, name="", by="a", reason="")


def test_late_application_does_not_move_the_time_of_the_hand_in(office: Office) -> None:
    code = office.submit("a")
    office.clock.advance(timedelta(days=2))
    office.apply_all()
    assert office.scalar("SELECT received_at FROM dossier WHERE code = :code", code=code) == NOON
