"""Acts, events and answers that come when things have moved on: nothing is sent twice, nothing is stuck for ever."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.simulator.faults import Fault, FaultRule
from engine import errors
from engine.actions import receive, resolve, send
from engine.exchange.ports import Answer, Arrival, Outcome
from engine.exchange.settling import MAX_ASKS
from engine.storage.calls import ClaimedCall
from engine.storage.partners import BreakerPolicy
from tests.support.exchange import Setup
from tests.support.procedures import bpmn, chain

BREAKER = BreakerPolicy(failures=3, open_s=1.0)


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)
    yield place
    place.close()


def change(setup: Setup, statement: str) -> None:
    with setup.store.transaction() as connection:
        connection.execute(text(statement))


def incidents(setup: Setup) -> list[tuple[int, str]]:
    found = setup.rows("SELECT id, cause FROM incident WHERE status = 'open' ORDER BY id")
    return [(int(str(number)), str(cause)) for number, cause in found]


def claimed_bao(setup: Setup) -> tuple[ClaimedCall, list[tuple[int, str]]]:
    """The walk up to its first call that can be neither repeated nor asked, claimed by a worker that then freezes."""
    setup.submit()
    setup.run()
    setup.clock.advance(timedelta(hours=2))
    while not setup.scalar("SELECT count(*) FROM call WHERE operation = 'Bao'"):
        setup.worker.step()
    [call] = send.claim(
        setup.store,
        {"archive": 1},
        worker="frozen",
        margin_s=0.1,
        breaker=BREAKER,
    )
    setup.pass_time()
    send.sweep_leases(setup.store, setup.partners)
    return call, incidents(setup)


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.INVALID])
def test_late_answer_that_needs_a_person_takes_the_place_of_the_incident_about_its_silence(
    setup: Setup, outcome: Outcome
) -> None:
    call, before = claimed_bao(setup)
    assert [cause for _, cause in before] == ["unknown-outcome"]
    send.settle(setup.store, setup.partners, call, Answer(outcome=outcome, detail="late"))
    [(after, _)] = incidents(setup)
    assert after != before[0][0]
    with pytest.raises(errors.IncidentClosed):
        resolve.act(setup.store, before[0][0], "resend", by="admin", reason="from a page opened before")


def test_second_incident_of_a_call_cannot_send_again_what_the_first_has_ended(setup: Setup) -> None:
    _, [(first, _)] = claimed_bao(setup)
    change(
        setup,
        "INSERT INTO incident (cause, dossier_id, partner, call_id, task, element, title, facts, actions)"
        " SELECT cause, dossier_id, partner, call_id, task, element, title, facts, actions FROM incident",
    )
    second = max(number for number, _ in incidents(setup))
    resolve.act(setup.store, first, "done", {"ma": 0}, by="admin", reason="asked by telephone")
    with pytest.raises(errors.LienthongError):
        resolve.act(setup.store, second, "resend", by="another", reason="did not know")
    setup.run()
    assert setup.scalar("SELECT status FROM call WHERE operation = 'Bao'") == "done"
    assert setup.scalar("SELECT attempt FROM call WHERE operation = 'Bao'") == 1
    assert incidents(setup) == []


def test_lease_of_a_call_whose_partner_is_gone_holds_up_no_other_one(setup: Setup) -> None:
    setup.submit("a")
    setup.submit("b")
    while int(str(setup.scalar("SELECT count(*) FROM call"))) < 2:
        setup.worker.step()
    change(
        setup,
        "UPDATE call SET status = 'sending', worker = 'dead', attempt = 1, sends = 1, lease_until = now() - interval '1 s'",
    )
    change(setup, "UPDATE call SET partner = 'gone' WHERE id = (SELECT min(id) FROM call)")
    send.sweep_leases(setup.store, setup.partners)
    assert not setup.scalar("SELECT count(*) FROM call WHERE status = 'sending'")
    assert [cause for _, cause in incidents(setup)] == ["unknown-outcome"]
    setup.run()
    assert setup.scalar("SELECT status FROM call WHERE partner = 'archive' ORDER BY id LIMIT 1") == "done"


def test_submission_that_was_set_aside_and_is_retried_after_a_withdrawal_begins_nothing(setup: Setup) -> None:
    code = setup.submit()
    change(setup, "UPDATE event SET status = 'set_aside'")
    receive.withdraw(setup.store, code, reason="mistake", by="applicant", now=setup.clock.now())
    setup.run()
    assert setup.scalar("SELECT status FROM dossier") == 7
    change(setup, "UPDATE event SET status = 'pending', starts = 0 WHERE kind = 'submitted'")
    setup.run()
    assert setup.scalar("SELECT count(*) FROM call") == 0
    assert setup.scalar("SELECT count(*) FROM event WHERE status = 'pending'") == 0


def arrive(setup: Setup, number: str, key: str, payload: str = "x") -> bool:
    arrival = Arrival(
        source="agency",
        message_id=number,
        name="answer",
        key=key,
        reference=None,
        payload={"text": payload},
        body=payload.encode(),
    )
    return receive.take_message(setup.store, arrival, now=setup.clock.now())


def test_message_whose_key_no_index_can_hold_is_refused_precisely(setup: Setup) -> None:
    key = "".join(chr(0x4E00 + number * 37 % 20_000) for number in range(9_000))
    with pytest.raises(errors.LienthongError) as refused:
        arrive(setup, "1", key)
    assert refused.value.status == 422
    assert setup.scalar("SELECT count(*) FROM message") == 0


def test_conflict_that_is_sent_again_and_again_is_one_incident(setup: Setup) -> None:
    arrive(setup, "1", "K")
    for _ in range(5):
        with pytest.raises(errors.MessageConflict):
            arrive(setup, "1", "K", "another")
    assert [cause for _, cause in incidents(setup)] == ["message-conflict"]


WAIT = bpmn(
    '<bpmn:startEvent id="start"/><bpmn:receiveTask id="wait" messageRef="m"/><bpmn:endEvent id="end"/>'
    + chain("start", "wait", "end"),
    messages='<bpmn:message id="m" name="answer"><bpmn:extensionElements>'
    '<zeebe:subscription correlationKey="{key}"/></bpmn:extensionElements></bpmn:message>',
)


def test_wait_whose_key_no_index_can_hold_is_set_aside_with_an_incident_and_not_tried_for_ever(
    database, tmp_path: Path
) -> None:
    key = "=string join(for i in 1..900 return string(i * i * 79190017), &quot;&quot;)"
    setup = Setup(database.url, tmp_path, model=WAIT.replace(b"{key}", key.encode()))
    try:
        setup.submit()
        setup.run()
        assert [cause for _, cause in incidents(setup)] == ["poison-event"]
    finally:
        setup.close()


def test_ambiguous_message_can_be_given_to_the_dossier_that_a_person_names(database, tmp_path: Path) -> None:
    setup = Setup(database.url, tmp_path, model=WAIT.replace(b"{key}", b"=&quot;same&quot;"))
    try:
        codes = [setup.submit("a"), setup.submit("b")]
        setup.run()
        arrive(setup, "1", "same")
        [(incident, cause)] = incidents(setup)
        assert cause == "ambiguous-message"
        with pytest.raises(errors.LienthongError):
            resolve.act(
                setup.store, incident, "deliver", {"dossier": "nobody's"}, by="admin", reason="mistyped"
            )
        resolve.act(
            setup.store, incident, "deliver", {"dossier": codes[1]}, by="admin", reason="asked the agency"
        )
        setup.run()
        ended = setup.rows(
            "SELECT d.code FROM dossier d JOIN instance i ON i.dossier_id = d.id WHERE i.status = 'ended'"
        )
        assert ended == [(codes[1],)]
        assert setup.scalar("SELECT status FROM message") == "delivered"
        assert incidents(setup) == []
    finally:
        setup.close()


def test_refusal_of_one_call_leaves_the_incident_of_another(setup: Setup) -> None:
    setup.simulators.faults.add(FaultRule(fault=Fault.REFUSE, operation="Ghi", times=2, status=400))
    setup.submit("a")
    setup.submit("b")
    setup.run()
    assert [cause for _, cause in incidents(setup)] == ["call-refused", "call-refused"]


def test_call_that_a_person_has_asked_after_anew_goes_on_and_holds_up_no_other(setup: Setup) -> None:
    """Its attempts are numbered: those of the second round must not bear the numbers of the first."""
    setup.submit()
    while not setup.scalar("SELECT count(*) FROM call WHERE operation = 'Nop'"):
        setup.worker.step()
    for _ in range(1 + MAX_ASKS):
        setup.pass_time()
        [call] = send.claim(setup.store, {"archive": 1}, worker="w", margin_s=0.1, breaker=BREAKER)
        send.settle(setup.store, setup.partners, call, Answer(outcome=Outcome.UNKNOWN, detail="no answer"))
    [(incident, cause)] = incidents(setup)
    assert cause == "unknown-outcome"
    resolve.act(setup.store, incident, "ask", by="admin", reason="they are back")
    setup.submit("another")
    setup.run()
    assert setup.rows("SELECT operation, count(*) FROM call WHERE status = 'done' GROUP BY 1 ORDER BY 1") == [
        ("Ghi", 2),
        ("Nop", 2),
    ]
    assert incidents(setup) == []


def test_answer_of_an_earlier_round_of_asking_is_not_taken_for_one_of_this(setup: Setup) -> None:
    setup.submit()
    while not setup.scalar("SELECT count(*) FROM call WHERE operation = 'Nop'"):
        setup.worker.step()
    asked = []
    for _ in range(1 + MAX_ASKS):
        setup.pass_time()
        asked += send.claim(setup.store, {"archive": 1}, worker="w", margin_s=0.1, breaker=BREAKER)
        send.settle(
            setup.store, setup.partners, asked[-1], Answer(outcome=Outcome.UNKNOWN, detail="no answer")
        )
    [(incident, _)] = incidents(setup)
    resolve.act(setup.store, incident, "ask", by="admin", reason="they are back")
    [again] = send.claim(setup.store, {"archive": 1}, worker="w", margin_s=0.1, breaker=BREAKER)
    assert again.ask
    absent = Answer(outcome=Outcome.ABSENT, detail="from the first round")
    assert not send.settle(setup.store, setup.partners, asked[1], absent)
    assert send.settle(setup.store, setup.partners, again, Answer(outcome=Outcome.FOUND, reply={"ma": 0}))


def claimed_nop(setup: Setup, *, margin_s: float) -> ClaimedCall:
    """The walk's first call that can be asked after, claimed by a worker that stands still from then on."""
    setup.submit()
    while not setup.scalar("SELECT count(*) FROM call WHERE operation = 'Nop'"):
        setup.worker.step()
    setup.pass_time()
    [call] = send.claim(setup.store, {"archive": 1}, worker="frozen", margin_s=margin_s, breaker=BREAKER)
    assert call.operation == "Nop"
    return call


def test_worker_that_stood_still_since_its_claim_does_not_send_what_another_has_sent(setup: Setup) -> None:
    call = claimed_nop(setup, margin_s=0.0)
    setup.run()
    answer = send.send(setup.partners, call)
    assert not send.settle(setup.store, setup.partners, call, answer)
    effects = [line for line in setup.journal() if line.get("operation") == "Nop" and line.get("effect")]
    assert len(effects) == 1
    assert setup.scalar("SELECT status FROM call WHERE operation = 'Nop'") == "done"


def test_call_that_such_a_worker_did_not_send_goes_out_by_another_and_costs_the_partner_nothing(
    setup: Setup,
) -> None:
    call = claimed_nop(setup, margin_s=0.0)
    answer = send.send(setup.partners, call)
    for _ in range(5):
        send.record_health(setup.store, "archive", answer, troubled=False, policy=BREAKER)
    assert send.settle(setup.store, setup.partners, call, answer)
    setup.run()
    assert setup.scalar("SELECT failures FROM partner WHERE name = 'archive'") == 0
    assert setup.rows("SELECT attempt, sends, asks FROM call WHERE operation = 'Nop'") == [(2, 1, 0)]
    assert incidents(setup) == []
