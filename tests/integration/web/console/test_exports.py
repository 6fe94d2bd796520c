"""Lists as files: the rows of the page, nothing that a spreadsheet would run, nothing of another unit, written down."""

import csv
import io
import re

import openpyxl
import pytest

from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call, add_incident, add_message, add_refusal
from tests.support.counter import Counter, Reply
from tests.support.procedures import UNIT
from web.console import exports, pages

PATHS = [one.path for one in pages.LISTS]


def as_csv(visitor: Visitor, address: str) -> list[list[str]]:
    reply = visitor.get(address)
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(reply.body.decode("utf-8-sig"))))


def as_xlsx(visitor: Visitor, address: str) -> list[list[str]]:
    return sheet_of(visitor.get(address))


def sheet_of(reply: Reply) -> list[list[str]]:
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
    add_refusal(counter)
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


CHOOSABLE = ["dossier", "incident", "call"]
PATH_OF = {"dossier": "/ho-so", "incident": "/su-co", "call": "/cuoc-goi"}


def take(visitor: Visitor, subject: str, kind: str = "csv", **form: object) -> list[list[str]]:
    """The rows of the file that a list's form gives."""
    reply = visitor.post(f"{PATH_OF[subject]}.{kind}?lang=en", form)  # type: ignore[arg-type]
    assert reply.status == 200, reply.body
    return list(csv.reader(io.StringIO(reply.body.decode("utf-8-sig"))))


def offered(visitor: Visitor, subject: str) -> list[str]:
    return re.findall(rf'name="{subject}" value="(\d+)"', visitor.page(PATH_OF[subject]))


@pytest.mark.parametrize("subject", CHOOSABLE)
def test_the_chosen_rows_alone_are_a_file(admin: Visitor, counter: Counter, subject: str) -> None:
    for _ in range(3):
        code = counter.new_dossier()
        add_incident(counter, code, call=add_call(counter, code), title='=HYPERLINK("http://evil.example")')
    first, second, third = offered(admin, subject)
    everything = as_csv(admin, f"{PATH_OF[subject]}.csv?lang=en")
    assert f'formaction="{PATH_OF[subject]}.csv"' in admin.page(PATH_OF[subject])
    assert take(admin, subject, **{subject: [third, first]}) == [everything[0], everything[1], everything[3]]
    assert take(admin, subject, all="yes", **{subject: [second]}) == everything
    sheet = sheet_of(admin.post(f"{PATH_OF[subject]}.xlsx?lang=en", {subject: [second]}))
    assert sheet == [everything[0], everything[2]]
    told = (
        "SELECT array_agg(concat(facts ->> 'kind', ' ', facts ->> 'rows', ' ',"
        " CAST(facts ->> 'filters' AS jsonb) ->> 'chosen') ORDER BY id) FROM audit WHERE facts ->> 'list' = :path"
    )
    assert counter.scalar(told, path=PATH_OF[subject]) == ["csv 3 ", "csv 2 2", "csv 3 ", "xlsx 1 1"]


def test_all_that_match_are_those_of_the_filter(admin: Visitor, counter: Counter, code: str) -> None:
    counter.new_dossier()
    assert [row[0] for row in take(admin, "dossier", all="yes", filter_q=code)[1:]] == [code]
    assert admin.post("/ho-so.csv", {"all": "yes", "filter_status": "red"}).status == 400


@pytest.mark.parametrize("subject", CHOOSABLE)
def test_what_is_no_choice_is_refused_and_anothers_is_left_out(
    admin: Visitor, counter: Counter, code: str, subject: str
) -> None:
    number = offered(admin, subject)[0]
    path = f"{PATH_OF[subject]}.csv"
    assert admin.post(path, {}).status == 400
    assert admin.post(path, {subject: ["1", "x"]}).status == 400
    assert admin.post(path, {subject: number}, token="0" * 64).status == 403
    stranger = Visitor(counter, "viewer", unit="H98.01", name="stranger")
    own = Visitor(counter, "viewer", unit=UNIT, name="own")
    assert len(take(stranger, subject, **{subject: number})) == 1
    assert len(take(stranger, subject, all="yes")) == 1
    assert len(take(own, subject, **{subject: [number, "999999"]})) == 2
    assert counter.get(path).status == 401


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
