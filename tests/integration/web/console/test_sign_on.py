"""Signing in at an identity provider: a real one over real HTTP, and what happens when what it says cannot be believed."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.outbound import Door
from adapters.sign_on import OidcSignOn, Provider
from engine import errors
from engine.actions import accounts, sessions, sign_on
from tests.support import identity_provider
from tests.support.console import FORM, PASSWORD, text_of
from tests.support.counter import Counter, open_counter
from tests.support.identity_provider import CLIENT, SUBJECT, IdentityProvider
from tests.support.provider_browser import ProviderBrowser, bound, provided


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with identity_provider.serving() as running:
        yield running


@pytest.fixture
def counter(database: object, provider: IdentityProvider) -> Iterator[Counter]:
    with provided(database.url, provider, title="VNeID") as opened:  # type: ignore[attr-defined]
        yield opened


@pytest.fixture
def browser(counter: Counter, provider: IdentityProvider) -> ProviderBrowser:
    return ProviderBrowser(counter, provider)


def test_the_button_leads_to_the_provider_and_back_signed_in(
    counter: Counter, browser: ProviderBrowser
) -> None:
    bound(counter)
    assert "VNeID" in counter.get("/vao").body.decode()
    going = browser.begin(next="/ho-so?status=2")
    asked = parse_qs(urlsplit(going).query)
    assert (asked["code_challenge_method"], asked["client_id"]) == (["S256"], [CLIENT])
    reply = browser.come_back(browser.visit(going))
    assert reply.status == 200
    assert 'content="0; url=/ho-so?status=2"' in reply.body.decode()
    session = reply.headers["set-cookie"]
    assert "lt_session=" in session
    assert "SameSite=Strict" in session
    cookie = session[session.index("lt_session=") :].split(";")[0]
    page = counter.request("GET", "/ho-so", headers={"Cookie": cookie, "Accept": "text/html"})
    assert "lan" in page.body.decode()
    told = counter.scalar("SELECT facts ->> 'by' FROM audit WHERE what = 'signed-in'")
    assert told == "provider"


def test_a_form_that_was_kept_is_shown_again(counter: Counter, browser: ProviderBrowser) -> None:
    bound(counter)
    going = browser.begin(next="/viec/1", kept='{"decision": ["accept"], "csrf": ["old"]}')
    page = browser.come_back(browser.visit(going)).body.decode()
    assert 'name="decision" value="accept"' in page
    assert "old" not in page


@pytest.mark.parametrize(
    "wrong",
    ["nonce", "no nonce", "audience", "issuer", "expired", "future", "nobody", "unsigned", "foreign key",
     "unknown key", "secret of the public key", "denied"],
)  # fmt: skip
def test_what_cannot_be_believed_signs_nobody_in(
    counter: Counter, browser: ProviderBrowser, provider: IdentityProvider, wrong: str
) -> None:
    bound(counter)
    going = browser.begin(next="/")
    provider.wrong = wrong
    reply = browser.come_back(browser.visit(going))
    assert reply.status == 403
    assert "lt_session" not in str(reply.headers)
    assert counter.scalar("SELECT count(*) FROM session") == 0


@pytest.mark.parametrize("wrong", ["page", "huge"])
def test_a_provider_out_of_order_is_told_and_passwords_still_work(
    counter: Counter, browser: ProviderBrowser, provider: IdentityProvider, wrong: str
) -> None:
    bound(counter)
    going = browser.begin(next="/")
    provider.wrong = wrong
    reply = browser.come_back(browser.visit(going))
    assert reply.status == 503
    assert "password" in reply.body.decode()
    assert sessions.sign_in(counter.store, "lan", PASSWORD, address="127.0.0.1")


def test_a_provider_with_another_name_or_none_is_not_asked(
    counter: Counter, provider: IdentityProvider
) -> None:
    provider.wrong = "another name"
    headers = {"Content-Type": FORM, "Accept": "text/html"}
    assert counter.request("POST", "/vao/cong", b"next=/", headers=headers).status == 503
    assert provider.asked == ["/.well-known/openid-configuration"]


def test_a_way_back_counts_once_and_in_the_browser_that_began(
    counter: Counter, browser: ProviderBrowser
) -> None:
    bound(counter)
    back = browser.visit(browser.begin(next="/"))
    assert browser.come_back(back, cookie="").status == 403
    stranger = ProviderBrowser(counter, browser.provider)
    stranger.begin(next="/")
    assert stranger.come_back(back).status == 403, "another's state"
    assert browser.come_back(back).status == 200
    assert browser.come_back(back).status == 403, "a second time"


def test_who_has_no_account_is_told_what_to_give_an_admin(counter: Counter, browser: ProviderBrowser) -> None:
    reply = browser.come_back(browser.visit(browser.begin(next="/")))
    assert reply.status == 403
    assert SUBJECT in text_of(reply.body.decode())
    account = bound(counter)
    accounts.change(
        counter.store, account, roles=["viewer"], unit=None, enabled=False, by="test", reason="left"
    )
    assert browser.come_back(browser.visit(browser.begin(next="/"))).status == 403


def test_one_person_has_one_account_and_loses_it_at_once(counter: Counter, browser: ProviderBrowser) -> None:
    account = bound(counter)
    other = accounts.create(counter.store, "minh", PASSWORD, roles=["viewer"], unit=None, by="test")
    with pytest.raises(errors.StoreConflict):
        sign_on.bind(counter.store, other, SUBJECT, by="test")
    assert browser.come_back(browser.visit(browser.begin(next="/"))).status == 200
    sign_on.bind(counter.store, account, None, by="test", reason="left")
    assert counter.scalar("SELECT count(*) FROM session") == 0
    assert browser.come_back(browser.visit(browser.begin(next="/"))).status == 403


def test_new_keys_of_the_provider_are_fetched(
    counter: Counter, browser: ProviderBrowser, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound(counter)
    assert browser.come_back(browser.visit(browser.begin(next="/"))).status == 200
    provider.rotate()
    assert browser.come_back(browser.visit(browser.begin(next="/"))).status == 403, "asked a moment ago"
    monkeypatch.setattr("adapters.sign_on._AGAIN_S", 0.0)
    assert browser.come_back(browser.visit(browser.begin(next="/"))).status == 200


@pytest.mark.parametrize(
    "where", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1"]
)
def test_no_way_leads_to_another_site(counter: Counter, browser: ProviderBrowser, where: str) -> None:
    bound(counter)
    reply = browser.come_back(browser.visit(browser.begin(next=where)))
    assert 'content="0; url=/"' in reply.body.decode()


def test_without_a_provider_there_is_no_button_and_no_address(database: object) -> None:
    with open_counter(database.url) as plain:  # type: ignore[attr-defined]
        assert "/vao/cong" not in plain.get("/vao").body.decode()
        headers = {"Content-Type": FORM, "Accept": "application/json"}
        assert plain.request("POST", "/vao/cong", b"next=/", headers=headers).status == 404


def test_plain_http_and_a_missing_name_are_refused_at_start() -> None:
    with pytest.raises(errors.SettingsError, match="https"):
        OidcSignOn(Provider(issuer="http://id.example", client_id="x"), Door())
    with pytest.raises(errors.SettingsError, match="CLIENT_ID"):
        OidcSignOn(Provider(issuer="https://id.example", client_id=""), Door())
