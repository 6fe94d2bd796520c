"""Many calls at once: a frozen list, each item with what came of it, totals that add up; the list's columns and filters."""

import re

import pytest
from sqlalchemy import text

from engine.actions import batches
from tests.support.bulk import confirm, preview, totals
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call, add_incident
from tests.support.counter import Counter

LIST = "/cuoc-goi"


@pytest.fixture
def operator(counter: Counter) -> Visitor:
    return Visitor(counter, "operator")


@pytest.fixture
def code(counter: Counter) -> str:
    return counter.new_dossier()


def waiting(counter: Counter, code: str) -> int:
    """A call that waits and was certainly never processed."""
    call = add_call(counter, code, "pending")
    change(counter, "UPDATE attempt SET outcome = 'not_sent', http_status = 503 WHERE call_id = :id", id=call)
    return call


def change(counter: Counter, sql: str, **values: object) -> None:
    with counter.store.transaction() as connection:
        connection.execute(text(sql), values)


def test_calls_are_held_and_released_and_what_went_on_meanwhile_is_skipped_with_its_reason(
    counter: Counter, operator: Visitor, code: str
) -> None:
    ids = [waiting(counter, code) for _ in range(3)]
    gone = add_call(counter, code, "done")
    page = preview(operator, LIST, "hold", call=[str(one) for one in (*ids, gone)])
    assert re.search(r"<dd>3</dd>.*?<dd>1</dd>", page, re.S)
    assert "Xong: 1" in text_of(page)  # what is ignored, by its state
    change(counter, "UPDATE call SET status = 'sending' WHERE id = :id", id=ids[1])
    status, where = confirm(operator, LIST, page)
    assert status == 303
    assert batches.run_waiting(counter.store, counter.clock) == 3
    assert totals(operator, where) == [3, 2, 1, 0, 0]
    assert f"cuộc gọi {ids[1]} đang ở trạng thái sending, không cho phép hold" in text_of(
        operator.page(where)
    )
    listed = operator.page("/cuoc-goi?status=held&lang=en")
    assert [one for one in ids if f'<a href="/cuoc-goi/{one}">{one}</a></th>' in listed] == [ids[0], ids[2]]
    assert "operator (batch 1)" in text_of(listed)
    assert "they mend" in text_of(listed)
    assert "Held by an operator" in operator.page(f"/ho-so/{code}?lang=en")
    page = preview(operator, LIST, "release", all="yes", filter_status="held")
    assert totals(operator, confirm(operator, LIST, page)[1]) == [2, 0, 0, 0, 2]
    batches.run_waiting(counter.store, counter.clock)
    assert counter.scalar("SELECT count(*) FROM call_hold") == 0
    assert counter.scalar("SELECT count(*) FROM call WHERE status = 'pending' AND due_at <= now()") == 2
    audited = "SELECT count(*) FROM audit WHERE what = 'call-hold' AND who = 'operator (batch 1)'"
    assert counter.scalar(audited) == 2


def test_an_act_and_its_note_are_one_transaction(counter: Counter, code: str, operator: Visitor) -> None:
    ids = [waiting(counter, code) for _ in range(2)]
    batch = batches.create(counter.store, "hold", ids, subject="call", by="lan", reason="x", target="")
    change(counter, "ALTER TABLE batch_item ADD CONSTRAINT no_note CHECK (status <> 'done') NOT VALID")
    with pytest.raises(Exception, match="no_note"):
        batches.run_waiting(counter.store, counter.clock)
    assert counter.scalar("SELECT count(*) FROM call_hold") == 0
    change(counter, "ALTER TABLE batch_item DROP CONSTRAINT no_note")
    batches.run_waiting(counter.store, counter.clock)
    assert totals(operator, f"/lo/{batch}") == [2, 2, 0, 0, 0]


def test_withdrawing_many_asks_for_the_number_and_takes_only_what_is_certain(
    counter: Counter, operator: Visitor, code: str
) -> None:
    ids = [waiting(counter, code) for _ in range(2)]
    uncertain = add_call(counter, code, "pending")  # its attempt came to nothing that is known
    page = preview(operator, LIST, "withdraw", call=[str(one) for one in (*ids, uncertain)])
    assert re.search(r"<dd>2</dd>.*?<dd>1</dd>", page, re.S)
    assert confirm(operator, LIST, page)[0] == 400
    status, where = confirm(operator, LIST, page, count="2")
    assert status == 303
    batches.run_waiting(counter.store, counter.clock)
    assert totals(operator, where) == [2, 2, 0, 0, 0]
    assert "Waiting to run: 2" in text_of(operator.page(f"{where}?lang=en"))
    assert counter.scalar("SELECT count(*) FROM call WHERE status = 'withdrawn'") == 2
    assert counter.scalar("SELECT status FROM call WHERE id = :id", id=uncertain) == "pending"


def test_every_act_has_its_state_and_an_incident_comes_before_them(
    counter: Counter, operator: Visitor, code: str
) -> None:
    for status, repeat, acts in (
        ("pending", "neither", ("now", "hold")),
        ("unknown", "queryable", ("ask",)),
        ("unknown", "idempotent", ("resend",)),
        ("unknown", "neither", ()),
        ("done", "queryable", ()),
    ):
        call = add_call(counter, code, status, repeat=repeat)
        page = operator.page(f"/cuoc-goi/{call}")
        assert re.findall(r'name="action" value="(\w+)"', page) == list(acts), status
        add_incident(counter, code, call=call, actions=("close",))
        assert 'name="action"' not in operator.page(f"/cuoc-goi/{call}")


def test_who_may_not_sees_why_and_what_is_malformed_does_nothing(
    counter: Counter, operator: Visitor, code: str
) -> None:
    call = str(waiting(counter, code))
    viewer = Visitor(counter, "viewer")
    assert "disabled" in viewer.page("/cuoc-goi")
    for path, form in (("/cuoc-goi/xem-truoc", {"action": "hold", "call": call}), ("/cuoc-goi/lo", {})):
        assert viewer.post(path, form).status == 403
    for form in (
        {"action": "explode", "call": call}, {"action": "hold"}, {"action": "hold", "call": "x"},
        {"action": "hold", "all": "yes", "filter_status": "asleep"},
        {"action": "hold", "all": "yes", "filter_answer": "99"},
    ):  # fmt: skip
        assert operator.post("/cuoc-goi/xem-truoc", form).status == 400, form
    page = preview(operator, LIST, "hold", call=[call])
    assert confirm(Visitor(counter, "admin"), LIST, page)[0] == 403
    assert counter.scalar("SELECT count(*) FROM batch") == 0


def test_the_list_is_narrowed_by_every_column(counter: Counter, operator: Visitor, code: str) -> None:
    one, other = waiting(counter, code), add_call(counter, code, "unknown")
    change(counter, "UPDATE call SET attempt = 4, due_at = '2026-03-04T09:00+07' WHERE id = :id", id=one)
    change(
        counter,
        "UPDATE attempt SET reply = convert_to(repeat('x', 5000), 'UTF8') WHERE call_id = :id",
        id=other,
    )
    for query, found in (
        ("answer=503", [one]), ("answer=502", [other]), ("outcome=not_sent", [one]), ("attempts=2", [one]),
        ("size=4000", [other]), ("due_since=2026-03-04&due_until=04/03/2026", [one]), ("until=2020-01-01", []),
        ("since=2020-01-01", [one, other]), ("status=held", []), (f"dossier={code}&answer=502", [other]),
    ):  # fmt: skip
        page = operator.page(f"/cuoc-goi?{query}")
        assert [
            id_ for id_ in (one, other) if f'<a href="/cuoc-goi/{id_}">{id_}</a></th>' in page
        ] == found, query
    for wrong in ("answer=9", "answer=abc", "attempts=-1", "outcome=odd", "size=many", "since=tomorrow"):
        assert operator.get(f"/cuoc-goi?{wrong}").status == 400, wrong


def test_the_list_tells_attempts_of_how_many_the_last_answer_and_bytes(
    counter: Counter, operator: Visitor, code: str
) -> None:
    first, second = waiting(counter, code), waiting(counter, code)
    change(counter, "UPDATE call SET sends = 1")
    change(counter, "UPDATE attempt SET request = 'abc', reply = 'abcdef'")
    page = text_of(operator.page("/cuoc-goi?lang=en"))
    assert "1/8" in page
    assert "503 Certainly not processed" in page
    assert "3 / 6" in page
    assert f"Waits behind call {first}" in page
    assert f"Waits behind call {second}" not in page


def test_a_call_that_is_given_up_shows_its_last_three_answers_side_by_side(
    counter: Counter, operator: Visitor, code: str
) -> None:
    call = add_call(counter, code, "refused")
    for number in range(2, 6):
        change(
            counter,
            "INSERT INTO attempt (call_id, ask, number, worker, started_at, ended_at, outcome, http_status, detail)"
            " VALUES (:id, false, :number, 'w', now() + make_interval(secs => :number), now(), 'refused', 400, :detail)",
            id=call, number=number, detail=f"answer {number}",
        )  # fmt: skip
    page = operator.page(f"/cuoc-goi/{call}?lang=en")
    table = page[page.index("The last three answers") : page.index("</table>")]
    assert [number for number in range(1, 6) if f"answer {number}" in table] == [3, 4, 5]
    assert "The last three answers" not in operator.page(
        f"/cuoc-goi/{add_call(counter, code, 'done')}?lang=en"
    )


def test_a_hold_needs_its_reason_and_is_told_on_the_page(
    counter: Counter, operator: Visitor, code: str
) -> None:
    call = waiting(counter, code)
    assert operator.post(f"/cuoc-goi/{call}", {"action": "hold", "reason": " "}).status == 400
    assert operator.post(f"/cuoc-goi/{call}", {"action": "hold", "reason": "wait <b>"}).status == 303
    page = operator.page(f"/cuoc-goi/{call}?lang=en")
    assert "wait &lt;b&gt;" in page
    assert "Not until it is released" in page
    assert re.findall(r'name="action" value="(\w+)"', page) == ["release", "withdraw"]
    assert operator.post(f"/cuoc-goi/{call}", {"action": "now", "reason": "x"}).status == 409


def test_a_new_key_takes_a_right_of_its_own_and_the_dossiers_code(
    counter: Counter, operator: Visitor, code: str
) -> None:
    call = add_call(counter, code, "refused")
    change(counter, "UPDATE attempt SET outcome = 'refused'")
    path, form = f"/cuoc-goi/{call}/khoa-moi", {"dossier": code, "reason": "they mended"}
    admin = Visitor(counter, "admin")
    assert "Your roles do not include: send again with a new key" in text_of(
        operator.page(f"/cuoc-goi/{call}?lang=en")
    )
    assert operator.post(path, form).status == 403
    assert admin.post(path, form | {"dossier": "H99"}).status == 400
    assert 'value="they mended"' in admin.post(path, form | {"dossier": ""}).body.decode()
    assert admin.post(path, form | {"reason": " "}).status == 400
    assert counter.scalar("SELECT status FROM call") == "refused"
    assert admin.post(path, form).status == 303
    assert counter.scalar("SELECT status FROM call") == "withdrawn"
    assert admin.post(path, form).status == 409
    uncertain = add_call(counter, code, "refused")
    assert "khoa-moi" not in admin.page(f"/cuoc-goi/{uncertain}")
    assert admin.post(f"/cuoc-goi/{uncertain}/khoa-moi", form).status == 409
