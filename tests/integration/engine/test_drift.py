"""Contracts that workers hold against what was good and against each other; what is kept of descriptions."""

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from engine import errors
from engine.actions import drift
from engine.exchange.drift import Described, Standing
from engine.queries.drift import Comparison, of_partner
from engine.storage import presences
from engine.storage.partners import HeldPartner
from engine.storage.presences import Process
from tests.support.console_rows import add_call
from tests.support.counter import Counter, open_counter
from tests.support.exchange import Setup

OLD, NEW = "a" * 64, "b" * 64


@pytest.fixture
def counter(database: object) -> Iterator[Counter]:
    with open_counter(database.url) as opened:  # type: ignore[attr-defined]
        yield opened


def hold(counter: Counter, worker: str, contracts: Mapping[str, str], *, draining: bool = False) -> None:
    process = Process(name=worker, role="worker", host="h", pid=1, version="1")
    with counter.store.transaction() as connection:
        presences.tell(connection, process, draining=draining, contracts=contracts)


def answered_by(counter: Counter, contract_hash: str) -> None:
    call = add_call(counter, counter.new_dossier(), "done")
    counter.scalar(
        "UPDATE attempt SET contract_hash = :hash, outcome = 'ok', partner = 'agency', started_at = now()"
        " WHERE call_id = :call RETURNING 1",
        hash=contract_hash,
        call=call,
    )


def standing(counter: Counter, partner: str = "agency") -> dict[str, str]:
    return {one.kind: one.standing for one in compared(counter, partner)}


def compared(counter: Counter, partner: str = "agency") -> list[Comparison]:
    with counter.store.reading() as connection:
        return of_partner(connection, partner)


def as_it_is(_: HeldPartner) -> None:
    """Whatever it is, it was seen."""


def test_a_contract_that_was_never_tried_differs_from_nothing(counter: Counter) -> None:
    hold(counter, "w1", {"agency": NEW})
    assert drift.compare(counter.store) == 0
    assert standing(counter) == {"contract": "same", "workers": "same"}


def test_a_contract_that_changed_drifts_until_an_answer_was_good_by_it(counter: Counter) -> None:
    answered_by(counter, OLD)
    hold(counter, "w1", {"agency": OLD})
    assert drift.compare(counter.store) == 0
    hold(counter, "w1", {"agency": NEW})
    assert drift.compare(counter.store) == 1
    assert standing(counter) == {"contract": "differs", "workers": "same"}
    [found] = [one for one in compared(counter) if one.kind == "contract"]
    assert found.facts == {"held": {NEW: 1}, "last_good": OLD, "accepted": None}
    drift.compare(counter.store)
    assert [one.since for one in compared(counter) if one.kind == "contract"] == [found.since]
    answered_by(counter, NEW)
    assert drift.compare(counter.store) == 0


def test_workers_that_hold_different_contracts_drift_until_the_old_ones_end(counter: Counter) -> None:
    answered_by(counter, OLD)
    hold(counter, "w1", {"agency": OLD})
    hold(counter, "w2", {"agency": NEW})
    drift.compare(counter.store)
    assert standing(counter) == {"contract": "differs", "workers": "differs"}
    hold(counter, "w2", {"agency": NEW}, draining=True)
    assert drift.compare(counter.store) == 0


def test_a_person_accepts_the_contract_that_all_workers_hold_and_no_other(counter: Counter) -> None:
    answered_by(counter, OLD)
    hold(counter, "w1", {"agency": NEW})
    drift.compare(counter.store)
    for wrong in (OLD, "c" * 64):
        with pytest.raises(errors.ActionNotNow):
            drift.accept(counter.store, "agency", wrong, by="lan", reason="x", seen=as_it_is)
    drift.accept(counter.store, "agency", NEW, by="lan", reason="agreed with them", seen=as_it_is)
    assert standing(counter) == {"contract": "same", "workers": "same"}
    assert (
        counter.scalar("SELECT facts ->> 'hash' FROM audit WHERE what = 'partner-contract-accepted'") == NEW
    )
    hold(counter, "w1", {"agency": OLD})  # what was good last is good, too
    assert drift.compare(counter.store) == 0


def test_what_is_of_no_worker_any_more_is_forgotten_but_not_while_none_runs(counter: Counter) -> None:
    hold(counter, "w1", {"agency": OLD})
    drift.compare(counter.store)
    counter.scalar("UPDATE presence SET seen_at = now() - interval '1 h' RETURNING 1")
    drift.compare(counter.store)
    assert len(compared(counter)) == 2
    hold(counter, "w1", {"post": OLD})
    drift.compare(counter.store)
    assert compared(counter) == []


def described(standing: Standing, **more: object) -> Described:
    return Described(about="/a?wsdl", standing=standing, **more)  # type: ignore[arg-type]


def test_a_description_that_cannot_be_had_today_keeps_what_it_came_to(counter: Counter) -> None:
    drift.keep(counter.store, "agency", [described(Standing.UNREACHED, detail="HTTP 404")])
    [one] = compared(counter)
    assert (one.standing, one.looked_at, one.trouble) == ("unreached", None, "HTTP 404")
    drift.keep(counter.store, "agency", [described(Standing.DIFFERS, changed=("element x",))])
    [differs] = compared(counter)
    assert (differs.standing, differs.trouble, differs.facts["changed"]) == ("differs", None, ["element x"])
    drift.keep(counter.store, "agency", [described(Standing.UNREACHED, detail="refused")])
    [kept] = compared(counter)
    assert (kept.standing, kept.trouble, kept.facts) == ("differs", "refused", differs.facts)
    assert (kept.since, kept.looked_at) == (differs.since, differs.looked_at)
    assert counter.scalar("SELECT breaker FROM partner WHERE name = 'agency'") == "closed"
    drift.keep(counter.store, "agency", [])
    assert compared(counter) == []


def test_whatever_a_partner_says_can_be_kept(counter: Counter) -> None:
    drift.keep(counter.store, "agency", [described(Standing.UNREADABLE, detail="a\0b\ud800" + "x" * 9_999)])
    [one] = compared(counter)
    assert (one.trouble or "").startswith("a\ufffdb?xx")
    drift.keep(counter.store, "agency", [described(Standing.DIFFERS, changed=("element \0",))])
    assert compared(counter)[0].facts["changed"] == ["element \ufffd"]


def test_a_worker_that_runs_tells_what_it_holds_and_asks_what_partners_say(
    database: object, tmp_path: Path
) -> None:
    setup = Setup(database.url, tmp_path)  # type: ignore[attr-defined]
    worker = setup.new_worker()
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        until = time.monotonic() + 20
        while not setup.rows("SELECT 1 FROM presence WHERE contracts <> '{}'"):
            assert time.monotonic() < until
            threading.Event().wait(0.05)
        assert (
            setup.scalar("SELECT contracts ->> 'archive' FROM presence")
            == setup.partners.contract("archive").hash
        )
        work = worker.background_work()
        assert (work["drift"](), work["descriptions"]()) == (0, 0)
    finally:
        worker.stop()
        thread.join(20)
        setup.close()
    assert not thread.is_alive()


def test_every_description_that_is_pinned_is_looked_at_by_the_nightly_job(
    database: object, tmp_path: Path
) -> None:
    setup = Setup(database.url, tmp_path)  # type: ignore[attr-defined]
    assert setup.worker.background_work()["descriptions"]() == 0
    found = setup.rows("SELECT partner, about, standing FROM drift WHERE kind = 'description' ORDER BY 1, 2")
    setup.close()
    assert [name for name, _, _ in found] == ["population", "residence", "social_insurance"]
    assert {standing for _, _, standing in found} == {"same"}
