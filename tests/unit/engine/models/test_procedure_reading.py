"""`procedure.yaml`: a right file is read whole, a wrong one is told line by line."""

import pytest

from engine.models.findings import Findings
from engine.models.procedure import Channel, Procedure, Unit
from engine.models.procedure_reading import read_procedure
from engine.models.yaml_text import read

RIGHT = """\
code: "2.002621"
name: {vi: Liên thông khai sinh, en: Linked birth registration}
process: khai_sinh_lien_thong
field: {code: "HT", name: {vi: Hộ tịch, en: Civil status}}
reports: [portal]
deadline:
  counter: {days: 3}
  online: {hours: 20}
calendar_rule: {accepted_after: "15:00", then: next_working_day}
fees: []
documents:
  - {code: GCS, name: {vi: Giấy chứng sinh, en: Birth certificate}, required: true, media_types: [application/pdf]}
applicant:
  fields:
    - {name: full_name, type: string, required: true, label: {vi: Họ tên, en: Full name}}
    - {name: identity, type: identity, required: true}
data:
  fields:
    - name: child
      type: object
      fields:
        - {name: born_on, type: date, required: true}
result: {code: KQ, name: {vi: Giấy khai sinh, en: Birth extract}}
"""


def _read(text: str) -> tuple[Procedure | None, list[tuple[str, int]]]:
    findings = Findings("procedure.yaml")
    procedure = read_procedure(text.encode(), findings)
    return procedure, [(one.element, one.line) for one in findings.items]


def test_a_right_file_is_read_whole() -> None:
    procedure, findings = _read(RIGHT)
    assert findings == []
    assert procedure is not None
    assert procedure.process == "khai_sinh_lien_thong"
    assert procedure.deadline[Channel.ONLINE].unit is Unit.HOURS
    assert procedure.data[0].fields[0].name == "born_on"
    assert procedure.documents[0].media_types == ("application/pdf",)


def test_a_channel_without_a_deadline_of_its_own_has_the_counters() -> None:
    procedure, _ = _read(RIGHT)
    assert procedure is not None
    term = procedure.term("post")
    assert term is not None
    assert term.amount == 3


def test_a_same_day_procedure_has_a_deadline_of_no_days() -> None:
    procedure, findings = _read(RIGHT.replace("{days: 3}", "{days: 0}"))
    assert findings == []
    assert procedure is not None
    term = procedure.term("counter")
    assert term is not None
    assert (term.unit, term.amount) == (Unit.DAYS, 0)


@pytest.mark.parametrize(
    ("old", "new", "element", "line"),
    [
        ('code: "2.002621"', "code: 2.002621", "code", 1),
        ("process: khai_sinh_lien_thong", "proces: x", "proces", 3),
        ("{days: 3}", "{days: -1}", "deadline.counter.days", 7),
        ("{hours: 20}", "{hours: 0}", "deadline.online.hours", 8),
        ("{hours: 20}", "{weeks: 2}", "deadline.online.weeks", 8),
        ('"15:00"', '"25:00"', "calendar_rule.accepted_after", 9),
        ("type: identity", "type: passport", "applicant.fields.1.type", 16),
        ("required: true, media_types", "required: maybe, media_types", "documents.0.required", 12),
        ("name: born_on", "name: born on", "data.fields.0.fields.0.name", 22),
    ],
)
def test_a_wrong_value_is_named_with_its_path_and_line(old: str, new: str, element: str, line: int) -> None:
    assert old in RIGHT
    procedure, findings = _read(RIGHT.replace(old, new))
    assert procedure is None
    assert (element, line) in findings


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: [", 1), ("a: 1\na: 2", 2), ("a: &x 1\nb: *x", 2), ("- : : -\n\t", 2), ("a: !!python/name:os 1", 1)],
)
def test_what_is_not_plain_yaml_is_refused_with_its_line(text: str, line: int) -> None:
    findings = Findings("procedure.yaml")
    assert read_procedure(text.encode(), findings) is None
    assert findings.items[0].rule == "yaml"
    assert abs(findings.items[0].line - line) <= 1


def test_yaml_that_is_nested_without_end_is_refused() -> None:
    findings = Findings("procedure.yaml")
    assert read_procedure(b"a: " + b"[" * 5_000 + b"]" * 5_000, findings) is None
    assert "nested deeper" in findings.items[0].message


def test_words_and_numbers_that_yaml_would_twist_stay_text() -> None:
    text = read(b"{a: no, b: 15:00, c: 010, d: 2026-01-02, e: 1.5, f: -3, g: true, h: ~, i: '1', no: x}")
    assert text.value == {
        "a": "no",
        "b": "15:00",
        "c": "010",
        "d": "2026-01-02",
        "e": 1.5,
        "f": -3,
        "g": True,
        "h": None,
        "i": "1",
        "no": "x",
    }
