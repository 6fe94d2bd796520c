"""The list of dossiers: what each line tells, every filter of its address, and how far a search by a part looks."""

from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from engine.queries import dossier_list
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call, add_incident, add_message
from tests.support.counter import Counter


@pytest.fixture
def viewer(counter: Counter) -> Visitor:
    return Visitor(counter, "viewer")


def change(counter: Counter, sql: str, **values: object) -> None:
    with counter.store.transaction() as connection:
        connection.execute(text(sql), values)


def test_a_line_tells_the_step_who_holds_it_since_when_and_the_working_time_left(
    counter: Counter, viewer: Visitor
) -> None:
    code = counter.new_dossier()
    row = text_of(viewer.page("/ho-so?lang=en").split("<tbody>")[1])
    assert code in row
    assert "v1" in row
    assert "Kiểm tra" in row
    assert "H99.14" in row
    assert "Left" in row
    change(counter, "UPDATE dossier SET due_at = submitted_at - interval '3 days'")
    assert "Late by" in viewer.page("/ho-so?lang=en")
    add_call(counter, code, "pending")
    row = text_of(viewer.page("/ho-so?lang=en").split("<tbody>")[1])
    assert "Retrying" in row


def test_a_line_tells_the_newest_message_that_came_for_it(counter: Counter, viewer: Visitor) -> None:
    code = counter.new_dossier()
    for name in ("first", "supplement"):
        change(
            counter,
            "UPDATE message SET dossier_id = (SELECT id FROM dossier) WHERE id = :id",
            id=add_message(counter, name, code),
        )
    page = viewer.page("/ho-so?lang=en")
    assert f'<a href="/thong-diep?dossier={code}">supplement</a>, agency' in page
    assert "first" not in page.split("<tbody>")[1]
    assert "supplement" in viewer.get("/ho-so.csv").body.decode()


def test_partners_and_causes_are_chosen_by_their_names(counter: Counter, viewer: Visitor) -> None:
    add_incident(counter, counter.new_dossier(), cause="call-refused", partner="bank")
    chosen = '<option value="{0}" selected>{1}</option>'
    for address in ("/ho-so", "/cuoc-goi", "/su-co"):
        assert chosen.format("agency", "Cơ quan mẫu (agency)") in viewer.page(f"{address}?partner=agency")
    assert chosen.format("call-refused", "Đối tác từ chối") in viewer.page("/su-co?cause=call-refused")
    assert "<option selected>bank</option>" in viewer.page("/su-co?partner=bank"), "one without a contract"


def test_every_filter_narrows_to_what_it_says(counter: Counter, viewer: Visitor) -> None:
    one, other = counter.new_dossier(), counter.new_dossier()
    add_call(counter, one, "pending")
    add_incident(counter, one)
    change(
        counter,
        "UPDATE dossier SET received_at = '2026-03-10T08:00+07', changed_at = '2026-03-11T23:59+07',"
        " due_at = '2026-03-12T08:00+07' WHERE code = :code",
        code=one,
    )
    change(
        counter,
        "UPDATE dossier SET received_at = '2026-05-10T08:00+07', changed_at = '2026-05-11T08:00+07',"
        " due_at = '2026-05-12T08:00+07', deployment_id = deployment_id WHERE code = :code",
        code=other,
    )
    change(
        counter, "UPDATE work_item SET element = 'elsewhere' WHERE dossier_id = (SELECT max(id) FROM dossier)"
    )
    only_one = (
        "situation=retrying", "incident=yes", "received_since=2026-03-10&received_until=2026-03-10",
        "active_since=11/03/2026&active_until=11/03/2026", "due_since=2026-03-12&due_until=2026-03-12", "step=check",
        "partner=agency",
    )  # fmt: skip
    only_other = ("incident=no", "received_since=2026-05-01", "active_since=2026-05-01", "due_since=2026-05-01",
                  "step=elsewhere")  # fmt: skip
    both = ("procedure=1.000001&version=1", "unit=H99.14", "since=2020-01-01", "")
    neither = ("procedure=1.000001&version=2", "step=nowhere", "due_until=2026-01-01", "situation=over")
    for queries, found in ((only_one, {one}), (only_other, {other}), (both, {one, other}), (neither, set())):
        for query in queries:
            page = viewer.page(f"/ho-so?{query}")
            assert {code for code in (one, other) if code in page} == found, query


@pytest.mark.parametrize(
    "query",
    [
        "version=1", "version=0", "version=x&procedure=1.000001", "version=99999999999&procedure=1.000001",
        "situation=asleep", "incident=maybe", "due_since=tomorrow", "active_until=2026-13-01",
    ],
)  # fmt: skip
def test_a_filter_that_says_nothing_is_refused(viewer: Visitor, query: str) -> None:
    assert viewer.get(f"/ho-so?{query}").status == 400


def test_a_search_by_a_part_says_how_far_it_looked_and_a_whole_code_is_found_anywhere(
    counter: Counter, viewer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = counter.new_dossier(), counter.new_dossier()
    assert "newest" not in viewer.page("/ho-so?lang=en&q=nguyen")
    gap = dossier_list.SEARCHED + 10
    change(counter, f"SELECT setval(pg_get_serial_sequence('dossier', 'id'), {gap})")
    newest = counter.new_dossier()
    page = viewer.page("/ho-so?lang=en&q=nguyen")
    assert newest in page
    assert old not in page
    assert "newest 100.000 dossiers only" in text_of(page)
    for whole in (old, new):
        assert whole in viewer.page("/ho-so?" + urlencode({"q": whole}))
    change(counter, "UPDATE dossier SET submitted_at = '2026-01-05T08:00+07' WHERE code = :code", code=old)
    page = viewer.page("/ho-so?lang=en&q=nguyen&until=2026-01-05")
    assert old in page
    assert "dossiers only" not in page
