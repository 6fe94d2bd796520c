import pytest

from engine.dossiers import corrections
from engine.dossiers.corrections import NoSuchPlace

DATA = {"note": "a", "papers": [{"number": 1}, {"number": 2}], "none": None}


def test_a_value_is_found_and_replaced_and_nothing_else_moves() -> None:
    path = corrections.path_of("papers.1.number")
    assert corrections.value_at(DATA, path) == 2
    changed = corrections.replaced(DATA, path, 3)
    assert changed == {"note": "a", "papers": [{"number": 1}, {"number": 3}], "none": None}
    assert corrections.value_at(DATA, path) == 2


def test_what_is_missing_is_made() -> None:
    assert corrections.value_at(DATA, ["new", "inner"]) is None
    assert corrections.replaced({}, ["new", "inner"], 1) == {"new": {"inner": 1}}
    assert corrections.replaced(DATA, ["none", "x"], 1)["none"] == {"x": 1}  # type: ignore[index,call-overload]


@pytest.mark.parametrize("path", ["note.x", "papers.2", "papers.x", "papers.-1", "papers.²"])
def test_a_path_through_nothing_leads_nowhere(path: str) -> None:
    with pytest.raises(NoSuchPlace):
        corrections.replaced(DATA, path.split("."), 1)


@pytest.mark.parametrize("text", ["", ".", "a..b", ".".join("a" * 21)])
def test_a_path_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(NoSuchPlace):
        corrections.path_of(text)


def test_digests_compare_values_and_need_the_salt() -> None:
    same = corrections.digest(b"s", {"a": 1, "b": 2})
    assert same == corrections.digest(b"s", {"b": 2, "a": 1})
    assert same != corrections.digest(b"t", {"a": 1, "b": 2})
