"""What is kept of a value, and what is asked for, come to the same however it is written."""

import pytest

from engine.dossiers import indexing
from engine.exchange.ports import Json
from engine.models.procedure import Indexed, Text

BOTH = Text(vi="x", en="x")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("  Ủy ban  NHÂN dân ", "uy ban nhan dan"), ("Đường", "duong"), (3, "3"), (3.0, "3"), (2.5, "2.5"), (True, "true"),
        (False, "false"), ("", None), (None, None), ([1], None), ({"a": 1}, None), ("x" * 300, "x" * 200),
    ],
)  # fmt: skip
def test_a_single_value_is_kept_as_it_is_compared(value: Json, kept: str | None) -> None:
    assert indexing.kept(value) == kept


@pytest.mark.parametrize(
    ("text", "type_", "sought"),
    [("22/11/2025", "date", "2025-11-22"), ("22/11/2025", "string", "22/11/2025"), ("mai", "date", "mai")],
)
def test_a_date_may_be_asked_for_as_people_write_it(text: str, type_: str, sought: str) -> None:
    assert indexing.sought(text, type_) == sought


def test_only_what_was_written_is_kept_anew() -> None:
    indexed = [Indexed(path=path, label=BOTH) for path in ("a", "b.c", "b.d.e", "z")]
    assert indexing.entries(indexed, {"b": {"c": "Một", "d": [1]}, "a": None}) == {
        "a": None,
        "b.c": "mot",
        "b.d.e": None,
    }
    assert indexing.entries(indexed, {"b": "no object"}) == {"b.c": None, "b.d.e": None}
    assert indexing.entries(indexed, {}) == {}
