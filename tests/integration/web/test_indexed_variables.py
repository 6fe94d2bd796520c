"""Dossiers are found by the values that their procedure names: on the page, over REST, in files and in batches alike."""

import csv
import io
import json
import re

import pytest

from engine.actions import correct, deploy
from engine.models.deployment import from_files
from engine.queries.clock import Clocks
from tests.support.console import Visitor, text_of
from tests.support.counter import FORM, MODEL, PROCEDURE, Counter
from tests.support.statements import counting

PLACE = "Ủy ban nhân dân phường Láng"
DEED = {"kind": "KS", "signed_on": "22/11/2025", "copies": 3}
OF = "procedure=1.000001"


@pytest.fixture
def codes(counter: Counter) -> list[str]:
    """Three dossiers; the first has everything, the second another place, the third nothing."""
    first = counter.new_dossier(data={"place": PLACE, "paid": True, "deed": DEED})
    second = counter.new_dossier(data={"place": "UBND xã Ủy", "paid": False, "deed": {**DEED, "kind": "KH"}})
    return [first, second, counter.new_dossier()]


@pytest.fixture
def admin(counter: Counter) -> Visitor:
    return Visitor(counter, "admin")


def over_rest(counter: Counter, query: str) -> list[str]:
    reply = counter.get(f"/api/v1/dossiers?{OF}&{query}", key=counter.desk)
    assert reply.status == 200, reply.body
    return [one["code"] for one in reply.json["items"]][::-1]  # type: ignore[attr-defined]


def on_page(visitor: Visitor, query: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/ho-so/([^"]+)"', visitor.page(f"/ho-so?{OF}&{query}"))[::-1]


QUERIES = [
    ("var.place=uy+ban+nhan+dan+phuong+lang", [0]),
    ("var.place=%E1%BB%A6Y*", [0]),
    ("var.place=u*", [0, 1]),
    ("var.place=nhan", []),
    ("var.place=%25*", []),
    ("var.deed.kind=ks", [0]),
    ("var.deed.kind=KS&var.deed.signed_on=22/11/2025", [0]),
    ("var.deed.signed_on=2025-11-22", [0, 1]),
    ("var.deed.copies=3", [0, 1]),
    ("var.deed.copies=33", []),
    ("var.paid=false", [1]),
    ("var.paid=true&var.place=UBND*", []),
]


@pytest.mark.parametrize(("query", "found"), QUERIES, ids=[one[0] for one in QUERIES])
def test_a_list_is_narrowed_to_those_that_have_the_value(
    counter: Counter, admin: Visitor, codes: list[str], query: str, found: list[int]
) -> None:
    expected = [codes[at] for at in found]
    assert over_rest(counter, query) == expected
    assert on_page(admin, query) == expected


def test_the_page_offers_the_values_of_the_chosen_procedure(admin: Visitor, codes: list[str]) -> None:
    assert "var." not in admin.page("/ho-so")
    page = admin.page(f"/ho-so?{OF}&var.place=u*&var.deed.kind=KS")
    assert 'name="var.place" value="u*"' in page
    assert "<option selected>KS</option>" in page
    assert 'name="var.deed.signed_on" value="" type="date"' in page
    assert "Nơi đăng ký" in text_of(page)
    assert "Registered at" in text_of(admin.page(f"/ho-so?{OF}&lang=en"))


@pytest.mark.parametrize(
    "query",
    ["var.place=x", f"{OF}&var.colour=x", f"{OF}&var.=x", "procedure=none&var.place=x", f"{OF}&variables=x",
     f"{OF}&var.place=x&var.place=y", f"{OF}&var.place={'x' * 201}"],
)  # fmt: skip
def test_a_variable_that_there_is_not_is_refused(counter: Counter, admin: Visitor, query: str) -> None:
    assert counter.get(f"/api/v1/dossiers?{query}", key=counter.desk).status == 400
    assert admin.get(f"/ho-so?{query}").status == 400


def test_an_unknown_one_is_told_with_those_that_there_are(counter: Counter, admin: Visitor) -> None:
    told = counter.get(f"/api/v1/dossiers?{OF}&var.colour=x", key=counter.desk).json
    assert "place, paid, deed.kind, deed.signed_on, deed.copies" in str(told["detail"])
    page = text_of(admin.get(f"/ho-so?{OF}&var.colour=x").body.decode())
    assert "colour không phải giá trị" in page


def test_an_empty_field_of_the_page_narrows_nothing(
    counter: Counter, admin: Visitor, codes: list[str]
) -> None:
    assert on_page(admin, "var.place=&var.deed.kind=") == codes
    assert counter.get(f"/api/v1/dossiers?{OF}&var.place=", key=counter.desk).status == 400


def test_what_is_changed_is_found_by_what_it_is_now(counter: Counter, codes: list[str]) -> None:
    clocks = Clocks()

    def change(path: str, value: object) -> None:
        seen = correct.propose(counter.store, codes[0], path, lambda _: value, clocks.procedure)  # type: ignore[arg-type,return-value]
        correct.correct(
            counter.store, codes[0], seen.path, value, seen=seen.tag, by="lan", reason="x"  # type: ignore[arg-type]
        )  # fmt: skip
        counter.apply_all()

    change("deed.kind", "KH")
    assert over_rest(counter, "var.deed.kind=KS") == []
    assert over_rest(counter, "var.deed.kind=KH") == codes[:2]
    change("place", "")
    assert over_rest(counter, "var.place=*") == codes[1:2]
    assert counter.scalar("SELECT count(*) FROM dossier_index") == 10


def test_files_and_batches_take_the_same(counter: Counter, admin: Visitor, codes: list[str]) -> None:
    reply = admin.get(f"/ho-so.csv?{OF}&var.deed.kind=KS")
    assert [row[0] for row in csv.reader(io.StringIO(reply.body.decode("utf-8-sig")))][1:] == codes[:1]
    assert "KS" not in reply.headers["content-disposition"]
    page = admin.page(f"/ho-so?{OF}&var.deed.kind=KS")
    kept = dict(re.findall(r'name="(filter_[^"]+)" value="([^"]*)"', page))
    assert kept["filter_var.deed.kind"] == "KS"
    taken = admin.post("/ho-so.csv", {**kept, "all": "yes"})
    assert taken.body.count(b"\n") == 2
    seen = admin.post("/ho-so/xem-truoc", {**kept, "all": "yes", "action": "suspend", "target": "x"})
    assert codes[0] in seen.body.decode()
    assert codes[1] not in seen.body.decode()
    key = counter.new_key("many", "admin")
    asked = {
        "subject": "dossier",
        "action": "suspend",
        "filter": {"procedure": "1.000001", "var.deed.kind": "KH"},
    }
    told = counter.post("/api/v1/batches/preview", asked, key=key)
    assert (told.status, told.json["count"]) == (200, 1)
    asked["filter"] = {"procedure": "1.000001", "var.colour": "KH"}
    assert counter.post("/api/v1/batches/preview", asked, key=key).code == "body-invalid"


def test_the_next_page_is_of_the_same_values(counter: Counter, codes: list[str]) -> None:
    path = f"/api/v1/dossiers?{OF}&var.place=u*&limit=1"
    first = counter.get(path, key=counter.desk)
    cursor = str(first.json["next"])
    second = counter.get(f"{path}&cursor={cursor}", key=counter.desk)
    assert [reply.json["items"][0]["code"] for reply in (first, second)] == [codes[1], codes[0]]  # type: ignore[index]
    assert second.json["next"] is None
    other = f"/api/v1/dossiers?{OF}&var.place=x*&limit=1&cursor={cursor}"
    assert counter.get(other, key=counter.desk).status == 400


def test_another_units_dossiers_are_not_found_by_it(counter: Counter, codes: list[str]) -> None:
    foreign = counter.new_key("foreign", "dossiers:read", unit="H98.01")
    assert counter.get(f"/api/v1/dossiers?{OF}&var.deed.kind=KS", key=foreign).json["items"] == []
    stranger = Visitor(counter, "viewer", unit="H98.01")
    assert on_page(stranger, "var.deed.kind=KS") == []


def test_what_an_earlier_version_does_not_keep_is_said(
    counter: Counter, admin: Visitor, codes: list[str]
) -> None:
    assert "chỉ tìm trong hồ sơ của phiên bản" not in admin.page(f"/ho-so?{OF}")
    added = "  - {path: note, label: {vi: Ghi chú, en: Note}}\n"
    files = {
        "procedure.yaml": (PROCEDURE + added).encode(), "walk.bpmn": MODEL,
        "check.form": json.dumps(FORM).encode(),
    }  # fmt: skip
    deploy.deploy(counter.store, from_files(files), by="test")
    page = text_of(admin.page(f"/ho-so?{OF}"))
    assert "Ghi chú: chỉ tìm trong hồ sơ của phiên bản 2." in page
    assert "Nơi đăng ký: chỉ tìm" not in page
    later = counter.new_dossier(data={"note": "Gấp"})
    assert over_rest(counter, "var.note=gap") == [later]


def test_the_page_asks_the_database_as_often_whatever_is_sought(
    counter: Counter, admin: Visitor, codes: list[str]
) -> None:
    on_page(admin, "var.place=u*")
    asked = []
    for query in ("var.place=u*", "var.place=u*&var.deed.kind=KS&var.paid=true"):
        with counting(counter.store) as seen:
            on_page(admin, query)
        asked.append(len(seen))
    assert asked[0] == asked[1]
