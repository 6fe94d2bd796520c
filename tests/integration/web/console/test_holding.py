"""Suspend, resume and cancel a dossier: at the console by those who may, over REST with the scope for it."""

import pytest
from sqlalchemy import text

from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call
from tests.support.counter import Counter

ACTS = "/ho-so/{}/viec-lam"


@pytest.fixture
def operator(counter: Counter) -> Visitor:
    return Visitor(counter, "operator")


def decide(counter: Counter, code: str) -> int:
    item = counter.open_item(code)
    body = {"officer": "an", "data": {"decision": "accept"}}
    reply = counter.post(f"/api/v1/work-items/{item}/complete", body, key=counter.officer)
    assert reply.status == 202, reply.body
    return item


def audited(counter: Counter) -> list[tuple[object, ...]]:
    with counter.store.reading() as connection:
        rows = connection.execute(
            text("SELECT what, who, reason FROM audit WHERE what LIKE 'dossier-%' ORDER BY id")
        )
        return [tuple(row) for row in rows]


def test_a_suspended_dossier_stands_still_says_so_and_goes_on_where_it_was(
    counter: Counter, operator: Visitor
) -> None:
    code = counter.new_dossier()
    assert operator.post(ACTS.format(code), {"action": "suspend", "reason": "a court asks"}).status == 303
    item = decide(counter, code)
    counter.apply_all()
    assert counter.scalar("SELECT status FROM event ORDER BY id DESC LIMIT 1") == "pending"
    assert "applied once the dossier is resumed" in operator.page(f"/viec/{item}?lang=en")
    assert 'href="/ho-so?situation=suspended"' in operator.page("/")
    call = add_call(counter, code, "pending")
    refused = operator.post(f"/cuoc-goi/{call}", {"action": "now", "reason": "x"})
    assert refused.status == 409
    assert counter.scalar("SELECT due_at > now() FROM call") is True
    page = text_of(operator.page(f"/ho-so/{code}?lang=en"))
    for told in (
        "Suspended by an operator",
        "operator · a court asks",
        "The legal clock goes on",
        "Events held: 1",
    ):
        assert told in page
    assert "Suspended by an operator" in operator.page("/ho-so?situation=suspended&lang=en")
    assert code in operator.page("/ho-so?situation=suspended")
    assert operator.post(ACTS.format(code), {"action": "resume", "reason": "answered"}).status == 303
    counter.apply_all()
    assert counter.scalar("SELECT count(*) FROM event WHERE status = 'pending'") == 0
    assert code not in operator.page("/ho-so?situation=suspended")
    page = text_of(operator.page(f"/ho-so/{code}?lang=en&tab=operations"))
    assert "a court asks" in page
    assert audited(counter) == [
        ("dossier-suspended", "operator", "a court asks"),
        ("dossier-resumed", "operator", "answered"),
    ]


def test_who_may_not_sees_why_and_is_refused_and_what_cannot_be_is_told_with_what_was_typed(
    counter: Counter, operator: Visitor
) -> None:
    code = counter.new_dossier()
    viewer = Visitor(counter, "viewer")
    assert "Your roles do not include: act on dossiers" in text_of(viewer.page(f"/ho-so/{code}?lang=en"))
    form = {"action": "suspend", "reason": "x"}
    assert viewer.post(ACTS.format(code), form).status == 403
    assert operator.post(ACTS.format(code), form, token="0" * 64).status == 403
    for wrong, status in (({"reason": ""}, 400), ({"action": "explode"}, 400), ({"action": "resume"}, 409)):
        reply = operator.post(ACTS.format(code), {**form, "reason": "because <b>", **wrong})
        assert reply.status == status, wrong
        if wrong.get("reason") != "":
            assert 'value="because &lt;b&gt;"' in reply.body.decode()
    assert audited(counter) == []
    assert counter.scalar("SELECT count(*) FROM suspension") == 0


def test_cancelling_withdraws_once_with_its_reason(counter: Counter, operator: Visitor) -> None:
    code = counter.new_dossier()
    form = {"action": "cancel", "reason": "handed in twice"}
    assert operator.post(ACTS.format(code), form).status == 303
    counter.apply_all()
    assert counter.scalar("SELECT status FROM dossier") == 7
    assert operator.post(ACTS.format(code), form).status == 409
    assert audited(counter) == [("dossier-cancelled", "operator", "handed in twice")]


def test_the_same_over_rest(counter: Counter) -> None:
    code = counter.new_dossier()
    key = counter.new_key("control", "dossiers:suspend", "dossiers:read")
    path = f"/api/v1/dossiers/{code}"
    before = counter.get(path, key=key)
    assert before.json["suspended_at"] is None
    assert counter.post(f"{path}/suspension", {"reason": "x"}, key=counter.desk).code == "not-allowed"
    first = counter.post(f"{path}/suspension", {"reason": "x"}, key=key, once="one")
    again = counter.post(f"{path}/suspension", {"reason": "x"}, key=key, once="one")
    assert (first.status, again.status) == (200, 200)
    assert counter.post(f"{path}/suspension", {"reason": "x"}, key=key).code == "action-not-now"
    after = counter.get(path, key=key)
    assert after.json["suspended_at"]
    assert after.headers["etag"] != before.headers["etag"]
    assert counter.get("/api/v1/dossiers?is_suspended=false", key=key).json["items"] == []
    assert counter.get("/api/v1/dossiers?is_suspended=true", key=key).json["items"][0]["suspended_at"]  # type: ignore[index]
    assert counter.post(f"{path}/resumption", {"reason": "x"}, key=key).status == 200
    assert counter.post(f"{path}/resumption", {"reason": "x"}, key=key).code == "action-not-now"
    assert counter.get(path, key=key).json["suspended_at"] is None
