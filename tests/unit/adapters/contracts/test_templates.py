"""Templates: what is filled in, and what is refused when a contract is read."""

import pytest

from adapters.contracts.templates import TemplateInvalid, compile_template
from engine.errors import FeelError
from engine.exchange.ports import Json

NAMES = frozenset({"inputs", "dossier"})


def fill(template: Json, **scope: Json) -> Json:
    return compile_template(template, NAMES)({"inputs": None, "dossier": None, **scope})


def test_what_is_no_expression_stays_as_it_is() -> None:
    template: Json = {"a": 1, "b": [None, True, "text"], "c": {"d": 1.5}}
    assert fill(template) == template


def test_expressions_are_filled_at_every_depth_and_order_is_kept() -> None:
    filled = fill({"z": "=inputs.a + 1", "a": [{"x": "=inputs.b"}]}, inputs={"a": 1, "b": "ư"})
    assert filled == {"z": 2, "a": [{"x": "ư"}]}
    assert list(filled) == ["z", "a"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("yyyyMMddHHmmss", "20261121083000"),
        ("dd/MM/yyyy HH:mm:ss", "21/11/2026 08:30:00"),
        ("dd.MM.yyyy", "21.11.2026"),
        ("yyyy/MM/dd", "2026/11/21"),
        ("yyyy-MM-dd", "2026-11-21"),
        ("dd-MM-yyyy", "21-11-2026"),
        ("yyyyMMdd", "20261121"),
        ("M-yyyy", "11-2026"),
    ],
)
def test_a_moment_is_written_in_local_time_in_each_of_the_eight_formats(form: str, written: str) -> None:
    assert fill({"$date": "=inputs", "format": form}, inputs="2026-11-21T01:30:00+00:00") == written


def test_a_moment_just_before_midnight_utc_is_the_next_day_in_vietnam() -> None:
    filled = fill({"$date": "=inputs", "format": "yyyyMMdd"}, inputs="2026-11-21T17:00:00Z")
    assert filled == "20261122"


def test_a_plain_date_stays_that_day() -> None:
    assert fill({"$date": "=inputs", "format": "dd.MM.yyyy"}, inputs="2026-02-28") == "28.02.2026"


def test_no_moment_is_null_or_what_the_contract_says() -> None:
    assert fill({"$date": "=inputs", "format": "yyyyMMdd"}) is None
    assert fill({"$date": "=inputs", "format": "yyyyMMdd", "empty": ""}) == ""


@pytest.mark.parametrize("text", ["21/11/2026", "2026-11-21T08:30:00", "2026-13-01"])
def test_what_is_no_moment_with_an_offset_is_an_error(text: str) -> None:
    with pytest.raises(FeelError):
        fill({"$date": "=inputs", "format": "yyyyMMdd"}, inputs=text)


def test_a_wire_date_is_read_back_as_iso_text() -> None:
    assert fill({"$iso": "=inputs", "format": "dd/MM/yyyy"}, inputs="21/11/2026") == "2026-11-21"
    moment = fill({"$iso": "=inputs", "format": "yyyyMMddHHmmss"}, inputs="20261121083000")
    assert moment == "2026-11-21T08:30:00+07:00"


def test_each_item_of_a_list_fills_the_inner_template() -> None:
    template: Json = {
        "$each": "=inputs",
        "as": "paper",
        "do": {"code": "=paper.code", "dossier": "=dossier.n"},
    }
    assert fill(template, inputs=[{"code": "A"}, {"code": "B"}], dossier={"n": 1}) == [
        {"code": "A", "dossier": 1},
        {"code": "B", "dossier": 1},
    ]
    assert fill(template) == []


def test_a_condition_that_fails_leaves_the_member_and_the_item_out() -> None:
    template: Json = {
        "a": {"$if": "inputs = 1", "then": "yes"},
        "b": [{"$if": "inputs = 1", "then": "yes"}],
        "c": {"$if": "inputs = 1", "then": "yes", "else": "no"},
    }
    assert fill(template, inputs=1) == {"a": "yes", "b": ["yes"], "c": "yes"}
    assert fill(template, inputs=2) == {"b": [], "c": "no"}


def test_objects_are_merged_and_packed_into_text() -> None:
    template: Json = {"$json": {"$merge": ["=inputs", {"b": 2}, "=dossier"]}}
    assert fill(template, inputs={"a": "ơ", "b": 1}) == '{"a":"ơ","b":2}'


def test_a_doubled_dollar_is_a_dollar() -> None:
    assert fill({"$$oid": "=inputs"}, inputs="1") == {"$oid": "1"}


@pytest.mark.parametrize(
    ("template", "where", "reason"),
    [
        ({"a": ["=1 +"]}, "a[0]", "FEEL"),
        ({"a": "=strange.b"}, "a", "strange is no name here"),
        ({"a": {"$dat": "=1"}}, "a", "is no directive"),
        ({"$date": "=inputs", "format": "dd/mm/yy"}, "", "format is one of"),
        ({"$each": "=inputs", "item": 1}, "", "$each knows no item"),
        ({"$merge": {}}, "", "a list"),
    ],
)
def test_a_broken_template_is_refused_with_its_place(template: Json, where: str, reason: str) -> None:
    with pytest.raises(TemplateInvalid) as refusal:
        compile_template(template, NAMES)
    assert refusal.value.where == where
    assert reason in refusal.value.reason
