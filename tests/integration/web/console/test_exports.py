"""Lists as files: the rows of the page, nothing that a spreadsheet would run, nothing of another unit, written down."""

import csv
import io

import openpyxl
import pytest

from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call, add_incident, add_message
from tests.support.counter import Counter
from web.console import exports, pages

PATHS = [one.path for one in pages.LISTS]


def as_csv(visitor: Visitor, address: str) -> list[list[str]]:
    reply = visitor.get(address)
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(reply.body.decode("utf-8-sig"))))


def as_xlsx(visitor: Visitor, address: str) -> list[list[str]]:
    reply = visitor.get(address)
    assert reply.status == 200, reply.body
    sheet = openpyxl.load_workbook(io.BytesIO(reply.body)).active
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


@pytest.fixture
def admin(counter: Counter) -> Visitor:
    return Visitor(counter, "admin")


@pytest.fixture
def code(counter: Counter) -> str:
    code = counter.new_dossier()
    call = add_call(counter, code)
    add_incident(counter, code, call=call, title='=HYPERLINK("http://evil.example")')
    add_message(counter, "supplement", "x")
    return code


@pytest.mark.parametrize("path", PATHS)
def test_both_files_hold_the_rows_of_the_page(admin: Visitor, code: str, path: str) -> None:
    shown = admin.page(path)
    assert f'href="{path}.csv"' in shown or path in ("/lo", "/doi-tac"), "a list with rows offers its file"
    rows = as_csv(admin, f"{path}.csv?lang=en")
    if path == "/nhat-ky":
        rows = [row for row in rows if row[3] != "list-exported"]
    sheet = as_xlsx(admin, f"{path}.xlsx?lang=en")
    assert sheet[0] == rows[0]
    assert [row for row in sheet[1:] if "list-exported" not in row] == rows[1:]
    assert len({len(row) for row in rows}) == 1
    page = text_of(shown)
    assert all(row[0].lstrip("'") in page for row in rows[1:])


def test_a_file_has_the_filter_of_its_page(admin: Visitor, counter: Counter, code: str) -> None:
    other = counter.new_dossier()
    rows = as_csv(admin, f"/ho-so.csv?q={other}")
    assert [row[0] for row in rows[1:]] == [other]
    assert f'href="/ho-so.csv?q={other}"' in admin.page(f"/ho-so?q={other}")
    refused = admin.get("/ho-so.csv?status=red")
    assert refused.status == 400
    assert admin.get("/ho-so.csv?colour=red").status == 400
    assert admin.get("/ho-so.pdf").status == 404


def test_no_cell_is_a_formula(admin: Visitor, code: str) -> None:
    for cells in (as_csv(admin, "/su-co.csv")[1], as_xlsx(admin, "/su-co.xlsx")[1]):
        assert """'=HYPERLINK("http://evil.example")""" in cells
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_each_role_gets_what_it_may_see(counter: Counter, code: str) -> None:
    stranger = Visitor(counter, "viewer", unit="H98.01", name="stranger")
    assert as_csv(stranger, "/ho-so.csv")[1:] == as_csv(stranger, "/cuoc-goi.csv")[1:] == []
    assert stranger.get("/nhat-ky.csv").status == 403
    assert stranger.get("/tai-khoan.xlsx").status == 403
    assert stranger.get("/lo.csv").status == 403
    assert counter.get("/ho-so.csv").status == 401


def test_who_took_what_is_written_down(admin: Visitor, counter: Counter, code: str) -> None:
    as_csv(admin, "/cuoc-goi.csv?partner=agency&status=unknown")
    told = counter.scalar(
        "SELECT facts || jsonb_build_object('who', who) FROM audit WHERE what = 'list-exported'"
    )
    assert told == {
        "who": "admin", "list": "/cuoc-goi", "kind": "csv", "rows": 1,
        "filters": '{"status": "unknown", "partner": "agency"}',
    }  # fmt: skip


def test_a_list_that_is_too_long_says_so_in_its_last_line(
    admin: Visitor, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = [counter.new_dossier() for _ in range(5)]
    monkeypatch.setattr(exports, "MOST", 3)
    monkeypatch.setattr(exports, "_AT_ONCE", 2)
    for rows in (as_csv(admin, "/ho-so.csv"), as_xlsx(admin, "/ho-so.xlsx")):
        assert [row[0] for row in rows[1:4]] == codes[:1:-1]
        assert "Chỉ có 3 dòng mới nhất" in rows[4][0]
        assert len(rows) == 5


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_dangerous_beginnings_are_made_harmless(text: str) -> None:
    assert exports.harmless(text).startswith("'")
    assert exports.harmless("a=b") == "a=b"
