"""Calls over real HTTP against simulated partners: neither lost nor doubled, whatever the partner does."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.simulator.faults import Fault, FaultRule
from engine import errors
from engine.actions import resolve
from tests.support.exchange import Setup

DONE_ONCE = [
    ("Ghi", "done"),
    ("Nop", "done"),
    ("Bao", "done"),
    ("Ghi", "done"),
    ("Nop", "done"),
    ("Bao", "done"),
]


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)
    yield place
    place.close()


def effects(setup: Setup) -> Counter[tuple[object, object]]:
    return Counter((line["operation"], line["key"]) for line in setup.journal() if line.get("effect"))


def calls(setup: Setup) -> list[tuple[object, ...]]:
    return setup.rows("SELECT operation, status FROM call ORDER BY id")


def open_incidents(setup: Setup) -> list[tuple[object, ...]]:
    return setup.rows("SELECT id, cause FROM incident WHERE status = 'open' ORDER BY id")


def test_walk_makes_each_of_its_calls_once(setup: Setup) -> None:
    setup.walk_on(setup.submit())
    assert setup.scalar("SELECT status FROM dossier") == 9
    assert calls(setup) == DONE_ONCE
    assert set(effects(setup).values()) == {1}
    assert len(effects(setup)) == 6
    assert setup.scalar("SELECT max(attempt) FROM call") == 1


@pytest.mark.parametrize("operation", ["Ghi", "Nop"])
@pytest.mark.parametrize(
    "fault", [Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.HTML, Fault.GARBAGE, Fault.DOWN, Fault.TWICE]
)
def test_operation_that_may_be_repeated_or_asked_recovers_by_itself(
    setup: Setup, operation: str, fault: Fault
) -> None:
    after = fault is Fault.HTML
    rule = FaultRule(fault=fault, operation=operation, times=1, seconds=0.01, after=after)
    setup.simulators.faults.add(rule)
    setup.walk_on(setup.submit())
    assert setup.scalar("SELECT status FROM dossier") == 9
    assert calls(setup) == DONE_ONCE
    assert set(effects(setup).values()) == {1}
    assert open_incidents(setup) == []


@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.DROP_AFTER])
def test_operation_that_may_neither_be_repeated_nor_asked_becomes_an_incident(
    setup: Setup, fault: Fault
) -> None:
    setup.simulators.faults.add(FaultRule(fault=fault, operation="Bao", times=1))
    setup.walk_on(setup.submit())
    happened = bool([key for operation, key in effects(setup) if operation == "Bao"])
    assert happened is (fault is Fault.DROP_AFTER)
    [(incident, cause)] = open_incidents(setup)
    assert cause == "unknown-outcome"
    act = "done" if happened else "resend"
    resolve.act(setup.store, int(str(incident)), act, {"ma": 0}, by="admin", reason="asked by telephone")
    setup.run()
    assert setup.scalar("SELECT status FROM dossier") == 9
    assert calls(setup) == DONE_ONCE
    assert set(effects(setup).values()) == {1}
    assert setup.scalar("SELECT count(*) FROM audit WHERE who = 'admin'") == 1
    with pytest.raises(errors.IncidentClosed):
        resolve.act(setup.store, int(str(incident)), act, by="admin", reason="again")


def test_refused_call_holds_its_lane_and_waits_for_an_admin(setup: Setup) -> None:
    setup.simulators.faults.add(FaultRule(fault=Fault.REFUSE, operation="Ghi", times=1, status=400))
    setup.submit()
    setup.run()
    assert calls(setup) == [("Ghi", "refused")]
    [(incident, cause)] = open_incidents(setup)
    assert cause == "call-refused"
    resolve.act(setup.store, int(str(incident)), "retry", by="admin", reason="their mistake")
    setup.run()
    assert calls(setup)[:2] == [("Ghi", "done"), ("Nop", "done")]


def test_skipped_call_goes_on_without_the_partner(setup: Setup) -> None:
    setup.simulators.faults.add(FaultRule(fault=Fault.REFUSE, operation="Ghi", times=1, status=400))
    setup.submit()
    setup.run()
    [(incident, _)] = open_incidents(setup)
    resolve.act(setup.store, int(str(incident)), "skip", by="admin", reason="done on paper")
    setup.run()
    assert calls(setup)[1] == ("Nop", "done")
    assert not [key for operation, key in effects(setup) if operation == "Ghi"]


def test_reply_that_breaks_its_schema_is_kept_and_never_resent(setup: Setup) -> None:
    setup.simulators.faults.add(FaultRule(fault=Fault.ERROR_CODE, operation="Ghi", times=1, body={"khac": 1}))
    setup.submit()
    setup.run()
    assert calls(setup) == [("Ghi", "incident")]
    assert open_incidents(setup)[0][1] == "reply-invalid"
    assert setup.scalar("SELECT convert_from(reply, 'UTF8') FROM attempt") == '{"khac":1}'
    assert setup.scalar("SELECT attempt FROM call") == 1


def test_uncaught_business_fault_parks_the_token(setup: Setup) -> None:
    setup.simulators.faults.add(FaultRule(fault=Fault.ERROR_CODE, operation="Ghi", times=1, body={"ma": 7}))
    setup.submit()
    setup.run()
    [(incident, cause)] = open_incidents(setup)
    assert cause == "DA_KHOA"
    resolve.act(setup.store, int(str(incident)), "retry", by="admin", reason="register opened again")
    setup.run()
    assert calls(setup)[:3] == [("Ghi", "done"), ("Ghi", "done"), ("Nop", "done")]


def test_outage_opens_one_incident_and_closes_it_on_recovery(setup: Setup) -> None:
    setup.simulators.faults.add(FaultRule(fault=Fault.DOWN, partner="archive", seconds=60))
    for number in range(4):
        setup.submit(str(number))
    for _ in range(40):
        setup.worker.step()
        setup.pass_time()
        if setup.scalar("SELECT count(*) FROM incident WHERE cause = 'partner-outage'"):
            break
    assert setup.scalar("SELECT count(*) FROM incident WHERE cause = 'partner-outage'") == 1
    assert setup.scalar("SELECT max(sends) FROM call") == 0
    setup.simulators.faults.clear()
    setup.run()
    assert open_incidents(setup) == []
    assert setup.scalar("SELECT count(*) FROM call WHERE status = 'done'") == 8
    assert set(effects(setup).values()) == {1}


def test_answer_after_the_lease_ran_out_still_settles_the_call(setup: Setup) -> None:
    from engine.actions import send
    from engine.storage import partners
    from engine.storage.partners import BreakerPolicy

    setup.submit()
    setup.worker.step()
    with setup.store.transaction() as connection:
        partners.ensure(connection, ["archive"])
    [call] = send.claim(
        setup.store,
        {"archive": 1},
        worker="slow",
        margin_s=10.0,
        breaker=BreakerPolicy(failures=3, open_s=1.0),
    )
    answer = send.send(setup.partners, call)
    setup.pass_time()
    assert send.sweep_leases(setup.store, setup.partners) == 1
    assert setup.scalar("SELECT status FROM call") == "unknown"
    assert send.settle(setup.store, setup.partners, call, answer) is True
    assert setup.scalar("SELECT status FROM call") == "done"
    assert send.settle(setup.store, setup.partners, call, answer) is False


def test_two_calls_of_one_dossier_to_one_partner_keep_their_order(setup: Setup) -> None:
    setup.walk_on(setup.submit("a"))
    order = [line["key"] for line in setup.journal() if line.get("effect")]
    assert order == sorted(order)


def test_withdrawn_dossier_sends_nothing_more(setup: Setup) -> None:
    from engine.actions import receive

    setup.simulators.faults.add(FaultRule(fault=Fault.DOWN, operation="Nop", seconds=60))
    code = setup.submit()
    for _ in range(6):
        setup.worker.step()
    receive.withdraw(setup.store, code, reason="đổi ý", by="desk", now=setup.clock.now())
    setup.run()
    assert setup.scalar("SELECT status FROM dossier") == 7
    assert setup.rows("SELECT operation, status FROM call ORDER BY id") == [
        ("Ghi", "done"),
        ("Nop", "withdrawn"),
    ]


def test_reports_reach_the_portal_one_by_one_and_in_order(database, tmp_path: Path) -> None:
    place = Setup(database.url, tmp_path, reports="portal")
    try:
        place.walk_on(place.submit())
        steps = [
            line["body"]["data"][0]
            for line in place.journal()
            if line["operation"] == "CapNhatTienDoHoSoMC" and line.get("effect")
        ]
        assert [step["TrangThai"] for step in steps] == ["1", "2", "4", "9"]
        assert place.scalar("SELECT count(*) FROM report WHERE status = 'done'") == 4
        assert open_incidents(place) == []
    finally:
        place.close()
