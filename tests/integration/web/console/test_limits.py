"""Changing a partner's limits: typed, seen beside what stands, confirmed with a reason; as it was seen, by who may."""

import re

import pytest

from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call
from tests.support.counter import Counter, Reply
from web.container import PartnerCard

PATH = "/doi-tac/agency/gioi-han"


class Cards:
    def cards(self) -> list[PartnerCard]:
        said = {"window": (3.0, 8.0), "total_timeout_s": (30.0, 30.0), "connect_timeout_s": (3.0, 3.0)}
        return [
            PartnerCard(
                name="agency",
                title="Cơ quan mẫu",
                label="sample",
                transport="plain",
                hours="7:30-17:00",
                attempts={"ask": 8},
                limits={**said, "max_attempts": (8.0, 8.0)},
            )
        ]


@pytest.fixture(autouse=True)
def _said(counter: Counter) -> None:
    object.__setattr__(counter.container, "partners", Cards())


def confirm(visitor: Visitor, preview: Reply, **more: str) -> Reply:
    seen = re.search(r'name="seen" value="([0-9a-f]{32})"', preview.body.decode())
    assert seen is not None
    return visitor.post(f"{PATH}?lang=en", {"confirmed": "yes", "seen": seen[1], **more})


def limits_of(counter: Counter) -> object:
    return counter.scalar("SELECT settings -> 'limits' FROM partner WHERE name = 'agency'")


def test_old_and_new_are_seen_beside_each_other_and_just_that_is_set(counter: Counter) -> None:
    operator = Visitor(counter, "operator")
    typed = {"window": "2", "total_timeout_s": "60", "max_attempts": "3", "hours": "24/7 <b>"}
    preview = operator.post(f"{PATH}?lang=en", typed)
    shown = text_of(preview.body.decode())
    assert preview.status == 200
    assert "At once (calls, per worker) 3–8 (as the contract says) ! changes 2 (set by hand)" in shown
    assert "Waits for a connection at most (s) 3 (as the contract says) 3 (as the contract says)" in shown
    assert "Opening hours 7:30-17:00 (as the contract says) ! changes 24/7 <b> (set by hand)" in shown
    assert limits_of(counter) is None
    assert confirm(operator, preview, **typed, reason="they are slow").status == 303
    kept = {"window": 2, "total_timeout_s": 60, "max_attempts": 3, "hours": "24/7 <b>"}
    assert limits_of(counter) == kept
    assert counter.scalar("SELECT facts -> 'now' FROM audit WHERE what = 'partner-limited'") == kept
    page = operator.page("/doi-tac/agency?lang=en")
    assert "At once (calls, per worker) 2 ! set by hand 3–8" in text_of(page)
    assert "<b>" not in page
    add_call(counter, counter.new_dossier())
    counter.scalar("UPDATE call SET partner = 'agency', operation = 'ask', sends = 1 RETURNING 1")
    assert "<td>1/3" in operator.page("/cuoc-goi")


def test_what_is_wrong_is_told_at_its_field_with_what_was_typed(counter: Counter) -> None:
    operator = Visitor(counter, "operator")
    refused = operator.post(f"{PATH}?lang=vi", {"window": "0", "total_timeout_s": "99999", "rate": "5/s"})
    body = refused.body.decode()
    assert refused.status == 400
    assert 'name="window" value="0"' in body
    assert 'aria-describedby="wrong-window"' in body
    assert "không phải số nguyên từ 1 đến 1000" in body
    assert "không phải số từ 0.1 đến 3600" in body
    assert 'name="rate" value="5/s"' in body
    assert 'aria-describedby="wrong-rate"' not in body


def test_everything_goes_back_to_the_contract(counter: Counter) -> None:
    operator = Visitor(counter, "operator")
    typed = {"window": "2"}
    confirm(operator, operator.post(f"{PATH}?lang=en", typed), **typed, reason="x")
    preview = operator.post(f"{PATH}?lang=en", {"action": "back", "window": "2"})
    assert "2 (set by hand) ! changes 3–8 (as the contract says)" in text_of(preview.body.decode())
    assert confirm(operator, preview, reason="they are well again").status == 303
    assert limits_of(counter) is None
    same = operator.post(f"{PATH}?lang=en", {"action": "back"})
    assert (same.status, "are these already" in same.body.decode()) == (409, True)


def test_a_preview_that_came_too_late_is_shown_as_things_stand_now(counter: Counter) -> None:
    operator = Visitor(counter, "operator")
    mine, theirs = {"window": "2"}, {"window": "5"}
    preview = operator.post(f"{PATH}?lang=en", mine)
    confirm(operator, operator.post(f"{PATH}?lang=en", theirs), **theirs, reason="x")
    late = confirm(operator, preview, **mine, reason="a long story")
    assert late.status == 412
    assert "5 (set by hand) ! changes 2 (set by hand)" in text_of(late.body.decode())
    assert 'value="a long story"' in late.body.decode()
    assert limits_of(counter) == {"window": 5}
    assert confirm(operator, late, **mine, reason="a long story").status == 303
    assert limits_of(counter) == {"window": 2}


def test_without_a_reason_or_the_right_nothing_is_set(counter: Counter) -> None:
    operator, viewer = Visitor(counter, "operator"), Visitor(counter, "viewer")
    typed = {"window": "2"}
    preview = operator.post(f"{PATH}?lang=en", typed)
    assert confirm(operator, preview, **typed, reason=" ").status == 400
    assert viewer.post(PATH, typed).status == 403
    edited = operator.post(f"{PATH}?lang=en", {**typed, "action": "edit"})
    assert (edited.status, 'name="window" value="2"' in edited.body.decode()) == (200, True)
    assert limits_of(counter) is None


def test_programs_set_them_as_they_saw_them(counter: Counter) -> None:
    key = counter.new_key("ops", "partners", "dossiers:read")
    path = "/api/v1/partners/agency"
    read = counter.get(path, key=key)
    assert set(read.json["limits"].values()) == {None}  # type: ignore[union-attr]
    body = {"window": 2, "total_timeout_s": 12.5, "reason": "slow"}
    assert counter.post(f"{path}/limits", body, key=key).status == 428
    match = read.headers["etag"]
    wrong = counter.post(f"{path}/limits", {**body, "window": 0}, key=key, match=match)
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/window")  # type: ignore[index]
    set_now = counter.post(f"{path}/limits", body, key=key, match=match)
    assert (set_now.json["window"], set_now.json["limits"]["total_timeout_s"]) == (2, 12.5)  # type: ignore[index]
    assert counter.post(f"{path}/limits", body, key=key, match=match).status == 412
    back = counter.post(f"{path}/limits", {"reason": "x"}, key=key, match=set_now.headers["etag"])
    assert back.json["limits"]["window"] is None  # type: ignore[index]
