"""When the database does not answer, a page says so, in the visitor's language, and tells no inside."""

import re

from engine.clock import FixedClock
from engine.storage.database import Store
from tests.support.console import text_of
from tests.support.counter import SECRET
from tests.support.procedures import NOON
from web.app import create_app
from web.container import Container


def test_a_page_says_that_the_database_does_not_answer() -> None:
    store = Store("postgresql+psycopg://nobody@127.0.0.1:1/none")
    client = create_app(Container(store=store, clock=FixedClock(NOON), secret=SECRET)).test_client()
    client.set_cookie("lt_session", "x")
    for path in ("/", "/ho-so", "/thu-tuc"):
        reply = client.get(path, headers={"Accept": "text/html"})
        assert reply.status_code == 503
        assert reply.headers["Retry-After"]
        page = reply.get_data(as_text=True)
        assert "Hiện không kết nối được cơ sở dữ liệu" in page
        assert "Mọi thứ đã được xác nhận đều đã lưu" in page
        assert "OperationalError" not in page
        assert "Mã vết" in page
        assert "Traceback" not in page
    store.close()


def test_since_when_it_is_away_is_said_and_what_was_typed_is_offered_again() -> None:
    store = Store("postgresql+psycopg://nobody@127.0.0.1:1/none")
    client = create_app(Container(store=store, clock=FixedClock(NOON), secret=SECRET)).test_client()
    client.set_cookie("lt_session", "x")
    headers = {"Accept": "text/html"}
    first = client.get("/", headers=headers).get_data(as_text=True)
    since = re.search(r"Từ (\S+ \S+) \.", text_of(first))
    assert since is not None, text_of(first)
    typed = client.post("/su-co/1", data={"action": "retry", "reason": "đối tác\nđã xong"}, headers=headers)
    assert typed.status_code == 503
    page = typed.get_data(as_text=True)
    assert since[1] in text_of(page)
    assert '<form method="post" action="/su-co/1"' in page
    assert "đối tác\nđã xong</textarea>" in page
    store.close()


def test_the_guides_can_be_read_meanwhile_and_nothing_else() -> None:
    store = Store("postgresql+psycopg://nobody@127.0.0.1:1/none")
    client = create_app(Container(store=store, clock=FixedClock(NOON), secret=SECRET)).test_client()
    headers = {"Accept": "text/html"}
    assert client.get("/tro-giup", headers=headers).status_code == 401  # who shows no session is no colleague
    client.set_cookie("lt_session", "x")
    assert 'href="/tro-giup"' in client.get("/", headers=headers).get_data(as_text=True)
    for path in ("/tro-giup", "/tro-giup/howto/a-partner-is-down"):
        reply = client.get(path, headers=headers)
        assert reply.status_code == 200
        assert "Đăng xuất" not in reply.get_data(as_text=True)
    assert client.get("/lich", headers=headers).status_code == 503
    assert "Từ " in text_of(client.get("/", headers=headers).get_data(as_text=True))
    store.close()
