"""One's own account: the second factor when signing in, another password, sessions elsewhere; and the way back in."""

import re
from urllib.parse import urlencode

import pyotp
import pytest

from engine import errors
from engine.actions import sessions
from tests.support.console import FORM, PASSWORD, Visitor, prolong_the_wait, text_of
from tests.support.counter import Counter, Reply
from tests.support.telephone import code, enrolled

NEW = "another long password"


@pytest.fixture
def lan(counter: Counter) -> Visitor:
    return Visitor(counter, "viewer", name="lan")


def send(counter: Counter, path: str, **fields: str) -> Reply:
    headers = {"Content-Type": FORM, "Accept": "text/html"}
    return counter.request("POST", path, urlencode(fields).encode(), headers=headers)


def halfway(counter: Counter) -> str:
    """What the page that asks for the code carries."""
    asked = send(counter, "/vao", name="lan", password=PASSWORD, next="/ho-so")
    assert (asked.status, "set-cookie" in asked.headers) == (200, False)
    found = re.search(r'name="halfway" value="([^"]+)"', asked.body.decode())
    assert found is not None
    return found[1]


def test_the_picture_is_inside_the_page_and_holds_what_can_be_typed(lan: Visitor) -> None:
    page = lan.page("/toi")
    assert "<svg" in page
    assert not re.search(r" style=|https?://(?!www\.w3\.org/2000/svg)", page)
    assert "tắt" in text_of(page).lower()


def test_signing_in_asks_for_the_code_and_each_is_good_once(counter: Counter, lan: Visitor) -> None:
    secret, _ = enrolled(lan)
    with pytest.raises(errors.SecondFactorNeeded):
        sessions.sign_in(counter.store, "lan", PASSWORD, address="127.0.0.1")
    token, now = halfway(counter), code(secret, 1)
    wrong = send(counter, "/vao/ma", halfway=token, code="000000" if now != "000000" else "000001")
    assert (wrong.status, "set-cookie" in wrong.headers) == (401, False)
    assert "Mã không đúng" in wrong.body.decode()
    right = send(counter, "/vao/ma", halfway=token, code=f"{now[:3]} {now[3:]}", next="/ho-so")
    assert (right.status, right.headers["location"]) == (303, "/ho-so")
    assert "lt_session=" in right.headers["set-cookie"]
    again = send(counter, "/vao/ma", halfway=halfway(counter), code=now)
    assert (again.status, "set-cookie" in again.headers) == (401, False)
    old = send(counter, "/vao/ma", halfway=halfway(counter), code=code(secret))
    assert old.status == 401


def test_a_code_alone_opens_nothing(counter: Counter, lan: Visitor) -> None:
    secret, _ = enrolled(lan)
    for forged in ("", "1", f"{lan.account}", "MQ.aaaa.bbbb"):
        refused = send(counter, "/vao/ma", halfway=forged, code=code(secret))
        assert (refused.status, refused.headers.get("location")) == (303, "/vao")
        assert "set-cookie" not in refused.headers


def test_guessing_codes_is_slowed_down(counter: Counter, lan: Visitor) -> None:
    secret, _ = enrolled(lan)
    token = halfway(counter)
    near = {code(secret, step) for step in range(-2, 9)}
    guesses = [f"{number:06}" for number in range(17) if f"{number:06}" not in near]
    tried = [send(counter, "/vao/ma", halfway=token, code=one).status for one in guesses[:5]]
    assert tried == [401] * 5
    prolong_the_wait(counter)
    assert send(counter, "/vao/ma", halfway=token, code=guesses[5]).status == 429
    assert send(counter, "/vao/ma", halfway=token, code=code(secret, 1)).status == 429


def test_the_secret_is_not_in_the_database_as_it_is(counter: Counter, lan: Visitor) -> None:
    secret, _ = enrolled(lan)
    assert counter.scalar("SELECT count(*) FROM account WHERE second_factor IS NOT NULL") == 1
    assert (
        counter.scalar("SELECT count(*) FROM account WHERE second_factor LIKE :secret", secret=f"%{secret}%")
        == 0
    )
    assert secret not in str(counter.scalar("SELECT string_agg(facts::text, ' ') FROM audit"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "not the password"},
        {"code": "12345"},
        {"secret": "AAAA"},
        {"secret": "a" * 32},
        {"action": "no"},
    ],
)
def test_what_is_wrong_sets_up_nothing(counter: Counter, lan: Visitor, wrong: dict[str, str]) -> None:
    secret = pyotp.random_base32()
    sent = {"action": "enrol", "secret": secret, "password": PASSWORD, "code": code(secret), **wrong}
    assert lan.post("/toi", sent).status in (400, 401)
    assert counter.scalar("SELECT count(*) FROM account WHERE second_factor IS NOT NULL") == 0


def test_it_is_switched_off_with_the_password_or_by_an_admin_with_a_reason(
    counter: Counter, lan: Visitor
) -> None:
    enrolled(lan)
    assert lan.post("/toi", {"action": "remove", "password": "no"}).status == 401
    assert lan.post("/toi", {"action": "remove", "password": PASSWORD}).status == 303
    enrolled(lan)
    admin = Visitor(counter, "admin")
    page = admin.page("/tai-khoan")
    assert 'name="action" value="code"' in page
    assert admin.post(f"/tai-khoan/{lan.account}", {"action": "code"}).status == 400
    assert admin.post(f"/tai-khoan/{lan.account}", {"action": "code", "reason": "mất máy"}).status == 303
    assert sessions.sign_in(counter.store, "lan", PASSWORD, address="127.0.0.1")
    assert (
        counter.scalar("SELECT reason FROM audit WHERE what = 'second-factor-removed' AND who = 'admin'")
        == "mất máy"
    )


def test_another_password_ends_the_other_sessions_and_keeps_this_one(counter: Counter, lan: Visitor) -> None:
    elsewhere = sessions.sign_in(counter.store, "lan", PASSWORD, address="192.0.2.7")
    assert "192.0.2.7" in lan.page("/toi")
    sent = {"action": "password", "password": PASSWORD, "wanted": NEW, "again": NEW}
    assert lan.post("/toi", {**sent, "again": "typed wrongly"}).status == 400
    assert lan.post("/toi", {**sent, "wanted": "short", "again": "short"}).status == 400
    assert lan.post("/toi", {**sent, "password": "wrong"}).status == 401
    assert sessions.of_session(counter.store, elsewhere) is not None
    assert lan.post("/toi", sent).status == 303
    assert sessions.of_session(counter.store, elsewhere) is None
    assert "192.0.2.7" not in lan.page("/toi")
    with pytest.raises(errors.SignInRefused):
        sessions.sign_in(counter.store, "lan", PASSWORD, address="127.0.0.1")
    assert sessions.sign_in(counter.store, "lan", NEW, address="127.0.0.1")


def test_sessions_elsewhere_are_ended(counter: Counter, lan: Visitor) -> None:
    other = Visitor(counter, "viewer", name="mai")
    elsewhere = sessions.sign_in(counter.store, "lan", PASSWORD, address="192.0.2.7")
    assert lan.post("/toi", {"action": "sessions"}).status == 303
    assert sessions.of_session(counter.store, elsewhere) is None
    assert sessions.of_session(counter.store, lan.session) is not None
    assert sessions.of_session(counter.store, other.session) is not None


def test_a_key_has_no_account_of_its_own(counter: Counter) -> None:
    headers = {"Authorization": f"Bearer {counter.desk}", "Accept": "text/html"}
    assert counter.request("GET", "/toi", headers=headers).status == 403


def test_the_last_use_of_a_key_is_shown(counter: Counter) -> None:
    admin = Visitor(counter, "admin")
    assert "chưa dùng" in admin.page("/khoa")
    counter.get("/api/v1/dossiers", key=counter.desk)
    counter.get("/api/v1/work-items", key=counter.officer)
    assert "chưa dùng" not in admin.page("/khoa").split("<tbody>")[1]
    assert counter.scalar("SELECT count(*) FROM api_key WHERE used_at > now() - interval '1 minute'") == 2
