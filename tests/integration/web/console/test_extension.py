"""A later due date: seen first, confirmed with its ground, once; never brought forward, and never over somebody else's."""

import html
import re
from datetime import datetime

import pytest

from tests.support.console import Visitor, text_of
from tests.support.counter import Counter

ASK = {"day": "2026-03-20", "ground": "Điều 19 NĐ 118/2025", "reason": "chờ xác minh"}


@pytest.fixture
def operator(counter: Counter) -> Visitor:
    return Visitor(counter, "operator")


def due(counter: Counter, code: str) -> datetime:
    found = counter.scalar("SELECT due_at FROM dossier WHERE code = :code", code=code)
    assert isinstance(found, datetime)
    return found


def confirmation(page: str) -> dict[str, str]:
    form = page.split('class="act"')[1].split("</form>", maxsplit=1)[0]
    return {
        name: html.unescape(value) for name, value in re.findall(r'name="([a-z]+)" value="([^"]*)"', form)
    }


def test_the_effect_is_seen_before_it_is_done_and_then_stands_in_ledger_history_and_trail(
    counter: Counter, operator: Visitor
) -> None:
    code = counter.new_dossier()
    before = due(counter, code)
    preview = operator.post(f"/ho-so/{code}/gia-han", ASK)
    assert preview.status == 200
    assert "20/03/2026 17:00:00" in text_of(preview.body.decode())
    counter.apply_all()
    assert due(counter, code) == before
    done = operator.post(f"/ho-so/{code}/gia-han", confirmation(preview.body.decode()))
    assert (done.status, done.headers["location"]) == (303, f"/ho-so/{code}?tab=ledger&told=done")
    counter.apply_all()
    assert due(counter, code).isoformat() == "2026-03-20T10:00:00+00:00"
    ledger = text_of(operator.page(f"/ho-so/{code}?tab=ledger"))
    assert "gia hạn chờ xác minh Điều 19 NĐ 118/2025" in ledger
    assert "Gia hạn" in text_of(operator.page(f"/ho-so/{code}?tab=timeline"))
    assert counter.scalar("SELECT reason FROM audit WHERE what = 'dossier-extended'") == "chờ xác minh"
    assert counter.get(f"/api/v1/dossiers/{code}/evidence", key=counter.desk).json["holds"]


def test_a_year_that_was_typed_in_a_hurry_is_refused(counter: Counter, operator: Visitor) -> None:
    code = counter.new_dossier()
    refused = operator.post(f"/ho-so/{code}/gia-han", {**ASK, "day": "9999-12-31"})
    assert (refused.status, "phải trước năm 2200" in html.unescape(refused.body.decode())) == (400, True)


def test_a_day_off_rolls_to_the_next_working_day(counter: Counter, operator: Visitor) -> None:
    code = counter.new_dossier()
    preview = operator.post(f"/ho-so/{code}/gia-han", {**ASK, "day": "2026-03-21"})  # a Saturday
    assert "23/03/2026 17:00:00" in text_of(preview.body.decode())


@pytest.mark.parametrize(
    "wrong", [{"day": "2026-03-02"}, {"day": ""}, {"day": "soon"}, {"ground": " "}, {"reason": ""},
     {"reason": "x" * 2001}, {"ground": "x" * 501}]
)  # fmt: skip
def test_what_cannot_be_is_refused_with_what_was_typed(
    counter: Counter, operator: Visitor, wrong: dict[str, str]
) -> None:
    code = counter.new_dossier()
    before = due(counter, code)
    refused = operator.post(f"/ho-so/{code}/gia-han", {**ASK, **wrong, "confirmed": "yes"})
    assert refused.status == 400
    assert 'role="alert"' in refused.body.decode()
    counter.apply_all()
    assert due(counter, code) == before


def test_two_at_once_move_it_once_and_the_second_sees_both(counter: Counter, operator: Visitor) -> None:
    code = counter.new_dossier()
    form = confirmation(operator.post(f"/ho-so/{code}/gia-han", ASK).body.decode())
    later = confirmation(operator.post(f"/ho-so/{code}/gia-han", {**ASK, "day": "2026-03-27"}).body.decode())
    assert operator.post(f"/ho-so/{code}/gia-han", form).status == 303
    assert (
        operator.post(f"/ho-so/{code}/gia-han", form).status == 303
    )  # told, but its event finds another date
    counter.apply_all()
    stale = operator.post(f"/ho-so/{code}/gia-han", later)
    assert stale.status == 412
    assert "20/03/2026 17:00:00" in text_of(stale.body.decode())
    assert counter.scalar("SELECT count(*) FROM ledger_entry WHERE kind = 'extend'") == 1
    assert (
        counter.scalar(
            "SELECT count(*) FROM timeline WHERE convert_from(body, 'UTF8') LIKE '%extension-refused%'"
        )
        == 1
    )
    assert operator.post(f"/ho-so/{code}/gia-han", confirmation(stale.body.decode())).status == 303
    counter.apply_all()
    assert due(counter, code).isoformat() == "2026-03-27T10:00:00+00:00"


def test_a_dossier_that_is_over_takes_no_extension(counter: Counter, operator: Visitor) -> None:
    code = counter.new_dossier()
    assert operator.post(f"/ho-so/{code}/viec-lam", {"action": "cancel", "reason": "x"}).status == 303
    counter.apply_all()
    assert operator.post(f"/ho-so/{code}/gia-han", ASK).status == 409


def test_only_those_who_may_act_extend(counter: Counter) -> None:
    code = counter.new_dossier()
    assert Visitor(counter, "viewer").post(f"/ho-so/{code}/gia-han", ASK).status == 403
