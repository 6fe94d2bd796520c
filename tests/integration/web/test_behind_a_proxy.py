"""Behind a proxy that is trusted the web knows who asks, over what and under which name; from anybody else it is only claimed."""

import http.client
from collections.abc import Iterator
from contextlib import AbstractContextManager
from urllib.parse import urlencode

import pytest

from engine.actions import accounts
from tests.support.console import FORM, PASSWORD
from tests.support.counter import Counter, open_counter, serving
from web.app import create_app
from web.rates import Rate

CLIENT, NAME = "203.0.113.9", "motcua.example.vn"
FORWARDED = {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https", "X-Forwarded-Host": NAME}


@pytest.fixture
def counter(database: object) -> Iterator[Counter]:
    with open_counter(database.url, stranger_rate=Rate(per_s=0.001, burst=2)) as opened:  # type: ignore[attr-defined]
        accounts.create(opened.store, "lan", PASSWORD, roles=["admin"], unit=None, by="test")
        yield opened


def behind(counter: Counter, trusted: str) -> AbstractContextManager[int]:
    return serving(create_app(counter.container), threads=2, trusted_proxy=trusted)


def ask(port: int, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body.encode(), headers)
        reply = connection.getresponse()
        return reply.status, {n.lower(): v for n, v in reply.getheaders()}, reply.read().decode()
    finally:
        connection.close()


def sign_in(port: int, **headers: str) -> tuple[int, dict[str, str]]:
    body = urlencode({"name": "lan", "password": PASSWORD, "next": "/"})
    status, told, _ = ask(port, "POST", "/vao", body, **{"Content-Type": FORM, **headers})
    return status, told


def test_the_trusted_one_speaks_for_its_client(counter: Counter) -> None:
    with behind(counter, "127.0.0.1") as port:
        status, told = sign_in(port, Origin=f"https://{NAME}", **FORWARDED)
        assert status == 303
        assert "Secure" in told["set-cookie"]
        assert counter.scalar("SELECT facts ->> 'address' FROM audit WHERE what = 'signed-in'") == CLIENT
        assert sign_in(port, Origin="https://elsewhere.example", **FORWARDED)[0] == 403


def test_nobody_else_does(counter: Counter) -> None:
    for trusted in ("", "192.0.2.1"):
        with behind(counter, trusted) as port:
            status, told = sign_in(port, **FORWARDED)
            assert status == 303
            assert "Secure" not in told["set-cookie"]
    seen = "SELECT string_agg(DISTINCT facts ->> 'address', ' ') FROM audit WHERE what = 'signed-in'"
    assert counter.scalar(seen) == "127.0.0.1"


def test_wrong_keys_make_those_wait_that_try_them_and_no_key_that_counts(counter: Counter) -> None:
    with behind(counter, "127.0.0.1") as port:
        wrong = [
            ask(port, "GET", "/api/v1/dossiers", Authorization=f"Bearer lt_a_{n}", **FORWARDED)[0]
            for n in range(4)
        ]
        assert wrong == [401, 401, 429, 429]
        other = {**FORWARDED, "X-Forwarded-For": "203.0.113.10"}
        assert ask(port, "GET", "/api/v1/dossiers", Authorization="Bearer lt_a_b", **other)[0] == 401
        good = ask(port, "GET", "/api/v1/dossiers", Authorization=f"Bearer {counter.desk}", **FORWARDED)
        assert good[0] == 200
