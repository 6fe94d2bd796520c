"""A call that an operator holds or withdraws: not sent while held, its lane behind it, never anything that may have happened."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.simulator.faults import Fault, FaultRule
from engine import errors
from engine.actions import batches, by_hand, renew
from engine.queries import incident_groups
from engine.storage import calls, incidents
from engine.storage.statements import Statement
from tests.support.exchange import Setup

CHECK = " AND c.id NOT IN (SELECT call_id FROM call_hold)"


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)
    yield place
    place.close()


def first_call(setup: Setup, key: str = "a") -> tuple[str, int]:
    """A dossier whose first call is written and not yet sent."""
    code = setup.submit(key)
    setup.worker.step()
    found = setup.scalar("SELECT max(id) FROM call WHERE status = 'pending' AND attempt = 0")
    assert isinstance(found, int)
    return code, found


def act(setup: Setup, call: int, what: str) -> None:
    by_hand.act_on_call(setup.store, call, what, by="lan", reason="they asked us to wait")


def state(setup: Setup, call: int) -> object:
    return setup.scalar("SELECT status FROM call WHERE id = :id", id=call)


def effects(setup: Setup) -> list[object]:
    return [line["key"] for line in setup.journal() if line.get("effect")]


def test_a_held_call_is_not_sent_even_by_a_new_worker_and_all_goes_on_once_released(setup: Setup) -> None:
    code, call = first_call(setup)
    act(setup, call, "hold")
    setup.run()
    setup.worker = setup.new_worker()  # as after a restart: only the database knows
    setup.run()
    assert (state(setup, call), effects(setup)) == ("pending", [])
    act(setup, call, "release")
    setup.walk_on(code)
    assert setup.rows("SELECT DISTINCT status FROM instance") == [("ended",)]
    assert len(effects(setup)) == len(set(effects(setup))) > 0
    assert setup.rows("SELECT what, who FROM audit WHERE what LIKE 'call-%' ORDER BY id") == [
        ("call-hold", "lan"),
        ("call-release", "lan"),
    ]


def test_control_without_the_check_a_held_call_is_sent(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(calls._CLAIM).count(CHECK) == 1
    monkeypatch.setattr(calls, "_CLAIM", Statement(str(calls._CLAIM).replace(CHECK, "")))
    _, call = first_call(setup)
    act(setup, call, "hold")
    setup.run()  # it lets waits of the database's time be over, the hold's too
    assert state(setup, call) == "done"


def test_a_hold_alone_puts_the_call_out_of_the_way_of_those_who_claim(setup: Setup) -> None:
    _, call = first_call(setup)
    act(setup, call, "hold")
    assert setup.scalar("SELECT due_at > now() + interval '500 years' FROM call") is True
    with pytest.raises(errors.ActionNotNow):
        by_hand.retry_dossier(
            setup.store, str(setup.scalar("SELECT code FROM dossier")), by="lan", reason="x"
        )
    with pytest.raises(errors.ActionNotNow, match="held and does not allow now"):
        act(setup, call, "now")


def test_a_withdrawn_call_is_never_sent_and_its_dossier_goes_on(setup: Setup) -> None:
    code, call = first_call(setup)
    act(setup, call, "hold")
    act(setup, call, "withdraw")
    setup.walk_on(code)
    assert state(setup, call) == "withdrawn"
    assert setup.rows("SELECT DISTINCT status FROM instance") == [("ended",)]
    key = setup.scalar("SELECT key FROM call WHERE id = :id", id=call)
    assert key not in effects(setup)
    told = setup.scalar(
        "SELECT count(*) FROM timeline WHERE convert_from(body, 'UTF8') LIKE '%they asked us to wait%'"
    )
    assert told == 1


@pytest.mark.parametrize("outcome", [None, "unknown", "absent"])
def test_what_may_have_had_an_effect_is_not_withdrawn(setup: Setup, outcome: str | None) -> None:
    _, call = first_call(setup)
    with setup.store.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO attempt (call_id, ask, number, worker, started_at, outcome)"
                " VALUES (:call, false, 1, 'w', now(), :outcome)"
            ),
            {"call": call, "outcome": outcome},
        )
    with pytest.raises(errors.ActionNotNow):
        act(setup, call, "withdraw")
    act(setup, call, "hold")
    assert state(setup, call) == "pending"


def test_what_is_under_way_or_unknown_cannot_be_held(setup: Setup) -> None:
    _, call = first_call(setup)
    for status in ("sending", "unknown", "incident", "done"):
        with setup.store.transaction() as connection:
            connection.execute(text("UPDATE call SET status = :status"), {"status": status})
        with pytest.raises(errors.ActionNotNow):
            act(setup, call, "hold")
    assert setup.scalar("SELECT count(*) FROM call_hold") == 0


def test_the_calls_of_a_lane_leave_in_the_order_of_reception_after_a_batch(setup: Setup) -> None:
    """Ten calls of two lanes, held and released as a batch in any order: each lane is sent in its own."""
    ids = []
    for key in ("a", "b"):
        _, call = first_call(setup, key)
        with setup.store.transaction() as connection:
            copied = connection.execute(
                text(
                    "INSERT INTO call (dossier_id, partner, operation, key, body, repeat, timeout_s)"
                    " SELECT dossier_id, partner, operation, key || g, body, repeat, timeout_s FROM call,"
                    " generate_series(1, 4) g WHERE id = :id RETURNING id"
                ),
                {"id": call},
            )
            ids += [call, *(row[0] for row in copied)]
    for action in ("hold", "release"):
        batch = batches.create(
            setup.store, action, ids[::-1], subject="call", by="lan", reason="x", target=""
        )
        assert batches.run_waiting(setup.store, setup.clock) == 10
        assert setup.rows(f"SELECT DISTINCT status FROM batch_item WHERE batch_id = {batch}") == [("done",)]
    while setup.worker._send_due():
        pass
    sent = setup.rows(
        "SELECT c.dossier_id, a.call_id FROM attempt a JOIN call c ON c.id = a.call_id ORDER BY a.started_at"
    )
    for lane in {row[0] for row in sent}:
        own = [row[1] for row in sent if row[0] == lane]
        assert len(own) == 5
        assert own == sorted(own)


def refused(setup: Setup) -> tuple[str, int, int]:
    """A dossier whose first call was refused, with the incident that asks about it."""
    code, call = first_call(setup)
    with setup.store.transaction() as connection:
        for statement in (
            "INSERT INTO attempt VALUES (:call, false, 1, 'w', now(), NULL, 'refused')",
            "UPDATE call SET status = 'refused', attempt = 1, sends = 1 WHERE id = :call",
        ):
            connection.execute(text(statement), {"call": call})
        incident = incidents.open_incident(
            connection,
            "call-refused",
            "no",
            dossier=int(str(setup.scalar("SELECT dossier_id FROM call"))),
            call=call,
            actions=("retry", "skip"),
        )
    assert incident is not None
    return code, call, incident


def outcome(setup: Setup, incident: int) -> str:
    with setup.store.reading() as connection:
        return incident_groups.outcome(connection, incident)


def test_a_refused_call_is_sent_with_a_new_key_and_told_as_done_only_once_that_one_is(setup: Setup) -> None:
    code, call, incident = refused(setup)
    renew.send_with_new_key(setup.store, call, by="lan", reason="they mended")
    assert (state(setup, call), outcome(setup, incident)) == ("withdrawn", "waiting")
    with pytest.raises(errors.ActionNotNow):
        renew.send_with_new_key(setup.store, call, by="lan", reason="again")
    setup.walk_on(code)
    assert setup.rows("SELECT DISTINCT status FROM instance") == [("ended",)]
    assert outcome(setup, incident) == "verified"
    assert setup.scalar("SELECT count(*) FROM attempt WHERE call_id = :id", id=call) == 1
    anew = "SELECT status FROM call WHERE id > :id AND element = (SELECT element FROM call WHERE id = :id)"
    assert setup.scalar(anew, id=call) == "done"
    assert len(effects(setup)) == len(set(effects(setup)))
    assert setup.scalar("SELECT who FROM audit WHERE what = 'call-renewed'") == "lan"


@pytest.mark.parametrize("uncertain", ["unknown", None, "absent"])
def test_no_new_key_where_an_attempt_may_have_had_an_effect(setup: Setup, uncertain: str | None) -> None:
    _, call, incident = refused(setup)
    with setup.store.transaction() as connection:
        connection.execute(text("UPDATE attempt SET outcome = :outcome"), {"outcome": uncertain})
    with pytest.raises(errors.ActionNotNow):
        renew.send_with_new_key(setup.store, call, by="lan", reason="x")
    assert (state(setup, call), outcome(setup, incident)) == ("refused", "open")


@pytest.mark.parametrize("operation", ["CapNhatTienDoHoSoMC", "DongBoHoSoMC"])
def test_a_report_whose_refused_call_gets_a_new_key_still_arrives(
    database, tmp_path: Path, operation: str
) -> None:
    place = Setup(database.url, tmp_path, reports="portal")
    try:
        place.simulators.faults.add(FaultRule(fault=Fault.REFUSE, operation=operation, times=1, status=400))
        code = place.submit()
        place.run()
        call = int(str(place.scalar("SELECT id FROM call WHERE status = 'refused'")))
        renew.send_with_new_key(place.store, call, by="lan", reason="they mended")
        place.walk_on(code)
        told = [
            line["body"]["data"][0]["TrangThai"]  # type: ignore[index, call-overload]
            for line in place.journal()
            if line["operation"] == "CapNhatTienDoHoSoMC" and line.get("effect")
        ]
        assert told == ["1", "2", "4", "9"]
    finally:
        place.close()
