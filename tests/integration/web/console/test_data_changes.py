"""What each step changed of a dossier's data: its places for all, its values for five minutes to who asks with a reason."""

import pytest

from tests.support.bulk import frozen
from tests.support.console import Visitor, text_of
from tests.support.counter import Counter


@pytest.fixture
def operator(counter: Counter) -> Visitor:
    return Visitor(counter, "operator")


def correct(counter: Counter, visitor: Visitor, code: str, value: str) -> None:
    form = {"field": "data.note", "value": value, "reason": "x"}
    page = visitor.post(f"/ho-so/{code}/sua", form).body.decode()
    assert visitor.post(f"/ho-so/{code}/sua/xac-nhan", {"frozen": frozen(page), "reason": "x"}).status == 303
    counter.apply_all()


def changes(page: str) -> str:
    return text_of(page.split('id="changes"')[1].split("<h3>", maxsplit=1)[0])


def test_the_places_are_seen_newest_first_and_the_values_only_of_the_change_asked_for(
    counter: Counter, operator: Visitor
) -> None:
    code = counter.new_dossier()
    assert "Dữ liệu vẫn như khi nộp." in changes(operator.page(f"/ho-so/{code}?tab=data"))
    for value in ("lần hai", "lần ba"):
        correct(counter, operator, code, value)
    page = operator.page(f"/ho-so/{code}?tab=data")
    assert "lần" not in changes(page).split("Trước Sau")[1].split("Thay đổi")[0]
    assert changes(page).count("•••") == 4
    oldest = counter.scalar("SELECT min(seq) FROM data_change")
    shown = operator.post(f"/ho-so/{code}/mo", {"field": f"data@{oldest}.note", "reason": "hỏi lại"})
    seen = changes(operator.page(shown.headers["location"]))
    assert "lần đầu lần hai" in seen
    assert "lần ba" not in seen
    facts = "SELECT count(*) FROM audit WHERE what = 'personal-data-read' AND reason = 'hỏi lại'"
    assert counter.scalar(facts) == 1


def test_who_may_not_see_personal_data_sees_that_it_changed(counter: Counter, operator: Visitor) -> None:
    code = counter.new_dossier()
    correct(counter, operator, code, "lần hai")
    viewer = Visitor(counter, "viewer")
    page = viewer.page(f"/ho-so/{code}?tab=data")
    assert "note ••• •••" in changes(page)
    seq = counter.scalar("SELECT seq FROM data_change")
    assert viewer.post(f"/ho-so/{code}/mo", {"field": f"data@{seq}.note", "reason": "x"}).status == 403
