"""When things happened, for the law: at their own time, however late they are applied, and never before the hand-in."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.actions import suspend
from engine.storage import installation
from tests.support.exchange import Setup
from tests.support.procedures import bpmn, chain

ACCEPTED_ONCE_ANSWERED = bpmn(
    '<bpmn:startEvent id="start"/><bpmn:serviceTask id="ghi"><bpmn:extensionElements>'
    '<zeebe:taskDefinition type="archive.Ghi"/><zeebe:ioMapping><zeebe:input source="=1" target="so"/></zeebe:ioMapping>'
    '</bpmn:extensionElements></bpmn:serviceTask><bpmn:receiveTask id="wait" messageRef="m"><bpmn:extensionElements>'
    '<zeebe:properties><zeebe:property name="status" value="2"/></zeebe:properties></bpmn:extensionElements>'
    '</bpmn:receiveTask><bpmn:endEvent id="end"/>' + chain("start", "ghi", "wait", "end"),
    messages='<bpmn:message id="m" name="answer"><bpmn:extensionElements>'
    '<zeebe:subscription correlationKey="=dossier.code"/></bpmn:extensionElements></bpmn:message>',
)


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path, model=ACCEPTED_ONCE_ANSWERED)
    place.clock.set(datetime.now(UTC))  # the database's own time is what a settlement has
    yield place
    place.close()


def hold(setup: Setup, code: str) -> None:
    suspend.suspend(setup.store, code, by="admin", reason="r", now=setup.clock.now())


def let_go(setup: Setup, code: str) -> None:
    suspend.resume(setup.store, code, by="admin", reason="r", now=setup.clock.now())


def test_reply_that_is_applied_days_later_counts_from_when_it_came(setup: Setup) -> None:
    code = setup.submit()
    assert setup.worker.step()
    assert setup.worker.step()
    assert setup.scalar("SELECT status FROM call") == "done"
    answered = datetime.now(UTC)
    hold(setup, code)
    setup.clock.advance(timedelta(days=5))
    let_go(setup, code)
    setup.run()
    received = setup.scalar("SELECT received_at FROM dossier")
    assert isinstance(received, datetime)
    assert received <= answered


def test_reply_has_the_time_of_the_demo_where_days_were_let_pass(setup: Setup) -> None:
    with setup.store.transaction() as connection:
        installation.put(connection, installation.DEMO_OFFSET_S, timedelta(days=9).total_seconds())
    setup.clock.advance(timedelta(days=9))
    began = setup.clock.now()
    setup.submit()
    setup.clock.advance(timedelta(days=1))
    setup.run()
    received = setup.scalar("SELECT received_at FROM dossier")
    assert isinstance(received, datetime)
    assert began <= received <= began + timedelta(hours=1)


def test_clock_that_was_set_back_makes_nothing_happen_before_the_hand_in(setup: Setup) -> None:
    setup.submit()
    setup.clock.advance(timedelta(hours=-3))
    setup.run()
    submitted, received = setup.rows("SELECT submitted_at, received_at FROM dossier")[0]
    assert received >= submitted  # type: ignore[operator]
