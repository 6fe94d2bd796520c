"""Findings of models are told in Vietnamese: every message and remedy that the code may say."""

import re
from string import Formatter

import pytest

from tests.support.finding_texts import MARK, every_text
from web import finding_words

# What is said by its facts alone.
NO_WORDS = frozenset({f"{MARK} {MARK}", ""})
# Said by errors that findings pass on, or made of parts that the reader of code does not follow.
OTHERS = frozenset(
    {
        "the process has {} elements, at most {} are run",
        "this is no DMN 1.1 to 1.5, its root is {} of {}",
        "{} must have keys",
        # engine.models.yaml_text, and what the reader of YAML says there most
        "the text is not UTF-8",
        "nested deeper than {}",
        "anchors and aliases are not read; write the value out",
        "a key must be plain text",
        "the key `{}` is there twice",
        "`{}` is not a plain value",
        "{} bytes are more than the limit of {}",
        "mapping values are not allowed here",
        "could not find expected ':'",
        "found character {} that cannot start any token",
        "found unexpected end of stream",
        "but found another document",
        "expected <block end>, but found {}",
        "expected ',' or ']', but got {}",
        "expected ',' or '}', but got {}",
    }
)


def test_the_texts_are_really_found_in_the_code() -> None:
    assert len({text for text, _ in every_text()}) > 300


def test_every_text_has_its_vietnamese() -> None:
    known = finding_words.known()
    missing = {
        (text.replace(MARK, "{}"), where)
        for text, where in every_text()
        if text not in NO_WORDS and text.replace(MARK, "{}") not in known
    }
    assert not missing, f"add to web/translations/findings.yaml: {sorted(missing)}"


def test_no_text_is_left_over() -> None:
    said = {text.replace(MARK, "{}") for text, _ in every_text()}
    assert set(finding_words.known()) - said - OTHERS == set()


@pytest.mark.parametrize("english", finding_words.known())
def test_both_have_the_same_facts(english: str) -> None:
    numbered = {int(name) for _, name, _, _ in Formatter().parse(finding_words.known()[english]) if name}
    assert numbered == set(range(english.count("{}")))


@pytest.mark.parametrize(
    ("english", "vietnamese"),
    [
        ("this endEvent has no id", "endEvent này không có mã"),
        ("the timer has no time", "hẹn giờ không có thời gian"),
        ("global tasks are not run by this engine", "hệ thống không chạy tác vụ dùng chung"),
        ("complexGateway is not run by this engine", "hệ thống không chạy complexGateway"),
        ("the condition `timer` is no expression", "điều kiện `timer` không phải biểu thức"),
        ("`{x}` is no channel", "`{x}` không phải kênh nộp"),
        ("the moon is full", "the moon is full"),
    ],
)
def test_facts_are_put_in(english: str, vietnamese: str) -> None:
    assert finding_words.told(english, "vi") == vietnamese
    assert finding_words.told(english, "en") == english


def test_what_the_expression_language_complains_of_is_told_too() -> None:
    said = "the condition `1 +` is not FEEL: FEEL, line 1, column 4: expected a value, found the end"
    assert re.match("điều kiện `1 \\+` không phải FEEL: FEEL, dòng 1, cột 4", finding_words.told(said, "vi"))
