"""JSON Schema, compiled: what it lets through, what it names, and that it agrees with the reference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from adapters.contracts.schemas import SchemaInvalid, compile_schema
from engine.exchange.ports import Json

DOSSIER: dict[str, Json] = {
    "type": "object",
    "required": ["code", "status"],
    "additionalProperties": False,
    "properties": {
        "code": {"type": "string", "pattern": "^H[0-9]+$", "maxLength": 5},
        "status": {"enum": ["1", "2"]},
        "count": {"type": "integer", "minimum": 1, "maximum": 3},
        "flag": {"const": True},
        "papers": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"$ref": "#/$defs/paper"}},
        "any": {"anyOf": [{"type": "null"}, {"type": "string", "minLength": 2}]},
    },
    "$defs": {
        "paper": {
            "type": ["object", "null"],
            "required": ["name"],
            "additionalProperties": {"type": "string"},
        }
    },
}
GOOD: dict[str, Json] = {"code": "H1", "status": "1"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"code": 5}, "request.code: 5 is no string"),
        ({"code": "X"}, "request.code: 'X' does not match"),
        ({"code": "H12345"}, "request.code: its length 6 must be at most 5"),
        ({"status": "3"}, "request.status: '3' is not one of '1', '2'"),
        ({"count": 0}, "request.count: 0 must be at least 1"),
        ({"count": True}, "request.count: True is no integer"),
        ({"flag": 1}, "request.flag: 1 is not one of True"),
        ({"papers": []}, "request.papers: its length 0 must be at least 1"),
        ({"papers": [{}]}, "request.papers[0]: name is missing"),
        ({"papers": [{"name": 1}]}, "request.papers[0].name: 1 is no string"),
        ({"any": "x"}, "request.any: fits none of 2 forms"),
        ({"other": 1}, "request: other is not expected"),
    ],
)
def test_the_first_thing_that_is_wrong_is_named_with_its_place(change: dict[str, Json], problem: str) -> None:
    found = compile_schema(DOSSIER)({**GOOD, **change}, "request")
    assert found is not None
    assert found.startswith(problem)


def test_what_is_missing_is_named() -> None:
    assert compile_schema(DOSSIER)({"code": "H1"}, "request") == "request: status is missing"


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "strin"}, "at type"),
        ({"format": "date"}, "keyword format is not supported"),
        ({"properties": {"a": {"oneOf": []}}}, "at properties/a/oneOf"),
        ({"$ref": "#/$defs/none"}, "is not one of"),
        ({"pattern": "("}, "pattern"),
    ],
)
def test_a_schema_that_would_check_less_than_it_says_is_refused(schema: dict[str, Json], reason: str) -> None:
    with pytest.raises(SchemaInvalid, match=reason):
        compile_schema(schema)


def test_a_schema_may_refer_to_itself() -> None:
    tree: dict[str, Json] = {
        "$ref": "#/$defs/node",
        "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
    }
    assert compile_schema(tree)({"next": {"next": {}}}, "x") is None
    assert compile_schema(tree)({"next": {"next": 1}}, "x") == "x.next.next: 1 is no object"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 5)
    | st.sampled_from(["1", "2", "H1", "x", "H12345"])
    | st.floats(0, 4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["code", "status", "count", "flag", "papers", "any", "name", "other"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(VALUES)
def test_it_agrees_with_the_reference_on_every_value(value: Json) -> None:
    ours = compile_schema(DOSSIER)(value, "x") is None
    assert ours == Draft202012Validator(DOSSIER).is_valid(value)


@pytest.mark.parametrize(
    "wrong",
    ["Nguyễn Văn Canary", 1099424242, ["Canary"], {"Canary": 1}],
    ids=["name", "number", "list", "object"],
)
@pytest.mark.parametrize("schema", [{"type": "boolean"}, {"enum": ["a"]}, {"const": 1}])
def test_what_is_wrong_is_told_without_the_value_that_may_be_somebodys(
    schema: dict[str, Json], wrong: Json
) -> None:
    said = str(compile_schema(schema)(wrong, "body"))
    assert said.startswith("body: a")
    assert "anary" not in said
    assert "1099424242" not in said
