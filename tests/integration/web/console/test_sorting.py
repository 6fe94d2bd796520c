"""Lists in another order: what the address says, page by page, whole and without repeating a row; also as a file."""

import re

import pytest
from sqlalchemy import text

from engine.queries import dossier_list
from engine.queries.dossier_list import Line, Wanted
from engine.storage.database import Connection
from tests.support.console import Visitor
from tests.support.counter import Counter
from web.console import exports

DOSSIERS = 120
FILL = (
    (
        "INSERT INTO dossier (code, procedure_code, deployment_id, status, phase, channel, applicant, applicant_search, data,"
        " receiving_unit, competent_unit, returning_unit, submitted_at, salt, timeline_head, due_at, finished_at, changed_at)"
        " SELECT code || '-' || n, procedure_code, deployment_id, status, phase, channel, applicant, applicant_search, data,"
        " receiving_unit, competent_unit, returning_unit, submitted_at, salt, timeline_head,"
        " CASE WHEN n % 4 > 0 THEN submitted_at + (n % 5) * interval '1 day' END,"
        " CASE WHEN n % 3 = 0 THEN submitted_at END, submitted_at + (n % 7) * interval '1 minute'"
        " FROM dossier, generate_series(1, :many) n"
    ),
    (
        "INSERT INTO work_item (dossier_id, task, element, name, groups, unit, status, opened_at)"
        " SELECT id, 't', 'check', 'n', '[]', competent_unit, 'open', now() FROM dossier WHERE code LIKE '%-%-%-%'"
    ),
)
IN_ORDER = {
    "": "id DESC",
    "submitted": "id",
    "due": "finished_at IS NOT NULL, due_at NULLS LAST, id",
    "-due": "finished_at IS NULL, due_at DESC NULLS FIRST, id DESC",
    "changed": "changed_at, id",
    "-changed": "changed_at DESC, id DESC",
}
ITEMS = {
    "": "w.id",
    "-opened": "w.id DESC",
    "due": "d.due_at NULLS LAST, w.id",
    "-due": "d.due_at DESC NULLS FIRST, w.id DESC",
}


@pytest.fixture
def viewer(counter: Counter) -> Visitor:
    counter.new_dossier()
    with counter.store.transaction() as connection:
        for statement in FILL:
            connection.execute(text(statement), {"many": DOSSIERS} if ":many" in statement else {})
    return Visitor(counter, "viewer")


def told(viewer: Visitor, address: str, row: str) -> list[str]:
    """What *row* finds in each page of the list at *address*, following "more" to the end."""
    found: list[str] = []
    while address:
        page = viewer.page(address)
        found += re.findall(row, page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    return found


def expected(counter: Counter, sql: str) -> list[str]:
    with counter.store.reading() as connection:
        return [str(row[0]) for row in connection.execute(text(sql))]


@pytest.mark.parametrize("sort", IN_ORDER)
def test_dossiers_are_told_once_each_in_the_order_that_was_asked_for(viewer: Visitor, sort: str) -> None:
    whole = expected(viewer.counter, f"SELECT code FROM dossier ORDER BY {IN_ORDER[sort]}")
    assert len(whole) == DOSSIERS + 1
    assert told(viewer, f"/ho-so?sort={sort}", r'<th scope="row"><a href="/ho-so/([^"]+)"') == whole
    file = viewer.get(f"/ho-so.csv?sort={sort}&lang=en").body.decode("utf-8-sig").splitlines()[1:]
    assert [line.split(",")[0] for line in file] == whole


@pytest.mark.parametrize("sort", ITEMS)
def test_work_items_are_told_once_each_in_the_order_that_was_asked_for(viewer: Visitor, sort: str) -> None:
    rows = f"SELECT w.id FROM work_item w JOIN dossier d ON d.id = w.dossier_id ORDER BY {ITEMS[sort]}"
    whole = expected(viewer.counter, rows)
    assert told(viewer, f"/viec?sort={sort}", r'<th scope="row"><a href="/viec/(\d+)"') == whole


def test_the_heading_says_how_it_is_sorted_and_leads_to_the_other_way_with_every_filter(
    viewer: Visitor,
) -> None:
    page = viewer.page("/ho-so?situation=over&sort=due")
    assert '<th scope="col" aria-sort="ascending"><a href="/ho-so?situation=over&amp;sort=-due">' in page
    assert page.count('aria-sort="none"') == 2
    assert '<input type="hidden" name="sort" value="due">' in page
    assert 'aria-sort="descending"><a href="/ho-so?sort=submitted">' in viewer.page("/ho-so")
    cursor = re.search(r"cursor=([^&\"]+)", viewer.page("/ho-so?sort=due"))
    assert cursor is not None
    assert viewer.get(f"/ho-so?sort=-due&cursor={cursor[1]}").status == 400
    for address in ("/ho-so?sort=applicant", "/ho-so?sort=-submitted,due", "/viec?sort=unit"):
        assert viewer.get(address).status == 400


@pytest.mark.parametrize("sort", ["changed", "-changed"])
def test_a_file_is_whole_though_its_rows_move_while_it_is_written(
    counter: Counter, viewer: Visitor, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    find = dossier_list.find_lines
    bump = text("UPDATE dossier SET changed_at = clock_timestamp() + interval '9 years' WHERE id = :id")

    def find_and_move(connection: Connection, wanted: Wanted, **where: int) -> list[Line]:
        found = find(connection, wanted, **where)  # type: ignore[arg-type]
        with counter.store.transaction() as other:
            other.execute(bump, {"id": found[-1].id})
        return found

    monkeypatch.setattr(dossier_list, "find_lines", find_and_move)
    monkeypatch.setattr(exports, "_AT_ONCE", 50)
    rows = viewer.get(f"/ho-so.csv?sort={sort}").body.decode("utf-8-sig").splitlines()[1:]
    codes = [row.split(",")[0] for row in rows]
    assert len(codes) == len(set(codes)) == DOSSIERS + 1


def test_a_row_that_moves_between_two_pages_takes_no_other_with_it(viewer: Visitor) -> None:
    address, row = "/ho-so?sort=-changed", r'<th scope="row"><a href="/ho-so/([^"]+)"'
    whole = told(viewer, address, row)
    page = viewer.page(address)
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following is not None
    last = re.findall(row, page)[-1]
    moved = "UPDATE dossier SET changed_at = now() + interval '1 day' WHERE code = :code RETURNING 1"
    assert viewer.counter.scalar(moved, code=last) == 1
    assert told(viewer, following[1].replace("&amp;", "&"), row) == whole[50:]
