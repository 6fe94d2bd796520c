"""A person at the console: signs in over real HTTP, follows addresses, fills forms in as a browser would."""

import html
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from engine.actions import accounts, sessions
from tests.support.counter import Counter, Reply

PASSWORD = "a long enough password"
FORM = "application/x-www-form-urlencoded"


class Visitor:
    """Somebody with the roles given, signed in to *counter*."""

    def __init__(self, counter: Counter, *roles: str, unit: str | None = None, name: str = "") -> None:
        self.counter, self.unit = counter, unit
        self.name = name or "-".join(roles)
        counter.has_unit(unit)
        self.account = accounts.create(counter.store, self.name, PASSWORD, roles=roles, unit=unit, by="test")
        self.session = sessions.sign_in(counter.store, self.name, PASSWORD, address="127.0.0.1")

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": f"lt_session={self.session}", "Accept": "text/html"}

    def get(self, path: str) -> Reply:
        return self.counter.request("GET", path, headers=self.headers)

    def page(self, path: str) -> str:
        """The page's text. It must be there."""
        reply = self.get(path)
        assert reply.status == 200, (path, reply.status, reply.body.decode()[-1500:])
        return reply.body.decode()

    def token(self) -> str:
        """What our forms carry, read from a page that has one."""
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.page("/doi-tac"))
        assert found is not None
        return found[1]

    def post(
        self, path: str, fields: Mapping[str, str | Sequence[str]] | None = None, *, token: str | None = None
    ) -> Reply:
        """Send a form with the session's token."""
        given = {"csrf": self.token() if token is None else token, **(fields or {})}
        body = urlencode(given, doseq=True).encode()
        return self.counter.request("POST", path, body, headers=self.headers | {"Content-Type": FORM})


def prolong_the_wait(counter: Counter) -> None:
    """Have whoever guessed too often wait an hour longer: the first wait, one second, may be over before the next guess."""
    prolonged = (
        "UPDATE failed_sign_in SET until = until + interval '1 hour' WHERE until IS NOT NULL RETURNING 1"
    )
    with counter.store.transaction() as connection:
        assert connection.exec_driver_sql(prolonged).all(), "nobody has to wait"


def text_of(page: str) -> str:
    """What a person reads of a page."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))
