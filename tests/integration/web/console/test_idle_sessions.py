"""A session that nobody uses ends: what counts as use, what it costs, and that nothing typed is lost by it."""

import html
import json
import re
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import event

from engine.actions import accounts, sessions
from tests.support.console import FORM, PASSWORD, Visitor
from tests.support.counter import Counter, Reply, open_counter

IDLE_S = 1800.0


@pytest.fixture
def counter(database: object) -> Iterator[Counter]:
    with open_counter(database.url, session_idle_s=IDLE_S) as opened:  # type: ignore[attr-defined]
        yield opened


@pytest.fixture
def admin(counter: Counter) -> Visitor:
    """Somebody whose browser has just signed in."""
    visitor = Visitor(counter, "admin")
    visitor.session = signed_in(counter)
    return visitor


def signed_in(counter: Counter) -> str:
    reply = counter.request(
        "POST",
        "/vao",
        f"name=admin&password={PASSWORD}".replace(" ", "+").encode(),
        headers={"Content-Type": FORM},
    )
    return next(one for one in reply.cookies if one.startswith("lt_session=")).split(";")[0].split("=")[1]


def left_alone(counter: Counter, seconds: float) -> None:
    """As if nobody had used any session for so long."""
    with counter.store.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE session SET idle_until = idle_until - make_interval(secs => %s)", (seconds,)
        )


def left_s(counter: Counter, session: str) -> float:
    found = "SELECT extract(epoch FROM idle_until - now()) FROM session WHERE digest = :digest"
    return float(counter.scalar(found, digest=sessions.digest(session)))  # type: ignore[arg-type]


def polled(visitor: Visitor, path: str) -> Reply:
    """A page that keeps itself fresh, as HTMX asks."""
    return visitor.counter.request("GET", path, headers=visitor.headers | {"HX-Request": "true"})


def test_it_begins_with_the_time_that_it_may_be_idle(counter: Counter, admin: Visitor) -> None:
    assert IDLE_S - 30 < left_s(counter, admin.session) <= IDLE_S
    (told,) = re.findall(r'data-seconds="(\d+)" hidden', admin.page("/"))
    assert IDLE_S - 60 < int(told) <= IDLE_S, "the earlier of both ends"


@pytest.mark.parametrize("way", ["page", "list", "form", "stay"])
def test_use_puts_the_end_off(counter: Counter, admin: Visitor, way: str) -> None:
    token = admin.token()
    left_alone(counter, 1750)
    assert left_s(counter, admin.session) < 60
    if way == "form":
        admin.post("/toi", {"action": "sessions"}, token=token)
    elif way == "stay":
        assert admin.post("/phien", token=token).status == 303
    else:
        admin.page({"page": "/toi", "list": "/ho-so?status=2"}[way])
    assert left_s(counter, admin.session) > IDLE_S - 30


@pytest.mark.parametrize("path", ["/ho-so", "/su-co", "/", "/phien"])
def test_a_page_that_keeps_itself_fresh_is_no_use(counter: Counter, admin: Visitor, path: str) -> None:
    left_alone(counter, 900)
    before = left_s(counter, admin.session)
    for _ in range(3):
        reply = polled(admin, path) if path != "/phien" else admin.get(path)
        assert reply.status == 200
    assert before - 30 < left_s(counter, admin.session) <= before
    if path == "/phien":
        assert before - 30 < int(reply.json["seconds"]) <= before  # type: ignore[call-overload]
    left_alone(counter, 900)
    assert polled(admin, path).status == 401, "however often it asked"


def test_unused_it_is_over_like_any_other(counter: Counter, admin: Visitor) -> None:
    other = sessions.sign_in(counter.store, "admin", PASSWORD, address="192.0.2.7", idle_s=IDLE_S)
    left_alone(counter, IDLE_S + 1)
    assert admin.get("/ho-so").status == 401
    assert admin.get("/phien").status == 401
    assert sessions.extend(counter.store, admin.session, idle_s=IDLE_S) == 0
    assert sessions.of_session(counter.store, other, idle_s=IDLE_S) is None, "no use brings it back"
    admin.session = signed_in(counter)
    left = counter.scalar("SELECT count(*) FROM session WHERE idle_until IS NOT NULL")
    assert left == 1, "those that are over are gone"
    assert "192.0.2.7" not in admin.page("/toi")


def test_what_was_typed_is_shown_again_after_signing_in(counter: Counter, admin: Visitor) -> None:
    token = admin.token()
    left_alone(counter, IDLE_S + 1)
    refused = admin.post("/doi-tac/agency", {"action": "pause", "reason": "họ đang bảo trì"}, token=token)
    assert refused.status == 401
    kept = re.search(r'name="kept" value="([^"]+)"', refused.body.decode())
    assert kept is not None
    assert json.loads(html.unescape(kept[1])) == {"action": ["pause"], "reason": ["họ đang bảo trì"]}
    assert counter.scalar("SELECT count(*) FROM partner WHERE paused_reason <> ''") == 0


def test_use_is_written_at_most_once_a_minute_and_costs_no_statement(
    counter: Counter, admin: Visitor
) -> None:
    def asked(polling: bool = False) -> int:
        seen: list[str] = []

        def note(_c: object, _u: object, text: str, *_: object) -> None:
            seen.append(text)

        event.listen(counter.store.engine, "before_cursor_execute", note)
        try:
            assert (polled(admin, "/ho-so") if polling else admin.get("/ho-so")).status == 200
        finally:
            event.remove(counter.store.engine, "before_cursor_execute", note)
        return len(seen)

    def version() -> object:
        return counter.scalar("SELECT max(xmin::text) FROM session")

    asked()
    first = version()
    counts = [asked(), asked(polling=True)]
    assert version() == first, "not written again"
    left_alone(counter, 61)
    aged = version()
    counts.append(asked())
    assert version() != aged
    assert len(set(counts)) == 1, counts


def test_another_setting_holds_from_the_next_use(counter: Counter, admin: Visitor) -> None:
    for idle_s, wanted in ((600.0, 600.0), (0.0, None), (3600.0, 3600.0)):
        assert sessions.of_session(counter.store, admin.session, idle_s=idle_s) is not None
        found = counter.scalar("SELECT extract(epoch FROM idle_until - now()) FROM session WHERE idle_until IS NOT NULL"
                               " AND digest = :digest", digest=sessions.digest(admin.session))  # fmt: skip
        assert (found is None) if wanted is None else wanted - 30 < float(found) <= wanted  # type: ignore[arg-type]


def test_a_session_of_before_the_upgrade_goes_on_and_is_idle_from_its_next_use(
    counter: Counter, admin: Visitor
) -> None:
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE session SET idle_until = NULL")
    admin.page("/toi")
    assert left_s(counter, admin.session) > IDLE_S - 30


def test_the_last_end_is_not_moved_by_use(counter: Counter, admin: Visitor) -> None:
    with counter.store.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE session SET expires_at = now() + interval '100 s', idle_until = now() + interval '50 s'"
        )
    page = admin.page("/")
    assert re.search(r'data-seconds="(9\d|100)">', page)


def test_many_pages_at_once_use_one_session(counter: Counter, admin: Visitor) -> None:
    left_alone(counter, 300)
    told: list[int] = []
    threads = [
        threading.Thread(target=lambda: told.append(admin.get("/toi").status), daemon=True) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert told == [200] * 8
    assert left_s(counter, admin.session) > IDLE_S - 30


def test_a_switched_off_account_uses_nothing(counter: Counter, admin: Visitor) -> None:
    Visitor(counter, "admin", name="other")
    accounts.change(
        counter.store, admin.account, roles=["viewer"], unit=None, enabled=False, by="x", reason="x"
    )
    assert sessions.of_session(counter.store, admin.session, idle_s=IDLE_S) is None
