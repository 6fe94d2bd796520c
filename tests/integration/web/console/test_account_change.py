"""An account is changed in two steps: the effect is seen first, and holds only while the account is as it was seen."""

import html
import re

import pytest

from engine.actions import accounts, sessions
from tests.support.console import Visitor, text_of
from tests.support.counter import Counter
from tests.support.procedures import UNIT

CHANGE = {"role": ["operator"], "enabled": "yes", "reason": "đổi việc", "action": "change"}


def fields(page: str) -> dict[str, str | list[str]]:
    """What the form of a preview would send."""
    form = page.split('class="act"')[1].split("</form>", maxsplit=1)[0]
    pairs = re.findall(r'<input [^>]*name="([a-z]+)" value="([^"]*)"', form)
    found: dict[str, str | list[str]] = {
        name: html.unescape(value) for name, value in pairs if name != "role"
    }
    return found | {"role": [value for name, value in pairs if name == "role"]}


@pytest.fixture
def lan(counter: Counter) -> Visitor:
    return Visitor(counter, "officer", unit=UNIT, name="lan")


def roles(counter: Counter) -> object:
    return counter.scalar("SELECT roles FROM account WHERE name = 'lan'")


def test_the_effect_is_seen_before_it_is_done(counter: Counter, lan: Visitor) -> None:
    admin = Visitor(counter, "admin")
    preview = admin.post(f"/tai-khoan/{lan.account}", CHANGE)
    assert (preview.status, roles(counter)) == (200, ["officer"])
    told = text_of(preview.body.decode())
    gained, lost = told.split("Được thêm quyền")[1].split("Mất quyền")
    assert "tạm dừng đối tác" in gained
    assert "đọc nhật ký" in gained
    assert "xử lý việc của cán bộ" in lost
    assert "xem hồ sơ" not in gained + lost.split("Lý do")[0]
    done = admin.post(f"/tai-khoan/{lan.account}", fields(preview.body.decode()))
    assert (done.status, roles(counter)) == (303, ["operator"])
    assert counter.scalar("SELECT reason FROM audit WHERE what = 'account-changed'") == "đổi việc"


def test_a_stale_form_gets_both_versions_and_can_be_confirmed_anew(counter: Counter, lan: Visitor) -> None:
    admin = Visitor(counter, "admin")
    preview = fields(admin.post(f"/tai-khoan/{lan.account}", CHANGE).body.decode())
    accounts.change(
        counter.store, lan.account, roles=["viewer"], unit=UNIT, enabled=True, by="mai", reason="x"
    )
    stale = admin.post(f"/tai-khoan/{lan.account}", preview)
    assert (stale.status, roles(counter)) == (412, ["viewer"])
    told = text_of(stale.body.decode())
    assert re.search(r"Giá trị bạn đã thấy Cán bộ .* Giá trị hiện tại Người xem", told)
    again = admin.post(f"/tai-khoan/{lan.account}", fields(stale.body.decode()))
    assert (again.status, roles(counter)) == (303, ["operator"])


@pytest.mark.parametrize("seen", ["", "[]", "{}", "[1, 2, 3]", "[[], null]", '"x"'])
def test_a_confirmation_that_saw_nothing_changes_nothing(counter: Counter, lan: Visitor, seen: str) -> None:
    admin = Visitor(counter, "admin")
    sent = admin.post(f"/tai-khoan/{lan.account}", {**CHANGE, "confirmed": "yes", "seen": seen})
    assert (sent.status, roles(counter)) in ((400, ["officer"]), (412, ["officer"]))


def test_without_a_reason_there_is_no_preview(counter: Counter, lan: Visitor) -> None:
    admin = Visitor(counter, "admin")
    assert admin.post(f"/tai-khoan/{lan.account}", {**CHANGE, "reason": " "}).status == 400


def test_whoever_is_switched_off_loses_every_right(counter: Counter, lan: Visitor) -> None:
    admin = Visitor(counter, "admin")
    off = {"role": ["officer"], "unit": UNIT, "reason": "nghỉ việc", "action": "change"}
    preview = admin.post(f"/tai-khoan/{lan.account}", off).body.decode()
    assert "xem hồ sơ" in text_of(preview).split("Mất quyền")[1]
    assert admin.post(f"/tai-khoan/{lan.account}", fields(preview)).status == 303
    assert sessions.of_session(counter.store, lan.session) is None
