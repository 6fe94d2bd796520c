"""Many dossiers moved to another version: who could go and who not, a first few, then the rest, each judged at its turn."""

import re

import pytest

from engine.actions import batches
from tests.support.bulk import confirm, frozen, totals
from tests.support.console import Visitor, text_of
from tests.support.counter import MODEL, Counter
from tests.support.versions import new_version


@pytest.fixture
def engineer(counter: Counter) -> Visitor:
    return Visitor(counter, "engineer")


def address(version: int) -> str:
    return f"/quy-trinh/{version}/chuyen-ho-so"


def seen(visitor: Visitor, version: int, first: str = "") -> str:
    reply = visitor.post(address(version), {"first": first})
    assert reply.status == 200, text_of(reply.body.decode())
    return reply.body.decode()


def run(counter: Counter) -> None:
    batches.run_waiting(counter.store, counter.clock)
    counter.apply_all()


def on_version(counter: Counter, version: int) -> list[str]:
    found = counter.scalar(
        "SELECT string_agg(d.code, ' ' ORDER BY d.id) FROM dossier d JOIN instance i ON i.dossier_id = d.id"
        " WHERE d.deployment_id = :id AND i.deployment_id = :id",
        id=version,
    )
    return str(found or "").split()


def decide(counter: Counter, code: str) -> None:
    body = {"data": {"decision": "accept"}}
    counter.post(f"/api/v1/work-items/{counter.open_item(code)}/complete", body, key=counter.officer)
    counter.apply_all()


def test_the_first_go_first_then_the_rest_and_those_that_cannot_stay(
    counter: Counter, engineer: Visitor
) -> None:
    codes = [counter.new_dossier() for _ in range(6)]
    decide(counter, codes[5])
    model = MODEL.replace(b'name="supplement"', b'name="other"').replace(b'id="check_wait"', b'id="cw"')
    new = new_version(counter, model)
    assert f'href="{address(new)}">Chuyển hồ sơ sang phiên bản này (6)' in engineer.page(f"/quy-trinh/{new}")
    shown = text_of(engineer.page(address(new)))
    assert re.search(r"đang chạy ở phiên bản khác 6 .* 5 .* 1 ", shown), shown
    assert f"điều đang chờ khác Chờ bổ sung wait 1 {codes[5]}" in shown
    page = seen(engineer, new, "2")
    assert "2" in text_of(page)
    status, where = confirm(engineer, address(new), page)
    assert status == 303
    run(counter)
    assert on_version(counter, new) == codes[:2]
    assert totals(engineer, where) == [2, 2, 0, 0, 0]
    shown = text_of(engineer.page(f"{where}?lang=en"))
    assert re.search(r"ran: 2", shown), shown
    assert f"v{2}" in shown
    status, where = confirm(engineer, address(new), seen(engineer, new))
    run(counter)
    assert totals(engineer, where) == [3, 3, 0, 0, 0]
    assert on_version(counter, new) == codes[:5]
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'dossier-migrated'") == 5
    for code in codes[:5]:
        assert counter.get(f"/api/v1/dossiers/{code}/evidence", key=counter.desk).json["holds"]


def test_who_went_on_since_the_list_was_seen_is_left_with_the_reason(
    counter: Counter, engineer: Visitor
) -> None:
    codes = [counter.new_dossier() for _ in range(2)]
    new = new_version(counter, MODEL.replace(b'name="supplement"', b'name="other"'))
    page = seen(engineer, new)
    decide(counter, codes[0])
    _, where = confirm(engineer, address(new), page)
    run(counter)
    assert totals(engineer, where) == [2, 1, 1, 0, 0]
    assert "event-changed wait" in text_of(engineer.page(where))
    assert on_version(counter, new) == codes[1:]


def test_confirmed_again_it_is_the_same_batch_and_run_again_nothing_is_doubled(
    counter: Counter, engineer: Visitor
) -> None:
    counter.new_dossier()
    new = new_version(counter)
    page = seen(engineer, new)
    assert confirm(engineer, address(new), page) == confirm(engineer, address(new), page)
    run(counter)
    run(counter)
    told = "SELECT count(*) FROM timeline WHERE convert_from(body, 'UTF8') LIKE '%\"migrated\"%'"
    assert counter.scalar(told) == 1
    assert "Không có hồ sơ nào" in text_of(engineer.page(address(new)))


@pytest.mark.parametrize("first", ["0", "-1", "x", "٣"])
def test_a_number_that_is_none_is_refused(counter: Counter, engineer: Visitor, first: str) -> None:
    counter.new_dossier()
    refused = engineer.post(address(new_version(counter)), {"first": first})
    assert refused.status == 400
    assert 'role="alert"' in refused.body.decode()


def test_only_the_right_for_it_moves_many(counter: Counter, engineer: Visitor) -> None:
    counter.new_dossier()
    new = new_version(counter)
    page = seen(engineer, new)
    operator = Visitor(counter, "operator")
    assert operator.get(address(new)).status == 403
    assert operator.post(f"{address(new)}/lo", {"frozen": frozen(page), "reason": "x"}).status == 403
    assert (
        engineer.post("/ho-so/lo", {"frozen": frozen(page), "reason": "x"}).status == 403
    )  # not by the other page
    assert operator.post("/ho-so/xem-truoc", {"action": "migrate", "all": "yes"}).status == 400
    assert engineer.get(address(99)).status == 404
