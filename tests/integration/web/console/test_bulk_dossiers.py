"""Many dossiers at once: what is seen is what is done, item by item, and the totals always add up."""

import re

import pytest
from sqlalchemy import text

from engine.actions import batches
from tests.support.bulk import confirm, frozen, preview, totals
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call
from tests.support.counter import Counter
from web import freezing

LIST = "/ho-so"


@pytest.fixture
def operator(counter: Counter) -> Visitor:
    return Visitor(counter, "operator")


def id_of(counter: Counter, code: str) -> str:
    return str(counter.scalar("SELECT id FROM dossier WHERE code = :code", code=code))


def test_the_chosen_are_suspended_and_resumed_in_a_batch_that_adds_up(
    counter: Counter, operator: Visitor
) -> None:
    codes = [counter.new_dossier() for _ in range(4)]
    ids = [id_of(counter, code) for code in codes]
    operator.post(f"/ho-so/{codes[3]}/viec-lam", {"action": "suspend", "reason": "before"})
    page = preview(operator, LIST, "suspend", dossier=ids)
    assert re.search(r"<dd>3</dd>.*?<dd>1</dd>", page, re.S)  # three can be, one is already
    operator.post(f"/ho-so/{codes[2]}/viec-lam", {"action": "suspend", "reason": "between"})
    status, where = confirm(operator, LIST, page)
    assert status == 303
    assert batches.run_waiting(counter.store, counter.clock) == 3
    assert totals(operator, where) == [3, 2, 1, 0, 0]
    assert f"{codes[2]} đã tạm dừng rồi" in text_of(operator.page(where))  # nothing of the list is dropped
    assert counter.scalar("SELECT count(*) FROM suspension") == 4
    _, where = confirm(operator, LIST, preview(operator, LIST, "resume", dossier=ids[:2]))
    operator.post(f"/ho-so/{codes[0]}/viec-lam", {"action": "resume", "reason": "by hand"})
    batches.run_waiting(counter.store, counter.clock)
    assert totals(operator, where) == [2, 1, 1, 0, 0]
    assert counter.scalar("SELECT count(*) FROM suspension") == 2
    who = "SELECT count(*) FROM audit WHERE what = 'dossier-suspended' AND who LIKE 'operator (batch %'"
    assert counter.scalar(who) == 2


@pytest.mark.parametrize(
    ("action", "written"),
    [("suspend", "suspended"), ("resume", "resumed"), ("retry", "retried"), ("cancel", "cancelled")],
)
def test_an_act_whose_note_was_lost_with_its_worker_is_done_and_audited_once(
    counter: Counter, operator: Visitor, action: str, written: str
) -> None:
    code = counter.new_dossier()
    add_call(counter, code, "pending")
    if action == "resume":
        operator.post(f"/ho-so/{code}/viec-lam", {"action": "suspend", "reason": "before"})
    _, where = confirm(
        operator, LIST, preview(operator, LIST, action, dossier=[id_of(counter, code)]), count="1"
    )
    batches.run_waiting(counter.store, counter.clock)
    with counter.store.transaction() as connection:
        connection.execute(text("UPDATE batch_item SET status = 'waiting'"))
    batches.run_waiting(counter.store, counter.clock)
    assert totals(operator, where) == [1, 1, 0, 0, 0]
    assert counter.scalar(f"SELECT count(*) FROM audit WHERE what = 'dossier-{written}'") == 1
    assert counter.scalar("SELECT count(*) FROM event WHERE kind = 'withdrawn'") == (action == "cancel")


def test_all_that_match_are_those_of_the_filter_and_of_the_moment(
    counter: Counter, operator: Visitor
) -> None:
    waiting, other = counter.new_dossier(), counter.new_dossier()
    call = add_call(counter, waiting, "pending")
    page = preview(operator, LIST, "retry", all="yes", filter_situation="retrying")
    later = counter.new_dossier()
    add_call(counter, later, "pending")
    status, where = confirm(operator, LIST, page)
    assert status == 303
    batches.run_waiting(counter.store, counter.clock)
    assert totals(operator, where) == [1, 1, 0, 0, 0]
    due = "SELECT count(*) FROM call WHERE due_at <= now() AND id = :call"
    assert counter.scalar(due, call=call) == 1
    assert counter.scalar("SELECT count(*) FROM call WHERE due_at <= now()") == 1
    listed = operator.page(where)
    assert waiting in listed
    assert other not in listed


def test_what_cannot_be_undone_asks_for_its_number(counter: Counter, operator: Visitor) -> None:
    codes = [counter.new_dossier() for _ in range(2)]
    page = preview(operator, LIST, "cancel", dossier=[id_of(counter, code) for code in codes])
    for typed in ({}, {"count": "1"}, {"count": "2", "reason": ""}):
        assert confirm(operator, LIST, page, **typed)[0] == 400
    assert counter.scalar("SELECT count(*) FROM batch") == 0
    status, where = confirm(operator, LIST, page, count="2")
    assert status == 303
    batches.run_waiting(counter.store, counter.clock)
    assert "waiting to run" in text_of(operator.page(f"{where}?lang=en")).lower()
    counter.apply_all()
    assert counter.scalar("SELECT count(*) FROM dossier WHERE status = 7") == 2
    assert totals(operator, where) == [2, 2, 0, 0, 0]


def test_what_is_no_longer_possible_is_told_when_the_confirmation_fails(
    counter: Counter, operator: Visitor
) -> None:
    codes = [counter.new_dossier() for _ in range(2)]
    page = preview(operator, LIST, "suspend", dossier=[id_of(counter, code) for code in codes])
    assert "Không còn làm được" not in page
    operator.post(f"/ho-so/{codes[0]}/viec-lam", {"action": "suspend", "reason": "between"})
    again = operator.post("/ho-so/lo", {"frozen": frozen(page), "reason": " "})
    assert again.status == 400
    assert "Không còn làm được: 1." in text_of(again.body.decode())
    status, where = confirm(operator, LIST, again.body.decode())
    assert status == 303
    batches.run_waiting(counter.store, counter.clock)
    assert totals(operator, where) == [2, 1, 1, 0, 0]


def test_a_list_seen_too_long_ago_is_shown_as_it_stands_now_and_confirmed_anew(
    counter: Counter, operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = [counter.new_dossier() for _ in range(2)]
    page = preview(operator, LIST, "suspend", dossier=[id_of(counter, code) for code in codes])
    operator.post(f"/ho-so/{codes[0]}/viec-lam", {"action": "suspend", "reason": "between"})
    with monkeypatch.context() as later:
        later.setattr(freezing, "GOOD_S", -1)
        stale = operator.post("/ho-so/lo", {"frozen": frozen(page), "reason": "they moved"})
    shown = stale.body.decode()
    assert (stale.status, counter.scalar("SELECT count(*) FROM batch")) == (403, 0)
    assert "they moved" in shown
    assert "Không còn làm được: 1." in text_of(shown)
    assert frozen(shown) != frozen(page)
    status, where = confirm(operator, LIST, shown)
    assert status == 303
    batches.run_waiting(counter.store, counter.clock)
    assert totals(operator, where) == [2, 1, 1, 0, 0]


def test_what_is_malformed_or_of_another_session_does_nothing(counter: Counter, operator: Visitor) -> None:
    code = counter.new_dossier()
    id_ = id_of(counter, code)
    for form in (
        {"action": "explode", "dossier": id_}, {"action": "suspend"}, {"action": "suspend", "dossier": "x"},
        {"action": "suspend", "all": "yes", "filter_situation": "asleep"}, {"dossier": id_},
    ):  # fmt: skip
        assert operator.post("/ho-so/xem-truoc", form).status == 400, form
    page = preview(operator, LIST, "suspend", dossier=[id_])
    assert confirm(Visitor(counter, "admin"), LIST, page)[0] == 403
    assert (
        Visitor(counter, "viewer").post("/ho-so/xem-truoc", {"action": "suspend", "dossier": id_}).status
        == 403
    )
    assert counter.scalar("SELECT count(*) FROM batch") == 0
