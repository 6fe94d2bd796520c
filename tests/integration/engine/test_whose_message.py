"""A message reaches one dossier: the one it was sent or given to, whoever else waits for the same key."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from engine import errors
from engine.actions import by_hand, receive, resolve, sweep
from engine.exchange.ports import Arrival
from tests.support.exchange import Setup
from tests.support.procedures import bpmn, chain

SAME_KEY = bpmn(
    '<bpmn:startEvent id="start"/><bpmn:receiveTask id="wait" messageRef="m"/><bpmn:endEvent id="end"/>'
    + chain("start", "wait", "end"),
    messages='<bpmn:message id="m" name="answer"><bpmn:extensionElements>'
    '<zeebe:subscription correlationKey="=&quot;same&quot;"/></bpmn:extensionElements></bpmn:message>',
)


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path, model=SAME_KEY)
    yield place
    place.close()


def arrive(setup: Setup, reference: tuple[str, str] | None = None) -> int:
    """A message with the key that every dossier waits for; its id."""
    arrival = Arrival(
        source="agency", message_id="1", name="answer", key="same", reference=reference, payload={}, body=b"x"
    )
    receive.take_message(setup.store, arrival, now=setup.clock.now())
    return int(str(setup.scalar("SELECT id FROM message")))


def refer(setup: Setup, code: str) -> tuple[str, str]:
    """The agency's own number of a dossier."""
    with setup.store.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO dossier_reference (kind, value, dossier_id) SELECT 'file', '77', id FROM dossier WHERE code = :code"
            ),
            {"code": code},
        )
    return "file", "77"


def begun(setup: Setup, key: str) -> str:
    code = setup.submit(key)
    setup.run()
    return code


def ended(setup: Setup) -> list[object]:
    query = "SELECT d.code FROM dossier d JOIN instance i ON i.dossier_id = d.id WHERE i.status = 'ended' ORDER BY 1"
    return [row[0] for row in setup.rows(query)]


def test_message_given_by_hand_cannot_be_given_again_by_the_incident_that_asked_whose_it_is(
    setup: Setup,
) -> None:
    codes = [begun(setup, "a"), begun(setup, "b")]
    message = arrive(setup)
    incident = int(str(setup.scalar("SELECT id FROM incident WHERE cause = 'ambiguous-message'")))
    assert by_hand.deliver(setup.store, message, codes[0], by="admin", reason="asked the agency")
    with pytest.raises(errors.IncidentClosed):
        resolve.act(
            setup.store, incident, "deliver", {"dossier": codes[1]}, by="other", reason="did not know"
        )
    setup.run()
    assert ended(setup) == [codes[0]]
    assert setup.scalar("SELECT count(*) FROM event WHERE kind = 'message'") == 1


def test_message_given_by_many_at_the_same_moment_is_given_once(setup: Setup) -> None:
    codes = [begun(setup, name) for name in "abcd"]
    message = arrive(setup)
    incident = int(str(setup.scalar("SELECT id FROM incident WHERE cause = 'ambiguous-message'")))
    told: list[str] = []
    gate = threading.Barrier(8)

    def give(number: int) -> None:
        code = codes[number % 4]
        gate.wait(10)
        try:
            if number % 2:
                by_hand.deliver(setup.store, message, code, by="admin", reason="r")
            else:
                resolve.act(setup.store, incident, "deliver", {"dossier": code}, by="admin", reason="r")
            told.append("given")
        except (errors.ActionNotNow, errors.IncidentClosed):
            told.append("refused")

    threads = [threading.Thread(target=give, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    setup.run()
    assert sorted(told) == ["given"] + ["refused"] * 7
    assert len(ended(setup)) == 1


def test_message_that_names_its_dossier_is_kept_for_it_though_others_wait_for_its_key(setup: Setup) -> None:
    begun(setup, "a")
    begun(setup, "b")
    third = setup.submit("c")  # which does not wait yet
    arrive(setup, refer(setup, third))
    assert setup.scalar("SELECT status FROM message") == "kept"
    setup.run()
    assert ended(setup) == [third]


def test_dossier_that_begins_to_wait_does_not_take_what_names_another(setup: Setup) -> None:
    late = setup.submit("late")
    with setup.store.transaction() as connection:
        connection.execute(text("UPDATE event SET lease_until = now() + interval '1 h'"))
    arrive(setup, refer(setup, late))
    quick = setup.submit("quick")
    assert setup.worker.step()
    assert setup.scalar("SELECT count(*) FROM wait") == 1
    assert setup.scalar("SELECT status FROM message") == "kept"
    setup.run()
    assert ended(setup) == [late] != [quick]


def test_message_that_names_nobody_is_for_whoever_waits_for_its_key(setup: Setup) -> None:
    arrive(setup)
    code = begun(setup, "a")
    assert ended(setup) == [code]


def test_message_that_was_listed_as_unclaimed_and_then_given_is_kept_for_as_long_again(setup: Setup) -> None:
    code = setup.submit("a")
    message = arrive(setup)
    with setup.store.transaction() as connection:
        connection.execute(
            text(
                "UPDATE message SET status = 'unclaimed', received_at = now() - interval '31 d',"
                " keep_until = now() - interval '1 d'"
            )
        )
    assert not by_hand.deliver(setup.store, message, code, by="admin", reason="theirs")
    assert sweep.list_unclaimed(setup.store, now=datetime.now(UTC) + timedelta(days=1)) == 0
    setup.run()
    assert ended(setup) == [code]


def test_message_whose_wait_was_gone_is_for_the_next_that_waits_for_its_key(setup: Setup) -> None:
    first = begun(setup, "a")
    receive.withdraw(setup.store, first, reason="moved", by="applicant", now=setup.clock.now())
    arrive(setup)  # it meets the wait that the withdrawal, not applied yet, ends
    assert setup.scalar("SELECT status FROM message") == "met"
    setup.run()
    assert setup.scalar("SELECT status FROM message") == "kept"
    second = begun(setup, "b")
    assert ended(setup) == [second]
    whose = "SELECT d.code FROM message m JOIN dossier d ON d.id = m.dossier_id WHERE m.status = 'delivered'"
    assert setup.scalar(whose) == second
