"""Officers at the console: their unit's items only, the form with its mistakes at the fields, one decision."""

import re

from tests.support.console import Visitor, text_of
from tests.support.counter import Counter
from tests.support.procedures import UNIT


def test_an_officer_decides_once_and_what_was_typed_stays(counter: Counter) -> None:
    code = counter.new_dossier()
    item = counter.open_item(code)
    officer = Visitor(counter, "officer", unit=UNIT)
    assert code in officer.page("/viec")
    page = officer.page(f"/viec/{item}")
    assert 'type="radio" name="f.decision" value="accept"' in page
    wrong = officer.post(f"/viec/{item}", {"f.decision": "refuse", "f.reason": "", "once": "a"})
    assert wrong.status == 422
    again = wrong.body.decode()
    assert '<a href="#f-reason">' in again
    assert 'id="f-reason-error"' in again
    assert "chưa điền" in text_of(again)
    assert 'id="problem" autofocus' in again
    assert "is missing" in officer.post(f"/viec/{item}?lang=en", {"f.decision": "refuse"}).body.decode()
    assert 'value="refuse" checked' in again
    assert "Lỗi: " in again.split("<title>")[1].split("</title>")[0]
    right = officer.post(f"/viec/{item}", {"f.decision": "accept", "once": "b"})
    assert (right.status, right.headers["location"]) == (303, f"/ho-so/{code}?tab=diagram&told=done")
    same = officer.post(f"/viec/{item}", {"f.decision": "accept", "once": "b"})
    assert same.status == 303  # the very same form, sent twice
    other = officer.post(f"/viec/{item}", {"f.decision": "refuse", "f.reason": "Thiếu chữ ký", "once": "c"})
    assert other.status == 409
    late = text_of(other.body.decode())
    assert "Thiếu chữ ký" in late  # typed too late, but not lost
    assert "Quyết định đã có trước đó của officer" in late
    assert '"decision": "•••"' in late
    counter.apply_all()
    assert counter.scalar("SELECT name FROM wait") == "supplement"
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'work-item-completed'") == 1


def test_who_claims_holds_it_until_given_back(counter: Counter) -> None:
    item = counter.open_item(counter.new_dossier())
    one, two = (
        Visitor(counter, "officer", unit=UNIT, name="one"),
        Visitor(counter, "officer", unit=UNIT, name="two"),
    )
    assert one.post(f"/viec/{item}/nhan").status == 303
    refused = two.post(f"/viec/{item}", {"f.decision": "accept", "once": "x"})
    assert refused.status == 409
    assert "đang do one giữ" in text_of(refused.body.decode())
    assert two.post(f"/viec/{item}/nhan").status == 409
    assert one.post(f"/viec/{item}/tra").status == 303
    assert two.post(f"/viec/{item}", {"f.decision": "accept", "once": "x"}).status == 303


def test_another_units_items_are_neither_seen_nor_done(counter: Counter) -> None:
    code = counter.new_dossier()
    item = counter.open_item(code)
    stranger = Visitor(counter, "officer", unit="H98.01")
    assert code not in stranger.page("/viec")
    assert stranger.get(f"/viec?unit={UNIT}").status == 403
    assert stranger.get(f"/viec/{item}").status == 404
    assert stranger.post(f"/viec/{item}", {"f.decision": "accept"}).status == 404
    assert stranger.get(f"/ho-so/{code}").status == 404
    assert re.search(r"Chưa có hồ sơ", stranger.page("/ho-so"))


def test_a_form_begins_with_its_inputs_for_the_one_who_claimed_it(counter: Counter) -> None:
    code = counter.new_dossier(data={"proposal": "Thiếu giấy chứng sinh"})
    item = counter.open_item(code)
    officer, viewer = Visitor(counter, "officer", unit=UNIT), Visitor(counter, "viewer", unit=UNIT)
    assert "Thiếu giấy chứng sinh" not in officer.page(f"/viec/{item}")
    assert "hãy nhận việc" in text_of(officer.page(f"/viec/{item}"))
    officer.post(f"/viec/{item}/nhan")
    assert ">Thiếu giấy chứng sinh</textarea>" in officer.page(f"/viec/{item}")
    assert "Thiếu giấy chứng sinh" not in viewer.page(f"/viec/{item}")
    shown = counter.get(f"/api/v1/work-items/{item}", key=counter.officer).json["form_schema"]
    assert "Thiếu giấy chứng sinh" in str(shown)
    assert (
        counter.scalar("SELECT count(*) FROM audit WHERE what = 'personal-data-read' AND who = 'officer'")
        == 1
    )
    asked = "SELECT count(*) FROM audit WHERE what = 'work-item-claimed' AND facts @> :facts"
    assert counter.scalar(asked, facts=f'{{"work_item": {item}}}') == 1


def test_late_items_and_my_own_can_be_asked_for(counter: Counter) -> None:
    code = counter.new_dossier()
    item = counter.open_item(code)
    officer = Visitor(counter, "officer", unit=UNIT)
    assert code not in officer.page("/viec?mine=yes")
    assert code not in officer.page("/viec?late=yes")
    officer.post(f"/viec/{item}/nhan")
    assert code in officer.page("/viec?mine=yes")
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE dossier SET due_at = '2020-01-01'")
    assert code in officer.page("/viec?late=yes")
    assert "Quá hạn" in text_of(officer.page(f"/viec/{item}"))
