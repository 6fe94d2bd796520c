from collections.abc import Mapping

import pytest

from engine import errors
from engine.dossiers import forms
from engine.exchange.ports import Json

DECISION: Json = {
    "type": "radio",
    "key": "decision",
    "values": [{"label": "Nhận", "value": "accept"}, {"label": "Từ chối", "value": "refuse"}],
    "validate": {"required": True},
}
REASON: Json = {
    "type": "textarea",
    "key": "reason",
    "validate": {"required": True, "minLength": 3, "maxLength": 10},
    "conditional": {"hide": '=decision = "accept"'},
}


def form(*components: Json) -> dict[str, Json]:
    return {"type": "default", "components": list(components)}


def accepted_hides(text: str, data: Mapping[str, Json]) -> bool:
    assert text == '=decision = "accept"'
    return data.get("decision") == "accept"


def wrong(of: dict[str, Json], data: dict[str, Json]) -> list[tuple[str, str]]:
    with pytest.raises(errors.FormInvalid) as caught:
        forms.validate(of, data, accepted_hides)
    fields = caught.value.facts["fields"]
    assert isinstance(fields, list)
    return [(one["field"], one["reason"]) for one in fields]


def test_good_data_comes_back_clean() -> None:
    given: dict[str, Json] = {"decision": "refuse", "reason": "  Thiếu giấy "}
    assert forms.validate(form(DECISION, REASON), given) == {"decision": "refuse", "reason": "Thiếu giấy"}


def test_a_hidden_field_is_neither_asked_for_nor_kept() -> None:
    data: dict[str, Json] = {"decision": "accept", "reason": "x"}
    assert forms.validate(form(DECISION, REASON), data, accepted_hides) == {"decision": "accept"}
    assert wrong(form(DECISION, REASON), {"decision": "refuse"}) == [("reason", "is missing")]


def test_a_condition_sees_every_field_even_when_nothing_was_entered() -> None:
    seen: list[Mapping[str, Json]] = []

    def never(text: str, data: Mapping[str, Json]) -> bool:
        seen.append(data)
        return False

    with pytest.raises(errors.FormInvalid):
        forms.validate(form(DECISION, REASON), {}, never)
    assert seen[0] == {"decision": None, "reason": None}


def test_every_wrong_field_is_named_at_once() -> None:
    found = wrong(form(DECISION, REASON), {"decision": "maybe", "reason": "ab", "extra": 1})
    assert found == [
        ("extra", "is no field of this form"),
        ("decision", "must be one of accept, refuse"),
        ("reason", "is shorter than 3 characters"),
    ]


@pytest.mark.parametrize(
    ("component", "value", "reason"),
    [
        ({"type": "textfield", "validate": {"pattern": "^\\d+$"}}, "12a", "does not have the form asked for"),
        ({"type": "textfield", "validate": {"maxLength": 2}}, "abc", "is longer than 2 characters"),
        ({"type": "textfield", "validate": {"validationType": "email"}}, "a@b", "must be an e-mail address"),
        ({"type": "textfield", "validate": {"validationType": "phone"}}, "abc", "must be a telephone number"),
        ({"type": "textfield"}, "a\u0000", "has control characters"),
        ({"type": "textfield"}, 5, "must be text"),
        ({"type": "number", "validate": {"min": 1}}, 0, "must be at least 1"),
        ({"type": "number", "validate": {"max": 3}}, 4, "must be at most 3"),
        ({"type": "number", "decimalDigits": 1}, 1.25, "must have at most 1 decimals"),
        ({"type": "number"}, True, "must be a number"),
        ({"type": "select", "values": [{"value": "a"}]}, "b", "must be one of a"),
        ({"type": "select", "values": [{"value": 1}]}, True, "must be one of 1"),
        ({"type": "checklist", "values": [{"value": "a"}]}, ["a", "b"], "must be one of a"),
        ({"type": "checklist", "values": [{"value": "a"}]}, "a", "must be a list"),
        ({"type": "checkbox"}, "yes", "must be true or false"),
        ({"type": "checkbox", "validate": {"required": True}}, False, "must be ticked"),
        ({"type": "datetime", "subtype": "date"}, "31/02/2026", "is a date that does not exist"),
        ({"type": "datetime", "subtype": "time"}, "25:00", "must be a time in ISO 8601"),
        ({"type": "filepicker"}, "x", "is of a type that cannot be checked"),
        ({"type": "select", "valuesKey": "o"}, "x", "has nothing to choose from: its options did not come"),
    ],
)
def test_a_wrong_value_is_told_why(component: dict[str, Json], value: Json, reason: str) -> None:
    assert wrong(form({**component, "key": "f"}), {"f": value}) == [("f", reason)]


@pytest.mark.parametrize(
    ("component", "value", "stored"),
    [
        ({"type": "number", "decimalDigits": 1}, 1.5, 1.5),
        ({"type": "taglist", "values": [{"value": "a"}, {"value": "b"}]}, ["b"], ["b"]),
        ({"type": "checkbox"}, False, False),
        ({"type": "datetime", "subtype": "date"}, "22/11/2026", "2026-11-22"),
        ({"type": "datetime", "subtype": "time"}, "08:30", "08:30:00"),
        (
            {"type": "datetime", "subtype": "datetime"},
            "2026-11-22T08:30:00+07:00",
            "2026-11-22T08:30:00+07:00",
        ),
        ({"type": "textfield", "validate": {"validationType": "phone"}}, "0912 345 678", "0912 345 678"),
    ],
)
def test_a_right_value_is_kept(component: dict[str, Json], value: Json, stored: Json) -> None:
    assert forms.validate(form({**component, "key": "f"}), {"f": value}) == {"f": stored}


def test_groups_stand_at_their_level_and_paths_nest() -> None:
    name: Json = {"type": "textfield", "key": "name", "validate": {"required": True}}
    whole = form(
        {"type": "group", "components": [DECISION, {"type": "text", "text": "# Tiêu đề"}]},
        {"type": "group", "path": "owner", "components": [name]},
        {"type": "dynamiclist", "path": "papers", "components": [name]},
    )
    data: dict[str, Json] = {"decision": "accept", "owner": {"name": "A"}, "papers": [{"name": "B"}]}
    assert forms.validate(whole, data) == data
    found = wrong(whole, {"decision": "accept", "owner": {"x": 1}, "papers": [{"name": "B"}, 7]})
    assert found == [
        ("owner.x", "is no field of this form"),
        ("owner.name", "is missing"),
        ("papers.1.name", "is missing"),
    ]


def test_a_read_only_field_is_never_taken_from_the_person() -> None:
    fixed: Json = {"type": "textfield", "key": "code", "readonly": True}
    assert forms.validate(form(fixed), {"code": "forged"}) == {}


def test_a_number_goes_in_its_steps_and_is_kept_as_text_where_the_form_says_so() -> None:
    fee: Json = {
        "type": "number",
        "key": "fee",
        "increment": 0.1,
        "validate": {"min": 0},
        "serializeToString": True,
    }
    assert forms.validate(form(fee), {"fee": 0.3}) == {"fee": "0.3"}
    assert wrong(form(fee), {"fee": 0.35}) == [("fee", "must go in steps of 0.1")]


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        (None, "2026-11-22T08:30:00+07:00"),
        ("utc_normalized", "2026-11-22T01:30:00+00:00"),
        ("no_timezone", "2026-11-22T08:30:00"),
    ],
)
def test_a_moment_entered_here_is_meant_in_vietnam(style: str | None, kept: str) -> None:
    when: Json = {"type": "datetime", "subtype": "datetime", "key": "at", "timeSerializingFormat": style}
    assert forms.validate(form(when), {"at": "2026-11-22T08:30"}) == {"at": kept}
