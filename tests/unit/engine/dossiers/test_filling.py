"""A form begins with what its task's inputs give it, and is checked by the same."""

import pytest

from engine import errors
from engine.dossiers import forms
from engine.dossiers.filling import filled, names_read, options_read
from engine.exchange.ports import Json

NAME: Json = {"type": "textfield", "key": "name", "defaultValue": "nobody"}
PAPERS: Json = {"type": "checklist", "key": "missing", "valuesKey": "papers"}
OWNER: Json = {"type": "group", "path": "owner", "components": [NAME, PAPERS]}
BOX: Json = {"type": "group", "components": [NAME, PAPERS]}


def form(*components: Json) -> dict[str, Json]:
    return {"id": "ask", "components": [*components]}


def component(found: dict[str, Json], *path: int) -> dict[str, Json]:
    inner: Json = found
    for at in path:
        assert isinstance(inner, dict)
        inner = inner["components"][at]  # type: ignore[index, call-overload]
    assert isinstance(inner, dict)
    return inner


def test_a_field_begins_with_the_input_of_its_key() -> None:
    assert component(filled(form(NAME), {"name": "Lan"}), 0)["defaultValue"] == "Lan"


@pytest.mark.parametrize("given", [{}, {"name": None}, {"other": "x"}])
def test_without_an_input_the_default_stays(given: dict[str, Json]) -> None:
    assert component(filled(form(NAME), given), 0)["defaultValue"] == "nobody"


def test_a_group_with_a_path_reads_its_own_object_and_one_without_reads_as_if_it_were_not_there() -> None:
    found = filled(form(OWNER, BOX), {"name": "outer", "owner": {"name": "inner"}})
    assert component(found, 0, 0)["defaultValue"] == "inner"
    assert component(found, 1, 0)["defaultValue"] == "outer"
    assert component(filled(form(OWNER), {"owner": "no object"}), 0, 0)["defaultValue"] == "nobody"


@pytest.mark.parametrize(
    ("papers", "options"),
    [
        (["GCS", "CT01"], [{"label": "GCS", "value": "GCS"}, {"label": "CT01", "value": "CT01"}]),
        ([{"label": "Giấy chứng sinh", "value": "GCS"}], [{"label": "Giấy chứng sinh", "value": "GCS"}]),
        ([1, 2], [{"label": "1", "value": 1}, {"label": "2", "value": 2}]),
    ],
)
def test_input_data_become_the_options(papers: Json, options: Json) -> None:
    assert component(filled(form(PAPERS), {"papers": papers}), 0)["values"] == options


@pytest.mark.parametrize("papers", [None, "GCS", {}, [], [{"label": "no value"}], [["a"]], [None]])
def test_what_is_no_list_of_options_leaves_nothing_to_choose_and_the_check_says_so(papers: Json) -> None:
    found = filled(form(PAPERS), {"papers": papers})
    assert "values" not in component(found, 0)
    with pytest.raises(errors.FormInvalid) as caught:
        forms.validate(found, {"missing": ["GCS"]})
    assert "has nothing to choose from" in caught.value.message


def test_entries_are_checked_by_the_options_given() -> None:
    found = filled(form(PAPERS), {"papers": ["GCS"]})
    assert forms.validate(found, {"missing": ["GCS"]}) == {"missing": ["GCS"]}
    with pytest.raises(errors.FormInvalid):
        forms.validate(found, {"missing": ["CT01"]})


def test_the_form_itself_is_left_as_it_is() -> None:
    drawn = form(OWNER, BOX)
    filled(drawn, {"name": "Lan", "papers": ["GCS"]})
    assert drawn == form(OWNER, BOX)


def test_what_a_form_reads_is_known() -> None:
    assert names_read(form(OWNER, BOX)) == {"owner", "name", "missing", "papers"}
    assert options_read(form(OWNER, BOX)) == {"papers"}
