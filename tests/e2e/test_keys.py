"""The keyboard: help, search, rows and pages by a key; nothing is changed by one, and single characters can be switched off."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from engine.actions import accounts
from tests.support.console import PASSWORD
from tests.support.counter import Counter, open_counter
from tests.support.person import Person


@pytest.fixture
def counter(database: object) -> Iterator[Counter]:
    with open_counter(database.url) as opened:  # type: ignore[attr-defined]
        accounts.create(opened.store, "admin", PASSWORD, roles=["admin"], unit=None, by="test")
        yield opened


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent || document.activeElement.name"))


def test_keys_lead_to_help_search_rows_and_pages(chromium: Browser, counter: Counter) -> None:
    older, newer = counter.new_dossier(), counter.new_dossier()
    person = Person(chromium, counter).sign_in("admin")
    page = person.page
    page.goto("/ho-so")
    page.keyboard.press("j")
    assert focused(page) == newer
    page.keyboard.press("j")
    assert focused(page) == older
    page.keyboard.press("k")
    assert focused(page) == newer
    page.keyboard.press("/")
    assert focused(page) == "q"
    page.keyboard.type("j?k/")
    assert page.locator("#q").input_value() == "j?k/", "typing is no command"
    page.locator("h1").click()
    page.keyboard.press("Alt+k")
    page.keyboard.type("nhat ky")
    assert page.locator("dialog li:visible").all_inner_texts() == ["Nhật ký"]
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    page.keyboard.press("Alt+k")
    page.keyboard.type("su co")
    page.keyboard.press("Enter")
    page.wait_for_url("**/su-co")
    page.keyboard.press("?")
    page.wait_for_url("**/tro-giup")
    assert person.complaints == []
    assert counter.scalar("SELECT count(*) FROM audit WHERE what NOT LIKE 'signed%' AND who = 'admin'") == 0


def test_the_dialog_keeps_and_gives_back_the_focus(chromium: Browser, counter: Counter) -> None:
    page = Person(chromium, counter).sign_in("admin").page
    page.goto("/ho-so")
    page.locator("#q").focus()
    page.keyboard.press("Alt+k")
    for _ in range(30):
        page.keyboard.press("Tab")
        inside = "document.activeElement === document.body || document.querySelector('dialog').contains(document.activeElement)"
        assert page.evaluate(inside), "the focus left the dialog"
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    assert focused(page) == "q"


def test_single_characters_can_be_switched_off(chromium: Browser, counter: Counter) -> None:
    counter.new_dossier()
    page = Person(chromium, counter).sign_in("admin").page
    page.goto("/tro-giup")
    page.get_by_role("button", name="Tắt phím một ký tự").click()
    page.goto("/ho-so")
    page.keyboard.press("?")
    page.keyboard.press("j")
    assert page.url.endswith("/ho-so")
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("Alt+k")
    page.locator("dialog[open]").wait_for()  # no single character


def test_a_session_that_ends_soon_says_so_and_goes_on_without_loss(
    chromium: Browser, counter: Counter
) -> None:
    person = Person(chromium, counter).sign_in("admin")
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE session SET expires_at = now() + interval '130 s'")
    page = person.page
    page.clock.install()
    page.goto("/ho-so")
    page.locator("#q").fill("đang gõ dở")
    assert page.locator("#session-ends").is_hidden()
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE session SET expires_at = now() + interval '118 s'")
    page.clock.run_for(15_000)
    page.locator("#session-ends").wait_for(state="visible")
    with page.expect_response("**/phien"):
        page.get_by_role("button", name="Tiếp tục làm việc").click()
    page.locator("#session-ends").wait_for(state="hidden")
    assert page.locator("#q").input_value() == "đang gõ dở"
    left = counter.scalar("SELECT extract(epoch FROM max(expires_at) - now()) FROM session")
    assert float(left) > 7 * 3600  # type: ignore[arg-type]
