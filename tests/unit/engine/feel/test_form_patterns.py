"""Patterns of forms and fields: what they match is what Python says, and how long it takes nobody can choose."""

import re
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.feel.regex.forms import holds, wrong_in

CHARS = "ab1_ -.Ễ\n@"
CLASSES = ["[ab]", "[^ab]", r"[\w.-]", "[a-b1]", r"[^\s@]", "[.]", r"[\]a]", r"[a\-_]"]
ESCAPES = [*(f"\\{name}" for name in "dwsDWSbBAZ.-"), r"\x61", r"\u1ec4"]
ATOMS = st.sampled_from([*"ab1.Ễ@^$]}", *ESCAPES, *CLASSES])
QUANTITIES = st.sampled_from(["", "", "?", "*", "+", "{2}", "{1,}", "{0,2}", "*?", "+?", "{1,2}?"])


def sequences(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    grouped = inner.map(lambda one: f"({one})") | inner.map(lambda one: f"(?:{one})")
    either = st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})")
    piece = st.tuples(grouped | either, QUANTITIES).map("".join)
    return st.lists(piece | inner, min_size=1, max_size=3).map("".join)


LEAVES = st.tuples(ATOMS, QUANTITIES).map(lambda two: two[0] if two[0] in "^$" else "".join(two))
PATTERNS = st.recursive(LEAVES, sequences, max_leaves=6)


@settings(max_examples=1500)
@given(pattern=PATTERNS, text=st.text(alphabet=CHARS, max_size=8))
def test_what_they_match_is_what_python_says(pattern: str, text: str) -> None:
    try:
        python = re.compile(pattern)
    except re.error:
        return
    assert wrong_in(pattern) is None
    text = text.rstrip("\n")  # Python's $ would stand before a last line break as well
    assume(text)  # nothing entered is never checked; Python before 3.14 finds no \B in it
    assert holds(pattern, text) == (python.search(text) is not None)
    assert holds(pattern, text, whole=True) == (python.fullmatch(text) is not None)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^(\w+\s?)*$", "a" * 3_999 + "!"),
        (r"^(a+)+$", "a" * 3_999 + "b"),
        (r"(a|aa)+$", "a" * 3_999 + "b"),
        (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 4_000),
        (r"^(?:x?){200}y?z$", "x" * 3_999 + "y"),
    ],
)
def test_no_text_makes_them_take_long(pattern: str, text: str) -> None:
    began = time.process_time()
    assert not holds(pattern, text)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "an unexpected end|a missing"),
        ("(?=a)b", "looking ahead"),
        ("(?<!a)b", "looking ahead"),
        ("(?i)a", "looking ahead"),
        (r"(a)\1", "not known here"),
        ("a++", "nothing before"),
        ("[]", "an empty class|an unexpected end"),
        (r"[\w-z]", "a wrong range"),
        (r"\q", "not known here"),
        ("(?:a{1,100}){1,100}", "instructions"),
        ("a{901}", "too large"),
    ],
)
def test_what_cannot_be_run_in_bounded_time_is_said(pattern: str, reason: str) -> None:
    assert re.search(reason, wrong_in(pattern) or "")


@pytest.mark.parametrize("pattern", ["(?P<year>[0-9]{4})-x", "(?<year>[0-9]{4})-x"])
def test_named_groups_only_group(pattern: str) -> None:
    assert holds(pattern, "2026-x")
    assert not holds(pattern, "26-x")


def test_a_pattern_that_was_deployed_before_it_was_looked_at_is_still_checked() -> None:
    assert holds(r"^(?!x)\w+$", "abc")
    assert not holds(r"^(?!x)\w+$", "xbc")
