"""Whatever of a form would be shown or checked otherwise than drawn is told when it is deployed."""

import json
import tracemalloc
from typing import Any

import pytest

from engine.models.deployment import from_files
from engine.models.findings import Finding
from engine.models.rules import forms

FIELD = {"type": "textfield", "key": "name", "label": "Tên"}
CHOICE = {"type": "radio", "key": "kind", "values": [{"label": "A", "value": "a"}]}


def told(*components: Any, **more: Any) -> list[Finding]:
    body = {"type": "default", "id": "ask", "components": list(components), **more}
    return forms.findings(from_files({"ask.form": json.dumps(body, indent=1).encode()}))


def test_what_the_editor_commonly_writes_is_taken_without_a_word() -> None:
    shown = {"type": "text", "text": "# Hỏi", "conditional": {"hide": '=kind != "a"'}}
    rows = [{"type": kind, "id": kind} for kind in ("spacer", "separator", "button")]
    inputs = [
        {"type": kind, "key": f"k_{kind}", "values": [{"label": "A", "value": "a"}], "layout": {"columns": 8}}
        for kind in sorted(forms.INPUTS)
    ]
    group = {"type": "group", "path": "owner", "components": [FIELD, {"type": "checkbox", "key": "kind"}]}
    assert told(FIELD, CHOICE, shown, *rows, *inputs, group) == []


@pytest.mark.parametrize(
    ("component", "says"),
    [
        ({"type": "filepicker", "key": "scan"}, "type filepicker can be neither shown nor checked"),
        ({"type": "dynamiclist", "path": "rows", "components": []}, "type dynamiclist can be neither"),
        ({"type": "expression", "key": "sum", "expression": "=1"}, "type expression can be neither"),
        ({"type": "textfield", "id": "F1"}, "has no key"),
        ({"type": "textfield", "key": "a.b"}, "has a dot"),
        ({"type": "taglist", "key": "s", "valuesExpression": "=list"}, "options come from an expression"),
        ({**FIELD, "key": "x", "label": "=words"}, "its label is an expression"),
        ({"type": "text", "id": "T", "text": "Xin chào {{ ten }}"}, "its text is an expression"),
        ({**FIELD, "key": "x", "readonly": "=locked", "defaultValue": "n"}, "its readonly is an expression"),
        ({"type": "number", "key": "x", "validate": {"min": "=least"}}, "its rule min is `=least`"),
        ({**FIELD, "key": "x", "validate": {"pattern": "("}}, "its pattern cannot be used"),
        ({**FIELD, "key": "x", "validate": {"pattern": "^(?!x)"}}, "its pattern cannot be used"),
        ({**FIELD, "key": "x", "conditional": {"hide": "=name ="}}, "is not FEEL"),
        ({**FIELD, "key": "x", "conditional": {"hide": "name"}}, "is no expression"),
        ({**FIELD, "key": "x", "conditional": {"hide": "=applicant.age < 18"}}, "reads `applicant`"),
        ({"type": "datetime", "key": "x", "disallowPassedDates": True}, "past days"),
        (FIELD, "is used twice"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_component(component: dict[str, Any], says: str) -> None:
    found = told(FIELD, CHOICE, component)
    assert len(found) == 1
    assert says in found[0].message
    assert (found[0].severity, found[0].rule) == ("error", "form-component")
    assert found[0].line > 1
    assert found[0].remedy


def test_what_is_only_to_be_seen_and_is_not_is_a_warning() -> None:
    assert [one.severity for one in told({"type": "image", "id": "logo"})] == ["warning"]
    assert [one.severity for one in told({**FIELD, "readonly": True})] == ["warning"]


def test_two_forms_of_one_id_and_a_form_of_nothing_are_told() -> None:
    body = json.dumps({"id": "ask", "components": []}).encode()
    found = forms.findings(from_files({"a.form": body, "b.form": body, "c.form": b"{}"}))
    assert [(one.file, one.message[:12]) for one in found] == [
        ("b.form", "a.form has t"),
        ("c.form", "the form has"),
    ]


def test_a_form_of_thousands_of_fields_is_judged_in_memory_that_grows_with_it() -> None:
    fields = [
        {**FIELD, "key": f"k{number}", "conditional": {"hide": f"=k{number} = 1"}} for number in range(2_000)
    ]
    tracemalloc.start()
    try:
        assert told(*fields) == []
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 60 * 1024 * 1024
