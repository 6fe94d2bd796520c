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
    assert "Thiếu chữ ký" in text_of(other.body.decode())  # typed too late, but not lost
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
    assert "claimed by one" in text_of(refused.body.decode())
    assert two.post(f"/viec/{item}/nhan").status == 409
    assert one.post(f"/viec/{item}/tra").status == 303
    assert two.post(f"/viec/{item}", {"f.decision": "accept", "once": "x"}).status == 303


def test_another_units_items_are_neither_seen_nor_done(counter: Counter) -> None:
    code = counter.new_dossier()
    item = counter.open_item(code)
    stranger = Visitor(counter, "officer", unit="H98.01")
    assert code not in stranger.page("/viec")
    assert stranger.get(f"/viec?unit={UNIT}").status == 403
    assert stranger.get(f"/viec/{item}").status == 403
    assert stranger.post(f"/viec/{item}", {"f.decision": "accept"}).status == 403
    assert stranger.get(f"/ho-so/{code}").status == 403
    assert re.search(r"Chưa có hồ sơ", stranger.page("/ho-so"))
