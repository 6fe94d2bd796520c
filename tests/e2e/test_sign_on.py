"""Signing in and out at a provider on another site in a real browser, whose rules about cookies are what matters here."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support import identity_provider
from tests.support.counter import Counter
from tests.support.identity_provider import COOKIE, SUBJECT, IdentityProvider
from tests.support.person import Person
from tests.support.provider_browser import bound, provided


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with identity_provider.serving() as running:
        running.issuer = running.issuer.replace("127.0.0.1", "localhost")  # another site than the console's
        yield running


@pytest.fixture
def counter(database: object, provider: IdentityProvider) -> Iterator[Counter]:
    with provided(database.url, provider) as opened:  # type: ignore[attr-defined]
        bound(opened)
        yield opened


def test_one_press_leads_there_and_back_to_the_page_that_was_wanted(
    chromium: Browser, counter: Counter
) -> None:
    code = counter.new_dossier()
    person = Person(chromium, counter)
    person.page.goto(f"/ho-so/{code}")
    person.page.get_by_role("button", name="Đăng nhập bằng localhost").click()
    person.page.wait_for_url(f"**/ho-so/{code}")
    assert person.page.get_by_text("Đang dùng lan").count() == 1
    session = next(one for one in person.context.cookies() if one["name"] == "lt_session")
    assert (session["httpOnly"], session["sameSite"]) == (True, "Strict")
    assert [one for one in person.complaints if "localhost" not in one and "401" not in one] == []


def test_one_press_signs_out_here_and_there(
    chromium: Browser, counter: Counter, provider: IdentityProvider
) -> None:
    person = Person(chromium, counter)
    page = person.page
    page.goto("/vao")
    page.get_by_role("button", name="Đăng nhập bằng localhost").click()
    page.get_by_text("Đang dùng lan").wait_for()
    assert len(provider.signed_in) == 1
    page.get_by_role("button", name="Thoát").click()
    page.wait_for_url("**/vao?out=both")
    assert page.get_by_text("đã đăng xuất ở đây và tại localhost").is_visible()
    assert ([one["sub"] for one in provider.ended], provider.signed_in) == ([SUBJECT], set())
    assert {one["name"] for one in person.context.cookies()} == {COOKIE}
    assert [one for one in person.complaints if "localhost" not in one] == []


def test_where_the_provider_offers_no_way_out_the_page_says_that_its_session_goes_on(
    chromium: Browser, counter: Counter, provider: IdentityProvider
) -> None:
    provider.wrong = "no end"
    person = Person(chromium, counter)
    page = person.page
    page.goto("/vao")
    page.get_by_role("button", name="Đăng nhập bằng localhost").click()
    page.get_by_role("button", name="Thoát").click()
    page.wait_for_url("**/vao?out=here")
    assert page.get_by_text("phiên tại nhà cung cấp danh tính vẫn còn").is_visible()
    assert len(provider.signed_in) == 1
    assert [one for one in person.complaints if "localhost" not in one] == []
