"""Signing out: here first, then at the identity provider where the session began there and it says how."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.actions import sessions, sign_on
from tests.support import identity_provider
from tests.support.console import PASSWORD, text_of
from tests.support.counter import Counter, Reply
from tests.support.identity_provider import CLIENT, SUBJECT, IdentityProvider
from tests.support.provider_browser import ProviderBrowser, bound, led_to, provided


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with identity_provider.serving() as running:
        yield running


@pytest.fixture
def counter(database: object, provider: IdentityProvider) -> Iterator[Counter]:
    with provided(database.url, provider, title="VNeID") as opened:  # type: ignore[attr-defined]
        bound(opened)
        yield opened


@pytest.fixture
def browser(counter: Counter, provider: IdentityProvider) -> ProviderBrowser:
    return ProviderBrowser(counter, provider)


def sign_out(counter: Counter, session: str) -> Reply:
    headers = {"Accept": "text/html", "Cookie": f"lt_session={session}"}
    return counter.request("POST", "/ra", b"", headers=headers)


def test_it_ends_here_then_there_and_says_so(
    counter: Counter, browser: ProviderBrowser, provider: IdentityProvider
) -> None:
    session = browser.sign_in()
    kept = str(counter.scalar("SELECT id_token FROM session"))
    assert kept.startswith("gAAAA"), "sealed"
    reply = sign_out(counter, session)
    assert (reply.status, counter.scalar("SELECT count(*) FROM session")) == (200, 0)
    assert sessions.of_session(counter.store, session) is None, "before the provider is asked"
    assert provider.ended == []
    where = led_to(reply)
    asked = parse_qs(urlsplit(where).query)
    assert where.startswith(f"{provider.issuer}/end?realm=so&")
    assert (asked["client_id"], len(asked["id_token_hint"])) == ([CLIENT], 1)
    back = browser.visit(where)
    assert [one["sub"] for one in provider.ended] == [SUBJECT]
    assert back.startswith(f"http://127.0.0.1:{counter.port}/vao/cong/ra?state=")
    assert parse_qs(urlsplit(back).query)["state"] == asked["state"]
    (mark,) = [one for one in reply.cookies if one.startswith("lt_sign_out=")]
    assert "HttpOnly" in mark
    told = browser.come_back(back, cookie=mark.split(";")[0])
    assert (told.status, told.headers["location"]) == (303, "/vao?out=both")
    assert "đã đăng xuất ở đây và tại VNeID" in text_of(counter.get("/vao?out=both").body.decode())
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'signed-out'") == 1


@pytest.mark.parametrize("cookie", ["", "lt_sign_out=another"])
def test_a_way_back_that_was_not_begun_here_tells_nothing(
    counter: Counter, browser: ProviderBrowser, cookie: str
) -> None:
    back = browser.visit(led_to(sign_out(counter, browser.sign_in())))
    for address in (back, "/vao/cong/ra", "/vao/cong/ra?state="):
        told = browser.come_back(address, cookie=cookie)
        assert (told.status, told.headers["location"]) == (303, "/vao")


@pytest.mark.parametrize("wrong", ["no end", "odd end"])
def test_a_provider_that_offers_none_goes_on_and_the_page_says_so(
    counter: Counter, browser: ProviderBrowser, provider: IdentityProvider, wrong: str
) -> None:
    provider.wrong = wrong
    reply = sign_out(counter, browser.sign_in())
    assert (reply.status, reply.headers["location"]) == (303, "/vao?out=here")
    assert counter.scalar("SELECT count(*) FROM session") == 0
    assert "phiên tại nhà cung cấp danh tính vẫn còn" in text_of(counter.get("/vao?out=here").body.decode())


def test_a_provider_that_is_away_keeps_nobody_signed_in(
    counter: Counter, browser: ProviderBrowser, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = browser.sign_in()
    monkeypatch.setattr("adapters.sign_on._GOOD_S", 0.0)  # what it publishes is asked for again
    provider.wrong = "another name"
    reply = sign_out(counter, session)
    assert (reply.status, reply.headers["location"]) == (303, "/vao?out=here")
    assert counter.scalar("SELECT count(*) FROM session") == 0


def test_a_session_that_began_with_a_password_leads_nowhere_else(
    counter: Counter, provider: IdentityProvider
) -> None:
    session = sessions.sign_in(counter.store, "lan", PASSWORD, address="127.0.0.1")
    reply = sign_out(counter, session)
    assert (reply.status, reply.headers["location"]) == (303, "/vao")
    assert counter.request("POST", "/ra", b"", headers={"Accept": "text/html"}).status == 303
    assert provider.asked == []


def test_a_token_too_long_for_an_address_is_not_kept_and_the_provider_asks(
    counter: Counter, browser: ProviderBrowser, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.actions.sign_on._MOST_TOKEN", 10)
    where = led_to(sign_out(counter, browser.sign_in()))
    assert "id_token_hint" not in where
    assert "Do you want to sign out?" in browser.get(where).body.decode()
    assert provider.ended == []


def test_the_provider_refuses_what_it_did_not_sign_and_stays_where_it_does_not_know_the_way(
    counter: Counter, browser: ProviderBrowser, provider: IdentityProvider
) -> None:
    where = led_to(sign_out(counter, browser.sign_in()))
    assert browser.get(where.replace("client_id=lienthong", "client_id=other")).status == 400
    assert browser.get(where.replace("id_token_hint=e", "id_token_hint=f")).status == 400
    assert provider.ended == []
    assert browser.get(where.replace("vao%2Fcong%2Fra", "evil")).status == 200, "no way back"


def test_without_its_secret_the_token_cannot_be_read(counter: Counter, browser: ProviderBrowser) -> None:
    session = browser.sign_in()
    left = sign_on.leave(
        counter.store, counter.container.sign_on, session, back_to="http://x/ra", key=b"another secret"
    )
    assert "id_token_hint" not in left.address
    assert left.goes_on
