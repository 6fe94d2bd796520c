"""A bpmn.io form on a page, and what a browser sends back as the data that its check wants."""

import json
from pathlib import Path

import pytest
from werkzeug.datastructures import MultiDict

import bpmn
from engine.dossiers.forms import validate
from web.console.forms import data_of, fields, unshowable

FORM = {
    "components": [
        {"type": "text", "text": "# Hỏi\n\n<b>hai</b> câu"},
        {"type": "number", "key": "age", "label": "Tuổi", "validate": {"min": 0, "max": 150}},
        {
            "type": "select",
            "key": "kind",
            "values": [{"label": "Một", "value": 1}, {"label": "Hai", "value": 2}],
        },
        {"type": "checklist", "key": "papers", "values": [{"value": "a"}, {"value": "b"}]},
        {"type": "checkbox", "key": "sure"},
        {"type": "datetime", "subtype": "date", "key": "day", "dateLabel": "Ngày"},
        {
            "type": "group",
            "components": [{"type": "textfield", "key": "name", "validate": {"required": True}}],
        },
    ]
}


def test_what_a_browser_sends_has_the_types_that_the_check_wants() -> None:
    sent = MultiDict(
        [("f.age", "41"), ("f.kind", "2"), ("f.papers", "a"), ("f.papers", "b"), ("f.sure", "true"),
         ("f.day", "2026-11-22"), ("f.name", " Lan "), ("f.unknown", "x")]
    )  # fmt: skip
    data = data_of(FORM, sent)
    assert data == {
        "age": 41, "kind": 2, "papers": ["a", "b"], "sure": True, "day": "2026-11-22", "name": "Lan",
    }  # fmt: skip
    assert validate(FORM, data)["kind"] == 2


def test_what_is_empty_is_left_out_and_what_is_no_number_is_told_at_its_field() -> None:
    assert data_of(FORM, MultiDict([("f.age", ""), ("f.name", " ")])) == {"sure": False}
    assert data_of(FORM, MultiDict([("f.age", "forty")]))["age"] == "forty"
    assert data_of(FORM, MultiDict([("f.age", "1,5")]))["age"] == 1.5


def test_what_was_typed_stays_and_errors_stand_at_their_fields() -> None:
    shown = {one.name: one for one in fields(FORM, MultiDict([("f.name", "x")]), {"age": "is missing"})}
    assert shown["name"].values == ("x",)
    assert shown["name"].required
    assert shown["age"].error == "is missing"
    assert shown[""].label == "Hỏi\n\nhai câu"
    assert shown["day"].kind == "date"


@pytest.mark.parametrize("form", sorted(Path(bpmn.__path__[0]).rglob("*.form")), ids=lambda path: path.stem)
def test_every_shipped_form_can_be_shown(form: Path) -> None:
    body = json.loads(form.read_bytes())
    assert unshowable(body) == []
    assert fields(body, None, {})


def test_a_component_that_cannot_be_shown_is_named() -> None:
    assert unshowable({"components": [{"type": "filepicker", "key": "scan"}]}) == ["scan"]


def test_options_that_come_from_data_are_named_as_not_to_be_shown() -> None:
    fixed = {"key": "a", "type": "select", "values": [{"label": "A", "value": "a"}]}
    elsewhere = [{"key": kind, "type": kind, "valuesKey": "list"} for kind in ("select", "radio", "taglist")]
    assert unshowable({"components": [fixed, *elsewhere]}) == ["select", "radio", "taglist"]


NESTED = {
    "components": [
        {
            "type": "group",
            "label": "Người nhận",
            "path": "owner",
            "components": [
                {"type": "textfield", "key": "name", "label": "Tên", "validate": {"required": True}},
                {"type": "textfield", "key": "code", "readonly": True, "defaultValue": "A1"},
            ],
        },
        {"type": "checklist", "key": "papers", "values": [{"value": "a"}], "defaultValue": ["a"]},
    ]
}


def test_the_fields_of_a_group_with_a_path_stand_in_it_and_fixed_ones_are_shown_but_not_sent() -> None:
    sent = MultiDict([("f.owner.name", "Lan"), ("f.owner.code", "forged"), ("f.papers", "a")])
    data = data_of(NESTED, sent)
    assert data == {"owner": {"name": "Lan"}, "papers": ["a"]}
    assert validate(NESTED, data) == data
    shown = {one.name: one for one in fields(NESTED, sent, {"owner.name": "is missing"})}
    assert shown[""].kind == "heading"
    assert shown["owner.name"].error == "is missing"
    assert shown["owner.code"].values == ("A1",)
    assert unshowable(NESTED) == []
    assert fields(NESTED, None, {})[-1].values == ("a",)
