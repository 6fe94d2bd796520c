"""A console with an identity provider to sign in at; and a browser, without a browser, that goes there and back with the cookies
that a real one would send.
"""

import html
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlencode, urlsplit

from adapters.outbound import Door
from adapters.sign_on import OidcSignOn, Provider
from engine.actions import accounts, sign_on
from tests.support.console import FORM, PASSWORD
from tests.support.counter import Counter, Reply, open_counter
from tests.support.identity_provider import CLIENT, SECRET, SUBJECT, IdentityProvider


@contextmanager
def provided(url: str, provider: IdentityProvider, *, title: str = "") -> Iterator[Counter]:
    """The console over the database at *url*, with *provider* to sign in at."""
    known = Provider(
        issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET, title=title, private=True
    )
    with closing(Door()) as door, open_counter(url, sign_on=OidcSignOn(known, door)) as opened:
        provider.client.back_to = f"http://127.0.0.1:{opened.port}/vao/cong/ve"
        yield opened


def bound(counter: Counter) -> int:
    """An account, lan's, that belongs to the provider's person."""
    account = accounts.create(counter.store, "lan", PASSWORD, roles=["viewer"], unit=None, by="test")
    sign_on.bind(counter.store, account, SUBJECT, by="test")
    return account


def led_to(reply: Reply) -> str:
    """The address that a page of ours goes on to by itself."""
    (where,) = [line for line in reply.body.decode().splitlines() if "http-equiv" in line]
    return html.unescape(where.split("url=")[1].split('"')[0])


class ProviderBrowser:
    """Goes where a browser would, with the cookies that it would send: none of Strict to an answer from elsewhere."""

    def __init__(self, counter: Counter, provider: IdentityProvider) -> None:
        self.counter, self.provider = counter, provider
        self.cookie = ""

    def begin(self, **fields: str) -> str:
        """Press the button; the provider's address."""
        headers = {"Content-Type": FORM, "Accept": "text/html"}
        reply = self.counter.request("POST", "/vao/cong", urlencode(fields).encode(), headers=headers)
        assert reply.status == 200, reply.body
        self.cookie = reply.headers["set-cookie"].split(";")[0]
        assert "HttpOnly" in reply.headers["set-cookie"]
        return led_to(reply)

    def get(self, address: str) -> Reply:
        """What the provider answers."""
        parts = urlsplit(address)
        client = Counter.__new__(Counter)
        client.container, client.port = self.counter.container, int(parts.port or 0)
        return client.request("GET", f"{parts.path}?{parts.query}", headers={"Accept": "text/html"})

    def visit(self, address: str) -> str:
        """The provider sends the browser back; where to."""
        reply = self.get(address)
        assert reply.status == 302, reply.body
        return reply.headers["location"]

    def come_back(self, address: str, cookie: str | None = None) -> Reply:
        parts = urlsplit(address)
        headers = {"Accept": "text/html", "Cookie": self.cookie if cookie is None else cookie}
        return self.counter.request("GET", f"{parts.path}?{parts.query}", headers=headers)

    def sign_in(self) -> str:
        """The whole way there and back; the text of the session."""
        reply = self.come_back(self.visit(self.begin(next="/")))
        (session,) = [one for one in reply.cookies if one.startswith("lt_session=")]
        return session.split(";")[0].removeprefix("lt_session=")
