"""People are told what is wrong in their own language: every code and every reason that the web and the actions give."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
import yaml

from engine import errors
from engine.actions.accounts import RIGHTS
from web import telling
from web.telling import known

ROOT = Path(__file__).parents[3]
READ = (
    "adapters/sign_on.py",
    "engine/actions",
    "engine/dossiers",
    "engine/queries",
    "engine/storage/partners.py",
    "schedules",
    "web",
)
MARK = "\x01"
# What only programs are told, or what is a name and no sentence.
NOT_FOR_PEOPLE = frozenset({MARK, f"{MARK} {MARK}", f"{MARK}: {MARK}", ""})


def said(node: ast.expr) -> Iterator[str]:
    """The texts that an expression may be, with a mark for each fact."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(one.value) if isinstance(one, ast.Constant) else MARK for one in node.values)
    elif isinstance(node, ast.IfExp):
        yield from said(node.body)
        yield from said(node.orelse)


def given(call: ast.Call) -> Iterator[ast.expr]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    yield from (one.value for one in call.keywords if one.arg in ("reason", "what") and name[:1].isupper())
    if name == "open_incident":
        yield from call.args[2:3]
    if name == "Unacceptable":
        yield from call.args[:1]
    if name == "add" and len(call.args) == 2:
        yield call.args[1]


def every_reason() -> Iterator[tuple[str, str]]:
    for folder in READ:
        place = ROOT / folder
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call):
                    for one in given(node):
                        yield from ((text, f"{file.name}:{node.lineno}") for text in said(one))


def placeholders(text: str) -> set[str]:
    return {str(name) for _, name, _, _ in Formatter().parse(text) if name}


def test_the_reasons_are_really_found_in_the_code() -> None:
    assert len({text for text, _ in every_reason()}) > 100


def test_every_reason_has_its_vietnamese() -> None:
    missing = {
        (text.replace(MARK, "{}"), where)
        for text, where in every_reason()
        if text not in NOT_FOR_PEOPLE and telling.reason(text, "vi") == text
    }
    assert not missing, f"add to web/translations/reasons.yaml: {sorted(missing)}"


@pytest.mark.parametrize("right", RIGHTS.values())
def test_every_right_has_its_vietnamese(right: str) -> None:
    assert telling.reason(right, "vi") != right


@pytest.mark.parametrize("code", known())
def test_every_code_has_its_vietnamese_with_the_same_facts(code: str) -> None:
    english, vietnamese = (telling.entry(code, known()[code], lang) for lang in ("en", "vi"))
    assert english["title"] != vietnamese["title"]
    assert placeholders(english["text"]) == placeholders(vietnamese["text"])
    assert bool(vietnamese["remedy"]) >= bool(known()[code].remedy)
    assert not known()[code].remedy or vietnamese["remedy"] != known()[code].remedy


def test_no_word_is_left_over() -> None:
    words = yaml.safe_load((ROOT / "web/translations/errors.yaml").read_text())
    assert set(words) == set(known())


def test_facts_and_reasons_are_put_in() -> None:
    error = errors.WorkItemClaimed(work_item=5, holder="lan")
    assert telling.told(error, "vi").text == "việc 5 đang do lan giữ"
    assert telling.told(error, "en").text == "work item 5 is claimed by lan"
    asked = errors.RequestInvalid(reason="the reason is missing", fields=[])
    assert telling.told(asked, "vi").text == "chưa điền lý do"
    assert (
        telling.told(errors.NotAllowed(what="read the audit trail"), "vi").text
        == "bạn không được phép đọc nhật ký"
    )
    assert (
        telling.told(errors.NotAllowed(what="read the audit trail"), "en").text
        == "you may not read the audit trail"
    )


def test_the_first_wrong_field_keeps_its_name() -> None:
    error = errors.RequestInvalid(
        reason="limit must be at most 5", fields=[{"field": "limit", "reason": "must be at most 5"}]
    )
    assert telling.told(error, "vi").text == "limit không được quá 5"


def test_braces_in_what_a_person_typed_are_only_text() -> None:
    error = errors.DossierNotFound(dossier="{0.__class__}{reason}")
    assert telling.told(error, "vi").text == "không có hồ sơ {0.__class__}{reason}"
    assert telling.reason("{x} is not known here", "vi") == "{x} không có ở đây"


def test_an_unknown_reason_is_told_as_it_is_and_quickly() -> None:
    assert telling.reason("the moon is full", "vi") == "the moon is full"
    long = "is none of " * 90
    assert telling.reason(long + "!", "vi")
    assert re.fullmatch("is none of .*", telling.reason("is none of " * 1000, "vi"), re.DOTALL)


@pytest.mark.parametrize(
    ("english", "vietnamese"),
    [
        ("incident 5 is closed already", "sự cố 5 đã đóng rồi"),
        ("H99-1 is suspended already", "H99-1 đã tạm dừng rồi"),
        ("work item 3 is claimed by lan", "việc 3 đang do lan giữ"),
        ("nobody knows this sentence", "nobody knows this sentence"),
        ("", ""),
    ],
)
def test_what_was_written_down_in_english_is_told_in_vietnamese(english: str, vietnamese: str) -> None:
    assert telling.sentence(english, "vi") == vietnamese
    assert telling.sentence(english, "en") == english
