"""Calls, messages and partners: found by filter, bodies masked until asked for with a reason, acts by hand."""

import re

from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call, add_incident, add_message
from tests.support.counter import Counter


def test_a_call_shows_its_attempts_and_hides_what_they_carried(counter: Counter) -> None:
    call = add_call(counter, counter.new_dossier())
    operator = Visitor(counter, "operator")
    assert f'href="/cuoc-goi/{call}"' in operator.page("/cuoc-goi?status=unknown&partner=agency")
    page = operator.page(f"/cuoc-goi/{call}")
    assert "•••" in page
    assert "Nguyễn Văn Thử" not in page
    assert "Trần Thị Mẫu" not in page
    assert "HoTen" in page
    assert operator.post(f"/cuoc-goi/{call}/mo", {"reason": ""}).status == 400
    seen = operator.post(f"/cuoc-goi/{call}/mo", {"reason": "the citizen asks"}).headers["location"]
    assert "Trần Thị Mẫu" in operator.page(seen)
    other = Visitor(counter, "operator", name="other")
    assert "Trần Thị Mẫu" not in other.page(seen)  # the address opens nothing for others
    assert counter.scalar("SELECT reason FROM audit WHERE what = 'personal-data-read'") == "the citizen asks"


def test_an_unknown_call_is_asked_after_and_none_that_does_not_allow_it(counter: Counter) -> None:
    code = counter.new_dossier()
    queryable, neither = add_call(counter, code), add_call(counter, code, repeat="neither")
    operator = Visitor(counter, "operator")
    assert operator.post(f"/cuoc-goi/{queryable}", {"action": "ask", "reason": "now"}).status == 303
    assert counter.scalar("SELECT due_at <= now() FROM call WHERE id = :id", id=queryable) is True
    assert operator.post(f"/cuoc-goi/{queryable}", {"action": "resend", "reason": "x"}).status == 409
    assert operator.post(f"/cuoc-goi/{neither}", {"action": "ask", "reason": "x"}).status == 409
    add_incident(counter, code, cause="unknown-outcome", call=neither, actions=("done", "resend"))
    assert "/su-co/" in operator.page(f"/cuoc-goi/{neither}")


def test_an_unclaimed_message_is_given_to_the_dossier_that_waits_for_it(counter: Counter) -> None:
    code = counter.new_dossier()
    item = counter.open_item(code)
    counter.post(f"/api/v1/work-items/{item}/complete", {"data": {"decision": "accept"}}, key=counter.officer)
    counter.apply_all()
    message = add_message(counter, "supplement", "a wrong key")
    operator = Visitor(counter, "operator")
    assert f'href="/thong-diep/{message}"' in operator.page("/thong-diep?status=unclaimed")
    assert "Lê Thị Giấu" not in operator.page(f"/thong-diep/{message}")
    missing = operator.post(f"/thong-diep/{message}", {"dossier": "H99.14-000000-0000", "reason": "x"})
    assert missing.status == 404
    assert "H99.14-000000-0000" in missing.body.decode()
    assert operator.post(f"/thong-diep/{message}", {"dossier": code, "reason": "same person"}).status == 303
    counter.apply_all()
    assert counter.scalar("SELECT status FROM message WHERE id = :id", id=message) == "delivered"
    assert counter.scalar("SELECT status FROM dossier WHERE code = :code", code=code) == 8
    assert operator.post(f"/thong-diep/{message}", {"dossier": code, "reason": "x"}).status == 409


def test_a_partner_shows_how_it_stands_and_is_paused_with_a_reason(counter: Counter) -> None:
    add_call(counter, counter.new_dossier(), "pending")
    operator = Visitor(counter, "operator")
    text = text_of(operator.page("/doi-tac?lang=en"))
    assert "Waiting to be sent: 1" in text
    assert re.search(r"p50 1\.0\d\d s", text)
    assert operator.post("/doi-tac/agency", {"action": "pause", "reason": "they mend"}).status == 303
    assert "they mend" in operator.page("/doi-tac")
    assert operator.post("/doi-tac/agency", {"action": "resume", "reason": "mended"}).status == 303
    assert counter.scalar("SELECT paused FROM partner WHERE name = 'agency'") is False
    assert operator.post("/doi-tac/nobody", {"action": "pause", "reason": "x"}).status == 404
    assert operator.post("/doi-tac/agency", {"action": "explode", "reason": "x"}).status == 400


def test_a_message_nobody_took_tells_who_might_be_meant(counter: Counter) -> None:
    near, far = counter.new_dossier(), counter.new_dossier()
    for code in (near, far):
        body = {"data": {"decision": "accept"}}
        counter.post(f"/api/v1/work-items/{counter.open_item(code)}/complete", body, key=counter.officer)
    counter.apply_all()
    wrong = add_message(counter, "supplement", f"{near}-x")
    stranger = add_message(counter, "nothing", "nobody")
    operator = Visitor(counter, "operator")
    page = operator.page(f"/thong-diep/{wrong}")
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert table.index(near) < table.index(far)
    assert "Không bước nào đang chờ" in operator.page(f"/thong-diep/{stranger}")
    elsewhere = Visitor(counter, "viewer", unit="H98.01", name="far")
    assert near not in elsewhere.get(f"/thong-diep/{wrong}").body.decode()


def test_the_original_of_a_message_is_given_with_a_reason_that_is_written_down(counter: Counter) -> None:
    message = add_message(counter, "supplement", "x")
    operator, viewer = Visitor(counter, "operator"), Visitor(counter, "viewer")
    path = f"/thong-diep/{message}/goc"
    reply = operator.post(path, {"reason": "khiếu nại"})
    assert (reply.status, reply.body) == (200, '{"who": "Lê Thị Giấu"}'.encode())
    assert reply.headers["content-disposition"].startswith("attachment")
    assert operator.post(path, {"reason": " "}).status == 400
    assert viewer.post(path, {"reason": "x"}).status == 403
    told = counter.scalar("SELECT facts ->> 'field' FROM audit WHERE what = 'personal-data-read'")
    assert told == f"message:{message}, as it came"
