"""No English stands in the Vietnamese pages: every text that is shown is Vietnamese, a name, a code, or what somebody wrote."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from tests.support import every_page
from tests.support.console import Visitor
from tests.support.counter import Counter

ENGLISH = re.compile(
    r"\b(the|of|is|are|not|and|with|for|this|was|that|from|cannot|command|there)\b", re.IGNORECASE
)
# What the tests wrote, and what libraries are called and licensed under.
OTHERS = re.compile(
    r"an event that cannot be applied|\d+\.\d+\S*: |license|^[a-z]+(-[a-z]+)+$", re.IGNORECASE
)
_VOID = frozenset({"br", "input", "img", "link", "meta", "hr"})
_NO_TEXT = frozenset({"script", "style", "code", "pre", "textarea"})


class Shown(HTMLParser):
    """The texts and names that a page has for people, but what says that it is in English and what is typed as it stands."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.texts += [str(given[name]) for name in ("aria-label", "placeholder", "alt") if given.get(name)]
        if tag not in _VOID:
            self._open.append((tag, tag in _NO_TEXT or (given.get("lang") == "en" and tag != "html")))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(left_out for _, left_out in self._open):
            self.texts.append(" ".join(data.split()))


def english(page: str) -> Iterator[str]:
    for text in Shown(page).texts:
        if ENGLISH.search(text) and not OTHERS.search(text):
            yield text[:160]


def test_no_english_stands_in_the_vietnamese_pages(counter: Counter) -> None:
    admin = Visitor(counter, "admin", name="quan-tri")
    found = {}
    for address in every_page.addresses(counter):
        if not address.startswith("/tro-giup/"):  # documents say in which language they are
            page = admin.get(address).body.decode()
            if told := list(english(page)):
                found[address] = told
    assert found == {}


def test_english_would_be_found(counter: Counter) -> None:
    viewer = Visitor(counter, "viewer")
    assert len(list(english(viewer.page("/quy-trinh?lang=en")))) > 3
