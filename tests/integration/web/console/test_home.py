"""What needs attention: every count is what the list behind its link shows, however it is narrowed, and unknown is not 0."""

import html
import re

import pytest
from sqlalchemy import text

from engine.queries import attention
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call, add_incident, add_message
from tests.support.counter import Counter
from tests.support.procedures import UNIT

COUNT = re.compile(r'<li><a href="([^"]+)"><strong>(\d+)</strong>')
OTHER_UNIT, OTHER = "H99.77", "9.999999"
NARROWED = (
    "",
    f"?unit={UNIT}",
    f"?unit={OTHER_UNIT}",
    "?procedure=1.000001",
    f"?procedure={OTHER}&unit={UNIT}",
)


@pytest.fixture
def admin(counter: Counter) -> Visitor:
    return Visitor(counter, "admin")


def rows_behind(visitor: Visitor, address: str) -> int:
    """The rows of the last table of a list, which is its own."""
    page = visitor.page(address)
    return page.split("<tbody>")[-1].split("</tbody>")[0].count("<tr>") if "<tbody>" in page else 0


def trouble(counter: Counter) -> None:
    """Two dossiers of this unit, one of another unit and one of another procedure, each with everything that is counted."""
    codes = [counter.new_dossier() for _ in range(4)]
    for code in codes:
        call = add_call(counter, code)
        add_call(counter, code, "incident")
        add_incident(counter, code, call=call, cause="unknown-outcome", actions=("ask",))
        add_incident(counter, code, call=None, cause="model-error", actions=("retry",))
        add_message(counter, "supplement", code)
    with counter.store.transaction() as connection:
        run = connection.exec_driver_sql
        run("UPDATE incident SET status = 'acting' WHERE id = (SELECT min(id) FROM incident)")
        units = "receiving_unit = %s, competent_unit = %s, returning_unit = %s"
        run(f"UPDATE dossier SET {units} WHERE code = %s", (OTHER_UNIT, OTHER_UNIT, OTHER_UNIT, codes[2]))
        run(
            "UPDATE work_item SET unit = %s WHERE dossier_id = (SELECT id FROM dossier WHERE code = %s)",
            (OTHER_UNIT, codes[2]),
        )
        run(f"INSERT INTO procedure SELECT '{OTHER}', name_vi, name_en, active_deployment_id FROM procedure")
        run("UPDATE dossier SET procedure_code = %s WHERE code = %s", (OTHER, codes[3]))
        run("UPDATE dossier SET due_at = %s WHERE code = %s", (counter.clock.now(), codes[0]))
        run("INSERT INTO suspension (dossier_id, who, reason) SELECT id, 'lan', 'x' FROM dossier")


@pytest.mark.parametrize("narrowed", NARROWED)
def test_every_count_is_what_its_list_shows(counter: Counter, admin: Visitor, narrowed: str) -> None:
    trouble(counter)
    links = [(html.unescape(href), int(number)) for href, number in COUNT.findall(admin.page(f"/{narrowed}"))]
    own = [(href, number) for href, number in links if not href.startswith(("/doi-tac", "/lich"))]
    assert len(own) >= 3
    assert {href: rows_behind(admin, href) for href, _ in own} == dict(own)


def test_narrowing_really_narrows(counter: Counter, admin: Visitor) -> None:
    trouble(counter)
    numbers = {
        narrowed: sum(
            int(number) for href, number in COUNT.findall(admin.page(f"/{narrowed}")) if "su-co" in href
        )
        for narrowed in NARROWED
    }
    assert numbers == dict(zip(NARROWED, (7, 5, 2, 5, 2), strict=True))


def test_what_is_of_all_units_says_so_where_the_view_is_narrower(counter: Counter, admin: Visitor) -> None:
    trouble(counter)
    assert "của tất cả đơn vị" not in text_of(admin.page("/"))
    assert "của tất cả đơn vị" in text_of(admin.page(f"/?unit={UNIT}"))


def test_an_officer_of_a_unit_sees_that_units_counts_only(counter: Counter) -> None:
    trouble(counter)
    officer = Visitor(counter, "officer", unit=OTHER_UNIT)
    links = [(html.unescape(href), int(number)) for href, number in COUNT.findall(officer.page("/"))]
    own = [
        (href, number)
        for href, number in links
        if href.startswith(("/su-co", "/cuoc-goi", "/viec", "/ho-so"))
    ]
    assert {href: rows_behind(officer, href) for href, _ in own} == dict(own)
    assert officer.get(f"/?unit={UNIT}").status == 403


def test_a_counter_that_fails_is_unknown_and_hides_no_other(counter: Counter, admin: Visitor) -> None:
    trouble(counter)
    with counter.store.transaction() as connection:
        connection.execute(text("ALTER TABLE procrastinate_jobs RENAME TO procrastinate_jobs_away"))
    page = text_of(admin.page("/"))
    assert "Chưa rõ, không đếm được: Việc nền" in page
    assert "Sự cố: Lỗi mô hình" in page
    assert "Không có gì cần bạn" not in page


@pytest.mark.parametrize("kind", attention.kinds())
def test_whatever_is_counted_can_be_put_off(counter: Counter, admin: Visitor, kind: str) -> None:
    given = {"kind": kind, "name": "soon", "hours": "4", "reason": "đối tác đang gia hạn"}
    assert admin.post("/nhac-sau", given).status == 303
    assert counter.scalar("SELECT who FROM snooze WHERE kind = :kind", kind=kind) == "admin"


def test_a_step_is_part_of_its_groups_address(counter: Counter, admin: Visitor) -> None:
    trouble(counter)
    with counter.store.transaction() as connection:
        connection.execute(
            text("UPDATE incident SET element = CASE WHEN id % 2 = 0 THEN 'ask' ELSE 'wait' END")
        )
    groups = admin.page("/su-co").split("<tbody>")[1].split("</tbody>")[0]
    found = re.findall(
        r'<a href="([^"]+)">[^<]*</a><br><small[^>]*>[^<]*</small></th>(?:<td>.*?</td>){3}<td>(\d+)</td>',
        groups,
    )
    assert len(found) >= 2
    for href, number in found:
        assert rows_behind(admin, html.unescape(href)) == int(number), href
