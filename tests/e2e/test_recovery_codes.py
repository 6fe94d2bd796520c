"""Recovery codes in a real browser: the sheet that is printed, and signing in without the telephone."""

from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, expect

from engine.actions import accounts
from tests.support.console import PASSWORD
from tests.support.counter import Counter, open_counter
from tests.support.person import Person


@pytest.fixture
def counter(database: object) -> Iterator[Counter]:
    with open_counter(database.url) as opened:  # type: ignore[attr-defined]
        accounts.create(opened.store, "lan", PASSWORD, roles=["viewer"], unit=None, by="test")
        yield opened


def test_a_printed_code_signs_in_without_the_telephone(chromium: Browser, counter: Counter) -> None:
    person = Person(chromium, counter).sign_in("lan")
    page = person.page
    page.goto("/toi?theme=dark")
    form = page.locator("form", has=page.locator("input[name=code]"))
    form.get_by_label("Mật khẩu hiện tại").fill(PASSWORD)
    form.get_by_label("Mã 6 chữ số").fill(pyotp.TOTP(page.locator("input[name=secret]").input_value()).now())
    form.get_by_role("button").click()
    expect(page.locator(".codes li")).to_have_count(10)
    codes = page.locator(".codes li").all_inner_texts()
    expect(page.locator("#new-codes")).to_be_focused()
    page.evaluate("window.print = () => { document.body.dataset.printed = 'yes' }")
    page.get_by_role("button", name="In", exact=True).click()
    assert page.evaluate("document.body.dataset.printed") == "yes"
    page.emulate_media(media="print")
    assert [one for one in codes if not page.get_by_text(one).is_visible()] == []
    assert page.locator(".sheet strong", has_text="lan").is_visible(), "whose they are"
    ink = "one => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]"
    assert page.locator(".codes code").first.evaluate(ink) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    for hidden in ("header", "footer", "main form", "main button", "h1"):
        assert not page.locator(hidden).first.is_visible(), hidden
    page.emulate_media(media="screen")
    page.goto("/toi")
    assert page.locator(".codes").count() == 0
    page.locator("header button").click()
    page.get_by_label("Tên tài khoản").fill("lan")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.locator("main button").first.click()
    page.get_by_text("Không có điện thoại?").click()
    page.get_by_label("Mã khôi phục").fill(codes[0])
    page.locator("details button").click()
    page.wait_for_url("**/")
    page.goto("/toi")
    assert page.get_by_text("Mã khôi phục còn lại: 9").is_visible()
    assert person.complaints == []
