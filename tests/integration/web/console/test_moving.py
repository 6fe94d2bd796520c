"""Another step by hand: seen first, confirmed once, refused where the dossier went on, told in history and trail."""

import html
import re

import pytest

from tests.support.console import Visitor, text_of
from tests.support.counter import Counter


@pytest.fixture
def engineer(counter: Counter) -> Visitor:
    return Visitor(counter, "engineer")


def address(code: str) -> str:
    return f"/ho-so/{code}/chuyen-buoc"


def form_of(page: str) -> dict[str, str]:
    form = page.split('class="act"')[1].split("</form>", maxsplit=1)[0]
    found = re.findall(r'name="([a-z]+)" value="([^"]*)"', form) + re.findall(
        r'name="(reason)" value="([^"]*)"', form
    )
    return {name: html.unescape(value) for name, value in found}


def preview(visitor: Visitor, code: str, target: str) -> dict[str, str]:
    """The confirmation's fields, after the places and the effect were seen."""
    chosen = form_of(visitor.page(address(code))) | {"target": target, "reason": "nhầm bước"}
    seen = visitor.post(address(code), chosen)
    assert seen.status == 200, text_of(seen.body.decode())
    return form_of(seen.body.decode())


def waiting(counter: Counter, code: str) -> set[str]:
    held = counter.get(f"/api/v1/dossiers/{code}", key=counter.desk).json["held_by"]
    return {one["element"] for one in held if one["kind"] in ("work-item", "wait")}


def test_forward_ends_the_work_item_and_begins_the_step_as_drawn(counter: Counter, engineer: Visitor) -> None:
    code = counter.new_dossier()
    assert waiting(counter, code) == {"check"}
    places = text_of(engineer.page(address(code)))
    assert "Đang ở bước: Kiểm tra" in places
    form = preview(engineer, code, "wait")
    counter.apply_all()
    assert waiting(counter, code) == {"check"}  # only looked at
    done = engineer.post(address(code), form)
    assert (done.status, done.headers["location"]) == (303, f"/ho-so/{code}?tab=timeline&told=done")
    counter.apply_all()
    assert waiting(counter, code) == {"wait"}
    assert counter.scalar("SELECT status FROM dossier WHERE code = :code", code=code) == 5
    assert counter.scalar("SELECT string_agg(status, ' ') FROM work_item") == "cancelled"
    assert "Chuyển bước" in text_of(engineer.page(f"/ho-so/{code}?tab=timeline"))
    assert counter.scalar("SELECT reason FROM audit WHERE what = 'dossier-moved'") == "nhầm bước"
    assert counter.get(f"/api/v1/dossiers/{code}/evidence", key=counter.desk).json["holds"]


def test_back_says_how_often_the_step_was_done_and_opens_a_new_work_item(
    counter: Counter, engineer: Visitor
) -> None:
    code = counter.new_dossier()
    assert engineer.post(address(code), preview(engineer, code, "wait")).status == 303
    counter.apply_all()
    chosen = form_of(engineer.page(address(code))) | {"target": "check", "reason": "x"}
    seen = engineer.post(address(code), chosen).body.decode()
    assert "Số lần đã vào bước: 1" in text_of(seen)
    assert engineer.post(address(code), form_of(seen)).status == 303
    counter.apply_all()
    assert waiting(counter, code) == {"check"}
    assert counter.scalar("SELECT count(*) FROM work_item WHERE status = 'open'") == 1


def test_a_confirmation_counts_once_and_not_after_the_dossier_went_on(
    counter: Counter, engineer: Visitor
) -> None:
    code = counter.new_dossier()
    form, other = preview(engineer, code, "wait"), preview(engineer, code, "check")
    assert engineer.post(address(code), form).status == 303
    assert engineer.post(address(code), other).status == 303  # both before anything was applied
    counter.apply_all()
    assert waiting(counter, code) == {"wait"}
    assert "Không chuyển bước được" in text_of(engineer.page(f"/ho-so/{code}?tab=timeline&failed=yes"))
    assert engineer.post(address(code), form).status == 409  # its token is gone


def test_what_changed_at_the_same_step_is_seen_again_before_it_is_done(
    counter: Counter, engineer: Visitor
) -> None:
    code = counter.new_dossier()
    form = preview(engineer, code, "wait")
    stale = engineer.post(address(code), form | {"seen": "0"})
    assert stale.status == 412
    assert form_of(stale.body.decode()) | {"csrf": ""} == form | {"csrf": ""}
    counter.apply_all()
    assert waiting(counter, code) == {"check"}


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"target": "start"}, 400),
        ({"target": "nowhere"}, 400),
        ({"target": ""}, 400),
        ({"reason": " "}, 400),
        ({"task": "t999"}, 409),
        ({"task": "\x00<script>"}, 400),
        ({"seen": "-1"}, 412),
        ({"seen": "٣"}, 412),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    counter: Counter, engineer: Visitor, wrong: dict[str, str], status: int
) -> None:
    code = counter.new_dossier()
    refused = engineer.post(address(code), preview(engineer, code, "wait") | wrong)
    assert refused.status == status
    assert 'role="alert"' in refused.body.decode()
    counter.apply_all()
    assert waiting(counter, code) == {"check"}


def test_a_dossier_that_is_over_goes_nowhere(counter: Counter, engineer: Visitor) -> None:
    code = counter.new_dossier()
    form = preview(engineer, code, "wait")
    assert engineer.post(f"/ho-so/{code}/viec-lam", {"action": "cancel", "reason": "x"}).status == 303
    counter.apply_all()
    assert engineer.post(address(code), form).status == 409
    assert engineer.get(address(code)).status == 409


def test_only_the_right_for_it_moves(counter: Counter, engineer: Visitor) -> None:
    code = counter.new_dossier()
    operator = Visitor(counter, "operator")
    assert operator.get(address(code)).status == 403
    assert operator.post(address(code), preview(engineer, code, "wait")).status == 403
    assert "disabled" in operator.page(f"/ho-so/{code}?tab=diagram")
