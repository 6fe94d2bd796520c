"""Pages as people see them who enlarge fourfold, set their own colours, or come by the keyboard alone (WCAG 2.2 AA)."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from engine.actions import accounts
from tests.support import every_page
from tests.support.console import PASSWORD
from tests.support.counter import Counter, open_counter
from tests.support.person import Person

# 1280 px enlarged to 400 % (1.4.10). A table, a diagram or code may scroll, in a region of its own.
NARROW = {"width": 320, "height": 256}
TOO_WIDE = """() => {
    const own = one => one.closest(".wide, pre, .diagram, .scroll, svg, canvas");
    const over = [...document.body.querySelectorAll("*")].filter(one => {
        const box = one.getBoundingClientRect();
        return box.width > 0 && box.right > innerWidth + 1 && !own(one) && !one.closest(".visually-hidden");
    });
    const scrolls = document.documentElement.scrollWidth > innerWidth + 1;
    return scrolls ? over.slice(0, 3).map(one => one.outerHTML.slice(0, 160)).concat(document.documentElement.scrollWidth) : [];
}"""
# Every place that the Tab key reaches stays in view (2.4.11) and shows that it is reached (2.4.7).
HIDDEN_FOCUS = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const box = one.getBoundingClientRect();
    const at = document.elementFromPoint(
        Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1),
        Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1));
    const style = getComputedStyle(one);
    const told = style.outlineStyle !== "none" || style.boxShadow !== "none";
    const seen = at && (one.contains(at) || at.contains(one));
    if (seen && told) return "";
    return [told ? "covered" : "unmarked", one.outerHTML.slice(0, 160), at && at.outerHTML.slice(0, 80)].join(" · ");
}"""


@pytest.fixture
def counter(database: object) -> Iterator[Counter]:
    with open_counter(database.url) as opened:  # type: ignore[attr-defined]
        accounts.create(opened.store, "admin", PASSWORD, roles=["admin"], unit=None, by="test")
        yield opened


@pytest.mark.slow
def test_enlarged_fourfold_no_page_scrolls_sideways(chromium: Browser, counter: Counter) -> None:
    person = Person(chromium, counter).sign_in("admin")
    person.page.set_viewport_size(NARROW)
    found: dict[str, object] = {}
    for address in every_page.addresses(counter):
        person.page.goto(address)
        if wide := person.page.evaluate(TOO_WIDE):
            found[address] = wide
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)[:6000]


@pytest.mark.slow
def test_what_the_keyboard_reaches_is_seen_and_marked(chromium: Browser, counter: Counter) -> None:
    person = Person(chromium, counter, reduced_motion="reduce").sign_in("admin")
    code = counter.new_dossier()
    found: dict[str, object] = {}
    for address in (
        "/",
        "/ho-so",
        f"/ho-so/{code}",
        "/su-co",
        "/cuoc-goi",
        "/doi-tac",
        "/tai-khoan",
        "/quy-trinh/1",
    ):
        person.page.goto(address)
        for _ in range(40):
            person.page.keyboard.press("Tab")
            if wrong := person.page.evaluate(HIDDEN_FOCUS):
                found.setdefault(address, wrong)
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)[:6000]
