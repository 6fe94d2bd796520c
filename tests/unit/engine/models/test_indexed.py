"""What dossiers are searched by: an entry that cannot be, or had better not, is told with its line and what to do."""

import json

import pytest

from engine.models.deployment import from_files
from engine.models.linting import lint
from tests.support.counter import FORM, MODEL, PROCEDURE

HEAD = PROCEDURE[: PROCEDURE.index("indexed:")]
LABEL = "label: {vi: Nhãn, en: Label}"


def told(*entries: str, head: str = HEAD) -> list[tuple[str, int, str, str]]:
    text = head + "indexed:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)
    files = {
        "procedure.yaml": text.encode(), "walk.bpmn": MODEL, "check.form": json.dumps(FORM).encode(),
    }  # fmt: skip
    return [(one.file, one.line, one.message, one.remedy) for one in lint(from_files(files))]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (f"path: colour, {LABEL}", "`colour` is no field of data, and nothing that the model writes"),
        (
            f"path: deed.colour, {LABEL}",
            "`deed.colour` is no field of data, and nothing that the model writes",
        ),
        (f"path: deed, {LABEL}", "`deed` is of type object: only single values are indexed"),
        (f"path: who, {LABEL}", "`who` is an identity number, by which nobody searches"),
        (f"path: birth_date, {LABEL}", "`birth_date` may be personal data, which lists do not show"),
        (f"path: deed.meHoTen, {LABEL}", "`deed.meHoTen` may be personal data, which lists do not show"),
        (f"path: many.a, {LABEL}", "`many.a` is no field of data, and nothing that the model writes"),
        (f"path: place, personal: true, {LABEL}", "what is personal is not indexed"),
        (f"path: 'deed..kind', {LABEL}", "`deed..kind` is no path of field names"),
        ("path: place", "indexed.0.label is missing"),
        ("path: place, label: {vi: Nơi}", "indexed.0.label.en is missing"),
        (f"paths: place, {LABEL}", "`paths` is no key of indexed.0"),
    ],
)
def test_an_entry_that_cannot_be_searched_by_is_told_with_its_line(entry: str, message: str) -> None:
    more = (
        "    - {name: who, type: identity, required: false, label: {vi: Ai, en: Who}}\n"
        "    - {name: birth_date, type: date, required: false, label: {vi: Ngày, en: Day}}\n"
        "    - {name: many, type: list, required: false, label: {vi: Nhiều, en: Many}, fields: [{name: a, type: string}]}\n"
    )
    head = HEAD.replace("[KS, KH], label: {vi: Loại, en: Kind}}\n", "[KS, KH], label: {vi: Loại, en: Kind}}\n"
                        "        - {name: meHoTen, type: string, label: {vi: Mẹ, en: Mother}}\n") + more  # fmt: skip
    found = [one for one in told(entry, head=head) if one[2] == message]
    assert [(file, line) for file, line, *_ in found] == [("procedure.yaml", head.count("\n") + 2)]
    assert found[0][3]


def test_who_says_that_it_is_nothing_of_a_person_is_believed() -> None:
    head = HEAD + "    - {name: address, type: string, required: false, label: {vi: Nơi, en: Place}}\n"
    assert told(f"path: address, personal: false, {LABEL}", head=head) == []
    assert told(f"path: address, {LABEL}", head=head) != []


def test_too_many_and_twice_the_same_are_refused() -> None:
    found = [message for _, _, message, _ in told(*[f"path: place, {LABEL}"] * 9)]
    assert "9 values are indexed, at most 8 are" in found
    assert "`place` is indexed twice" in found
