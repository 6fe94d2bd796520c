"""What the portal is told of supplements: received is only what came, not what was waited for until something else ended that."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from engine.actions import receive
from tests.support.exchange import Setup
from tests.support.procedures import bpmn, chain

MESSAGE = (
    '<bpmn:message id="m" name="answer"><bpmn:extensionElements><zeebe:subscription correlationKey="=dossier.code"/>'
    "</bpmn:extensionElements></bpmn:message>"
)
WAIT = (
    '<bpmn:receiveTask id="wait" name="Chờ bổ sung" messageRef="m"><bpmn:extensionElements><zeebe:properties>'
    '<zeebe:property name="status" value="5"/><zeebe:property name="clock" value="pause"/>'
    '<zeebe:property name="reason" value="supplement"/></zeebe:properties></bpmn:extensionElements></bpmn:receiveTask>'
    '<bpmn:boundaryEvent id="late" attachedToRef="wait"><bpmn:timerEventDefinition><bpmn:timeDuration>PT1H'
    "</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
)
ACCEPTED = (
    '<bpmn:intermediateThrowEvent id="accepted"><bpmn:extensionElements><zeebe:properties>'
    '<zeebe:property name="status" value="2"/></zeebe:properties></bpmn:extensionElements></bpmn:intermediateThrowEvent>'
)
MODEL = bpmn(
    '<bpmn:startEvent id="start"/>' + ACCEPTED + WAIT + '<bpmn:endEvent id="end"/><bpmn:endEvent id="expired"/>'
    + chain("start", "accepted", "wait", "end") + chain("late", "expired"),
    messages=MESSAGE,
)  # fmt: skip


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path, model=MODEL)
    yield place
    place.close()


def asked(setup: Setup) -> tuple[str, Mapping[str, object]]:
    """A dossier of which a supplement was asked, and what is recorded of that."""
    code = setup.submit()
    setup.run()
    return code, record(setup)


def record(setup: Setup) -> Mapping[str, object]:
    found = setup.scalar("SELECT record -> 'supplements' -> 0 FROM dossier")
    assert isinstance(found, dict)
    return found


def resumed(setup: Setup) -> object:
    return setup.scalar("SELECT count(*) FROM ledger_entry WHERE kind = 'resume'")


def test_one_that_came_was_received_then(setup: Setup) -> None:
    code, before = asked(setup)
    assert (before["received_at"], resumed(setup)) == (None, 0)
    setup.clock.advance(timedelta(minutes=30))
    setup.answer(code)
    setup.run()
    assert (record(setup)["received_at"], resumed(setup)) == (setup.clock.now().isoformat(), 1)


def test_one_that_did_not_come_in_time_was_not(setup: Setup) -> None:
    asked(setup)
    setup.clock.advance(timedelta(hours=2))
    setup.run()
    assert setup.scalar("SELECT status FROM instance") == "ended"
    assert (record(setup)["received_at"], resumed(setup)) == (None, 1)


def test_nor_one_of_a_dossier_that_was_withdrawn(setup: Setup) -> None:
    code, _ = asked(setup)
    receive.withdraw(setup.store, code, reason="x", by="applicant", now=setup.clock.now())
    setup.run()
    assert setup.scalar("SELECT status FROM instance") == "cancelled"
    assert record(setup)["received_at"] is None
