"""A later due date for many: seen dossier by dossier before it is done, with its legal ground, skipped where it is none."""

import re

import pytest
from sqlalchemy import text

from engine.actions import batches
from tests.support.bulk import confirm, frozen, preview, totals
from tests.support.console import Visitor, text_of
from tests.support.counter import Counter

LIST = "/ho-so"
GROUND = "Điều 19 NĐ 61/2018"


@pytest.fixture
def operator(counter: Counter) -> Visitor:
    return Visitor(counter, "operator")


@pytest.fixture
def codes(counter: Counter) -> list[str]:
    """Four dossiers that are due at the end of 6 March 2026."""
    found = [counter.new_dossier() for _ in range(4)]
    assert {due(counter, code) for code in found} == {"2026-03-06 17:00"}
    return found


def ids_of(counter: Counter, codes: list[str]) -> list[str]:
    return [str(counter.scalar("SELECT id FROM dossier WHERE code = :code", code=code)) for code in codes]


def due(counter: Counter, code: str) -> object:
    local = "to_char(due_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD HH24:MI')"
    return counter.scalar(f"SELECT {local} FROM dossier WHERE code = :code", code=code)


def seen(operator: Visitor, counter: Counter, codes: list[str], **typed: str) -> tuple[int, str]:
    """The preview once the new due date was said: its status and page."""
    page = preview(operator, LIST, "extend", dossier=ids_of(counter, codes))
    form = {"action": "extend", "frozen": frozen(page), "target": LIST, "ground": GROUND, **typed}
    reply = operator.post(f"{LIST}/xem-truoc", form)
    return reply.status, reply.body.decode()


def run(counter: Counter) -> None:
    batches.run_waiting(counter.store, counter.clock)
    counter.apply_all()


@pytest.mark.parametrize(
    ("typed", "after"), [({"day": "2026-03-14"}, "2026-03-16 17:00"), ({"days": "3"}, "2026-03-11 17:00")]
)
def test_what_was_seen_is_what_they_are_due(
    counter: Counter, operator: Visitor, codes: list[str], typed: dict[str, str], after: str
) -> None:
    status, page = seen(operator, counter, codes[:3], **typed)
    assert status == 200
    day = "/".join(after[:10].split("-")[::-1])
    assert re.search(rf"{day} 17:00:00\s*: 3", text_of(page))
    assert re.search(rf"{codes[0]} .*06/03/2026 17:00:00\s+→\s+{day} 17:00:00", text_of(page))
    assert GROUND in page
    status, where = confirm(operator, LIST, page)
    assert status == 303
    run(counter)
    assert [due(counter, code) for code in codes] == [after] * 3 + ["2026-03-06 17:00"]
    assert totals(operator, where) == [3, 3, 0, 0, 0]
    shown = text_of(operator.page(f"{where}?lang=en"))
    assert GROUND in shown
    assert re.search(r"ran: 3", shown), shown
    audited = "SELECT count(*) FROM audit WHERE what = 'dossier-extended' AND facts ->> 'ground' = :ground AND reason <> ''"
    assert counter.scalar(audited, ground=GROUND) == 3
    assert counter.scalar("SELECT count(*) FROM ledger_entry WHERE kind = 'extend'") == 3


def test_who_is_over_or_due_later_already_is_ignored(
    counter: Counter, operator: Visitor, codes: list[str]
) -> None:
    operator.post(f"/ho-so/{codes[0]}/viec-lam", {"action": "cancel", "reason": "x"})
    counter.apply_all()
    with counter.store.transaction() as connection:
        connection.execute(
            text("UPDATE dossier SET due_at = '2026-06-01T10:00Z' WHERE code = :code"), {"code": codes[1]}
        )
    _, page = seen(operator, counter, codes, day="2026-03-20")
    assert re.search(r"<dd>2</dd>.*?<dd>2</dd>", page, re.S)
    _, where = confirm(operator, LIST, page)
    run(counter)
    assert totals(operator, where) == [2, 2, 0, 0, 0]


def test_who_was_extended_since_the_list_was_seen_is_skipped(
    counter: Counter, operator: Visitor, codes: list[str]
) -> None:
    _, page = seen(operator, counter, codes[:2], days="2")
    _, other = seen(operator, counter, codes[:1], days="5")
    _, first = confirm(operator, LIST, other)
    run(counter)
    _, where = confirm(operator, LIST, page)
    run(counter)
    assert (totals(operator, first), totals(operator, where)) == ([1, 1, 0, 0, 0], [2, 1, 1, 0, 0])
    assert f"{codes[0]} đã được đổi hạn sau khi xem danh sách" in text_of(operator.page(where))
    assert [due(counter, code) for code in codes[:2]] == ["2026-03-13 17:00", "2026-03-10 17:00"]


@pytest.mark.parametrize(
    "typed",
    [{}, {"day": "2026-03-20", "days": "2"}, {"days": "0"}, {"days": "367"}, {"days": "-1"}, {"day": "someday"},
     {"days": "2", "ground": " "}, {"days": "2", "ground": "x" * 501}],
)  # fmt: skip
def test_what_says_no_due_date_or_ground_is_refused_where_it_was_typed(
    counter: Counter, operator: Visitor, codes: list[str], typed: dict[str, str]
) -> None:
    status, page = seen(operator, counter, codes, **typed)
    assert status == 400
    assert 'name="day"' in page
    assert counter.scalar("SELECT count(*) FROM batch") == 0
    assert operator.post(f"{LIST}/lo", {"frozen": frozen(page), "reason": "x"}).status == 400
    assert counter.scalar("SELECT count(*) FROM batch") == 0


def test_an_item_whose_note_was_lost_is_extended_once(
    counter: Counter, operator: Visitor, codes: list[str]
) -> None:
    _, page = seen(operator, counter, codes[:1], days="2")
    _, where = confirm(operator, LIST, page)
    run(counter)
    with counter.store.transaction() as connection:
        connection.execute(text("UPDATE batch_item SET status = 'waiting'"))
    run(counter)
    assert totals(operator, where) == [1, 1, 0, 0, 0]
    assert counter.scalar("SELECT count(*) FROM event WHERE kind = 'extended'") == 1


def test_programs_do_the_same(counter: Counter, codes: list[str]) -> None:
    key = counter.new_key("senior", "batches", "dossiers:amend")
    asked = {
        "subject": "dossier",
        "action": "extend",
        "items": codes[:2],
        "due": {"days": 3, "ground": GROUND},
    }
    seen_ = counter.post("/api/v1/batches/preview", asked, key=key).json
    assert (seen_["count"], seen_["samples"][0]["due_after"]) == (2, "2026-03-11T10:00:00Z")  # type: ignore[index]
    made = counter.post("/api/v1/batches", {"frozen": seen_["frozen"], "count": 2, "reason": "x"}, key=key)
    assert made.status == 202
    run(counter)
    assert {due(counter, code) for code in codes[:2]} == {"2026-03-11 17:00"}
    for wrong in (
        {},
        {"due": {"ground": "x"}},
        {"due": {"days": 1, "day": "2026-03-20", "ground": "x"}},
        {"due": {"days": 1}},
    ):
        assert (
            counter.post("/api/v1/batches/preview", {**asked, "due": None} | wrong, key=key).code
            == "body-invalid"
        )
    other = {"subject": "dossier", "action": "suspend", "items": codes, "due": {"days": 1, "ground": "x"}}
    admin = counter.new_key("all", "admin")
    assert counter.post("/api/v1/batches/preview", other, key=admin).code == "body-invalid"
    lesser = counter.new_key("lesser", "batches", "dossiers:suspend", "dossiers:write", "calls")
    assert counter.post("/api/v1/batches/preview", asked, key=lesser).code == "not-allowed"


def test_a_year_that_was_typed_in_a_hurry_is_refused(
    counter: Counter, operator: Visitor, codes: list[str]
) -> None:
    status, page = seen(operator, counter, codes, day="9999-12-31")
    assert (status, "phải trước năm 2200" in text_of(page)) == (400, True)
    key = counter.new_key("ops", "batches", "dossiers:read", "dossiers:amend")
    for due in ({"day": "9999-12-31", "ground": "g"}, {"days": 1, "ground": " "}):
        asked = {"subject": "dossier", "action": "extend", "items": codes, "due": due}
        assert counter.post("/api/v1/batches/preview", asked, key=key).status == 400
