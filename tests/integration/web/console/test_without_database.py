"""When the database does not answer, a page says so, in the visitor's language, and tells no inside."""

from engine.clock import FixedClock
from engine.storage.database import Store
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
        assert "cơ sở dữ liệu không trả lời" in page
        assert "Mã vết" in page
        assert "Traceback" not in page
    store.close()
