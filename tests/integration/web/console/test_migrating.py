"""A dossier moved to another version: judged and seen first, confirmed once, refused with what differs."""

import html
import re

import pytest

from tests.support.console import Visitor, text_of
from tests.support.counter import MODEL, Counter
from tests.support.versions import new_version


@pytest.fixture
def engineer(counter: Counter) -> Visitor:
    return Visitor(counter, "engineer")


def address(code: str) -> str:
    return f"/ho-so/{code}/doi-phien-ban"


def form_of(page: str) -> dict[str, str]:
    form = page.split('class="act"')[1].split("</form>", maxsplit=1)[0]
    found = re.findall(r'name="([a-z]+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


def preview(visitor: Visitor, code: str, target: int) -> str:
    seen = visitor.post(address(code), {"target": str(target), "reason": "luật mới"})
    assert seen.status == 200, text_of(seen.body.decode())
    return seen.body.decode()


def waiting(counter: Counter, code: str) -> set[str]:
    held = counter.get(f"/api/v1/dossiers/{code}", key=counter.desk).json["held_by"]
    return {one["element"] for one in held if one["kind"] in ("work-item", "wait")}


def test_a_dossier_goes_on_the_new_way_from_the_step_where_it_stands(
    counter: Counter, engineer: Visitor
) -> None:
    code, new = counter.new_dossier(), new_version(counter)
    assert f'value="{new}"' in engineer.page(address(code))
    seen = preview(engineer, code, new)
    assert "An toàn" in text_of(seen)
    assert "biểu mẫu mới: check" in text_of(seen)
    counter.apply_all()
    assert counter.scalar("SELECT deployment_id FROM dossier") == 1  # only looked at
    done = engineer.post(address(code), form_of(seen))
    assert (done.status, done.headers["location"]) == (303, f"/ho-so/{code}?tab=timeline&told=done")
    counter.apply_all()
    assert waiting(counter, code) == {"check"}
    assert counter.scalar("SELECT deployment_id FROM instance") == new
    body = {"data": {"decision": "accept"}}
    counter.post(f"/api/v1/work-items/{counter.open_item(code)}/complete", body, key=counter.officer)
    counter.apply_all()
    assert waiting(counter, code) == {"second"}
    assert "Chuyển sang phiên bản khác" in text_of(engineer.page(f"/ho-so/{code}?tab=timeline"))
    assert counter.scalar("SELECT reason FROM audit WHERE what = 'dossier-migrated'") == "luật mới"
    assert counter.get(f"/api/v1/dossiers/{code}/evidence", key=counter.desk).json["holds"]


def test_what_would_not_mean_the_same_is_told_and_cannot_be_confirmed(
    counter: Counter, engineer: Visitor
) -> None:
    code = counter.new_dossier()
    new = new_version(counter, MODEL.replace(b'candidateGroups="officer"', b'candidateGroups="leader"'))
    seen = preview(engineer, code, new)
    assert "Kiểm tra check : nhóm cán bộ, biểu mẫu hoặc đầu vào khác" in text_of(seen)
    assert "confirmed" not in form_of(seen)
    forced = {"target": str(new), "confirmed": "yes", "seen": "1", "reason": "x"}
    assert engineer.post(address(code), forced).status == 409
    assert counter.scalar("SELECT count(*) FROM event WHERE kind = 'migrated'") == 0


def test_a_confirmation_after_it_went_on_is_seen_again(counter: Counter, engineer: Visitor) -> None:
    code, new = counter.new_dossier(), new_version(counter)
    form = form_of(preview(engineer, code, new))
    stale = engineer.post(address(code), form | {"seen": "0"})
    assert stale.status == 412
    assert form_of(stale.body.decode()) | {"csrf": ""} == form | {"csrf": ""}
    assert engineer.post(address(code), form).status == 303


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"target": ""}, 400),
        ({"target": "99"}, 400),
        ({"target": "\x00<script>"}, 400),
        ({"reason": " "}, 400),
        ({"seen": "٣"}, 412),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    counter: Counter, engineer: Visitor, wrong: dict[str, str], status: int
) -> None:
    code, new = counter.new_dossier(), new_version(counter)
    refused = engineer.post(address(code), form_of(preview(engineer, code, new)) | wrong)
    assert refused.status == status
    assert 'role="alert"' in refused.body.decode()
    assert counter.scalar("SELECT count(*) FROM event WHERE kind = 'migrated'") == 0


def test_a_dossier_that_is_over_and_one_without_another_version_go_nowhere(
    counter: Counter, engineer: Visitor
) -> None:
    code = counter.new_dossier()
    assert "không có phiên bản nào khác" in text_of(engineer.page(address(code)))
    new = new_version(counter)
    form = form_of(preview(engineer, code, new))
    assert engineer.post(f"/ho-so/{code}/viec-lam", {"action": "cancel", "reason": "x"}).status == 303
    counter.apply_all()
    assert engineer.post(address(code), form).status == 409


def test_only_the_right_for_it_moves(counter: Counter, engineer: Visitor) -> None:
    code, new = counter.new_dossier(), new_version(counter)
    operator = Visitor(counter, "operator")
    assert operator.get(address(code)).status == 403
    assert operator.post(address(code), form_of(preview(engineer, code, new))).status == 403
