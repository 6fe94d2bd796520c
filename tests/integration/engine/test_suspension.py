"""A dossier that an operator holds still: nothing of it is applied or sent, nothing is lost, and all goes on in its order."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from engine import errors
from engine.actions import receive, suspend
from engine.queries import evidence
from engine.storage import calls, events, groups
from engine.storage.statements import Statement
from tests.support.exchange import Setup

NOT_CLAIMED = "dossier_id NOT IN (SELECT dossier_id FROM suspension)"
NOT_APPLIED = "NOT EXISTS (SELECT 1 FROM suspension s WHERE s.dossier_id = d.id)"
CLAIMS = (events, "_CLAIM", f"e.{NOT_CLAIMED}")
READS = (groups, "_READ", NOT_APPLIED)
SENDS = (calls, "_CLAIM", f"c.{NOT_CLAIMED}")


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)
    yield place
    place.close()


def without(monkeypatch: pytest.MonkeyPatch, *checks: tuple[object, str, str]) -> None:
    """Take protections away: what the statements say without them."""
    for module, name, clause in checks:
        statement = getattr(module, name)
        assert str(statement).count(clause) == 1
        made = Statement if isinstance(statement, Statement) else text
        monkeypatch.setattr(module, name, made(str(statement).replace(clause, "true")))


def hold(setup: Setup, code: str) -> None:
    suspend.suspend(setup.store, code, by="lan", reason="a court asks", now=setup.clock.now())


def let_go(setup: Setup, code: str) -> None:
    suspend.resume(setup.store, code, by="lan", reason="answered", now=setup.clock.now())


def pending(setup: Setup) -> list[object]:
    return [row[0] for row in setup.rows("SELECT kind FROM event WHERE status = 'pending' ORDER BY id")]


def applied(setup: Setup) -> list[object]:
    return [
        row[0]
        for row in setup.rows("SELECT kind FROM event WHERE status = 'applied' ORDER BY applied_at, id")
    ]


def holds(setup: Setup, code: str) -> bool:
    with setup.store.reading() as connection:
        id_ = connection.scalar(text("SELECT id FROM dossier WHERE code = :code"), {"code": code})
        return not evidence.prove(connection, code, id_).breaks


def effects(setup: Setup) -> list[object]:
    return [line["key"] for line in setup.journal() if line.get("effect")]


def is_over(setup: Setup) -> bool:
    return setup.rows("SELECT DISTINCT status FROM instance") == [("ended",)]


def held_from_the_start(setup: Setup) -> str:
    code = setup.submit()
    hold(setup, code)
    setup.run()
    return code


def held_before_its_call(setup: Setup) -> str:
    code = setup.submit()
    setup.worker.step()
    hold(setup, code)
    setup.run()
    return code


def test_no_event_is_applied_and_all_are_once_it_goes_on(setup: Setup) -> None:
    code, other = held_from_the_start(setup), setup.submit("b")
    assert pending(setup)[0] == "submitted"
    setup.walk_on(other)
    assert setup.rows("SELECT d.code FROM instance i JOIN dossier d ON d.id = i.dossier_id") == [(other,)]
    let_go(setup, code)
    setup.walk_on(code)
    assert is_over(setup)
    assert pending(setup) == []
    assert holds(setup, code)
    assert setup.scalar("SELECT count(*) FROM incident") == 0


def test_control_without_the_check_events_are_applied(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, CLAIMS, READS)
    held_from_the_start(setup)
    assert pending(setup) != ["submitted"]


def test_no_call_is_sent_and_each_is_once_it_goes_on(setup: Setup) -> None:
    code = held_before_its_call(setup)
    assert setup.rows("SELECT status, attempt FROM call") == [("pending", 0)]
    assert effects(setup) == []
    let_go(setup, code)
    setup.walk_on(code)
    assert is_over(setup)
    assert len(effects(setup)) == len(set(effects(setup))) == setup.scalar("SELECT count(*) FROM call") > 0


def test_control_without_the_check_calls_are_sent(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, SENDS)
    held_before_its_call(setup)
    assert setup.rows("SELECT status FROM call") == [("done",)]


def claim_then_hold(setup: Setup) -> int:
    """How many of the events that an applier had claimed it may apply after the dossier was held."""
    code = setup.submit()
    with setup.store.at_once() as connection:
        claimed = events.claim(connection, worker="w2", limit=9, lease_s=30)
    hold(setup, code)
    with setup.store.transaction() as connection:
        return len(groups.take(connection, claimed))


def test_an_event_that_was_claimed_before_is_not_applied_and_counts_for_nothing(setup: Setup) -> None:
    assert claim_then_hold(setup) == 0
    let_go(setup, str(setup.scalar("SELECT code FROM dossier")))
    assert setup.worker.step() == 1  # at once: its lease is no longer waited for
    assert applied(setup) == ["submitted"]
    assert setup.scalar("SELECT max(lone_starts) FROM event") <= 1  # type: ignore[operator]


def test_control_without_the_check_a_claimed_event_is_applied(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, READS)
    assert claim_then_hold(setup) == 1


def test_what_comes_in_meanwhile_is_kept_and_applied_in_its_order_and_the_legal_clock_goes_on(
    setup: Setup,
) -> None:
    code = setup.submit()
    setup.run()
    before = setup.rows("SELECT due_at, status FROM dossier")
    hold(setup, code)
    setup.clock.advance(timedelta(hours=2))
    setup.run()
    setup.answer(code)
    receive.withdraw(setup.store, code, reason="too slow", by="desk", now=setup.clock.now())
    setup.run()
    assert pending(setup) == ["timer", "withdrawn"]
    assert setup.scalar("SELECT status FROM message") == "kept"
    assert setup.rows("SELECT due_at, status FROM dossier") == before
    assert setup.scalar("SELECT count(*) FROM ledger_entry WHERE kind = 'pause'") == 0
    let_go(setup, code)
    setup.run()
    assert applied(setup)[-2:] == ["timer", "withdrawn"]
    kinds = [
        row[0]
        for row in setup.rows(
            "SELECT convert_from(body, 'UTF8')::jsonb ->> 'kind' FROM timeline ORDER BY seq"
        )
    ]
    assert kinds.index("suspended") < kinds.index("resumed") < kinds.index("withdrawn")
    assert holds(setup, code)


def test_a_call_that_was_under_way_is_settled_and_its_answer_waits(setup: Setup) -> None:
    code = setup.submit()
    setup.worker.step()
    with setup.store.transaction() as connection:
        connection.execute(
            text("UPDATE call SET status = 'sending', attempt = 1, lease_until = now() + interval '1 h'")
        )
    hold(setup, code)
    with setup.store.transaction() as connection:
        connection.execute(text("UPDATE call SET lease_until = now() - interval '1 s'"))
    setup.run()
    assert setup.scalar("SELECT status FROM call") in (
        "unknown",
        "incident",
    )  # known to be unknown; nobody is asked
    assert pending(setup) == []


def test_it_cannot_be_held_twice_nor_let_go_twice_nor_when_it_is_over(setup: Setup) -> None:
    code = setup.submit()
    with pytest.raises(errors.ActionNotNow, match="not suspended"):
        let_go(setup, code)
    hold(setup, code)
    with pytest.raises(errors.ActionNotNow, match="already"):
        hold(setup, code)
    let_go(setup, code)
    setup.walk_on(code)
    with pytest.raises(errors.ActionNotNow, match="over"):
        hold(setup, code)
    with pytest.raises(errors.DossierNotFound):
        hold(setup, "none")
    assert setup.rows("SELECT what, who, reason FROM audit WHERE what LIKE 'dossier-%' ORDER BY id") == [
        ("dossier-suspended", "lan", "a court asks"),
        ("dossier-resumed", "lan", "answered"),
    ]
