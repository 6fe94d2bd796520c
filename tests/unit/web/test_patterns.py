"""Facts are found in a text as a regular expression would find them, and in a time that grows with the text alone."""

import re
import time
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from web import finding_words
from web.patterns import Pattern, pattern


@given(st.lists(st.text("ab`", max_size=2), min_size=1, max_size=5), st.text("ab`x", max_size=12))
def test_the_same_facts_as_a_regular_expression_finds(words: list[str], text: str) -> None:
    found = re.fullmatch("(.*)".join(map(re.escape, words)), text, re.DOTALL)
    assert Pattern(tuple(words)).facts(text) == (found.groups() if found else None)


@given(st.lists(st.text("ab`", max_size=2), min_size=1, max_size=5), st.data())
def test_what_was_put_in_is_always_found(words: list[str], data: st.DataObject) -> None:
    facts = [data.draw(st.text("ab`", max_size=3)) for _ in words[1:]]
    text = words[0] + "".join(fact + word for fact, word in zip(facts, words[1:], strict=True))
    assert Pattern(tuple(words)).facts(text) is not None


def test_a_place_is_two_braces() -> None:
    assert pattern("{} is {}, not {}").facts("a is b, not c") == ("a", "b", "c")
    assert pattern("plain").facts("plain") == ()
    assert pattern("plain").facts("plain!") is None
    assert pattern("ab{}ba").facts("aba") is None, "the two ends do not share a letter"


def test_a_hostile_text_costs_its_length_and_not_every_way_to_share_it_out() -> None:
    """The processor's time for all texts, against what a regular expression takes for the worst of them."""
    english = "the {} `{}` reads `{}`, which nothing here sets"
    assert english in finding_words.known()
    hostile = ("the " + " `` reads `" * 2000)[:1999]
    slow = re.compile("(.*)".join(map(re.escape, english.split("{}"))), re.DOTALL)
    finding_words.told("read once", "vi")
    ours, theirs = spent(lambda: finding_words.told(hostile, "vi")), spent(lambda: slow.fullmatch(hostile))
    assert ours * 5 < theirs


def spent(run: Callable[[], object]) -> float:
    begin = time.process_time()
    run()
    return time.process_time() - begin
