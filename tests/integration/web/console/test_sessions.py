"""A session's end: told beforehand, put off by a press, never beyond a day, and only by its owner."""

import re

import pytest

from engine.actions import sessions
from tests.support.console import FORM, Visitor
from tests.support.counter import Counter


@pytest.fixture
def admin(counter: Counter) -> Visitor:
    return Visitor(counter, "admin")


def age(counter: Counter, *, began_h: float, left_s: float) -> None:
    with counter.store.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE session SET created_at = now() - make_interval(secs => %s), expires_at = now() + make_interval(secs => %s)",
            (began_h * 3600, left_s),
        )


def left_s(counter: Counter) -> float:
    return float(counter.scalar("SELECT extract(epoch FROM expires_at - now()) FROM session"))  # type: ignore[arg-type]


def test_a_page_knows_how_long_its_session_lasts(counter: Counter, admin: Visitor) -> None:
    (told,) = re.findall(r'data-seconds="(\d+)" hidden', admin.page("/"))
    assert sessions.SESSION_S - 60 < int(told) <= sessions.SESSION_S
    age(counter, began_h=7.9, left_s=100)
    assert re.search(r'id="session-ends"[^>]*data-seconds="([89]\d|100)">', admin.page("/")), (
        "shown without a script"
    )


def test_staying_signed_in_goes_on_from_now_and_back_to_the_page(counter: Counter, admin: Visitor) -> None:
    age(counter, began_h=7.9, left_s=100)
    reply = admin.post("/phien", {"next": "/ho-so?status=2"})
    assert (reply.status, reply.headers["location"]) == (303, "/ho-so?status=2")
    assert "SameSite=Strict" in reply.headers["set-cookie"]
    assert left_s(counter) > sessions.SESSION_S - 60


def test_no_session_outlives_a_day(counter: Counter, admin: Visitor) -> None:
    age(counter, began_h=23.9, left_s=100)
    admin.post("/phien")
    assert 300 < left_s(counter) <= 360 + 1


def test_a_session_that_is_over_stays_over_and_strangers_extend_nothing(
    counter: Counter, admin: Visitor
) -> None:
    token = admin.token()
    age(counter, began_h=8.1, left_s=-1)
    assert admin.post("/phien", token=token).status == 401
    assert left_s(counter) < 0
    headers = {"Content-Type": FORM, "Accept": "text/html"}
    assert counter.request("POST", "/phien", b"csrf=x", headers=headers).status == 401


def test_a_form_without_its_token_extends_nothing(counter: Counter, admin: Visitor) -> None:
    age(counter, began_h=1, left_s=100)
    assert admin.post("/phien", token="0" * 64).status == 403
    assert left_s(counter) < 101
