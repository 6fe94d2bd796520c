"""Signing in at a provider on another site in a real browser, whose rules about cookies are what matters here."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from adapters.outbound import Door
from adapters.sign_on import OidcSignOn, Provider
from engine.actions import accounts, sign_on
from tests.support import identity_provider
from tests.support.console import PASSWORD
from tests.support.counter import Counter, open_counter
from tests.support.identity_provider import CLIENT, SECRET, SUBJECT
from tests.support.person import Person


@pytest.fixture
def counter(database: object) -> Iterator[Counter]:
    door = Door()
    with identity_provider.serving() as provider:
        provider.issuer = provider.issuer.replace("127.0.0.1", "localhost")  # another site than the console's
        known = Provider(issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET, private=True)
        with open_counter(database.url, sign_on=OidcSignOn(known, door)) as opened:  # type: ignore[attr-defined]
            provider.client.back_to = f"http://127.0.0.1:{opened.port}/vao/cong/ve"
            account = accounts.create(opened.store, "lan", PASSWORD, roles=["viewer"], unit=None, by="test")
            sign_on.bind(opened.store, account, SUBJECT, by="test")
            yield opened
        door.close()


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
