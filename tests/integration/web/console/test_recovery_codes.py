"""Recovery codes: told once, good once, in place of the telephone's code; a new set ends the old one."""

import re
import threading
from urllib.parse import urlencode

import pytest

from engine.actions import recovery_codes, second_factor
from tests.support.console import FORM, PASSWORD, Visitor, prolong_the_wait, text_of
from tests.support.counter import SECRET, Counter, Reply
from tests.support.telephone import code, enrolled

CODE = re.compile(r"<li><code>([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})</code></li>")


@pytest.fixture
def lan(counter: Counter) -> Visitor:
    return Visitor(counter, "viewer", name="lan")


def new_set(visitor: Visitor) -> list[str]:
    """The codes of a new set as the page tells them."""
    told = visitor.post("/toi", {"action": "codes", "password": PASSWORD})
    assert told.status == 200
    return CODE.findall(told.body.decode())


def send(counter: Counter, path: str, **fields: str) -> Reply:
    headers = {"Content-Type": FORM, "Accept": "text/html"}
    return counter.request("POST", path, urlencode(fields).encode(), headers=headers)


def halfway(counter: Counter) -> str:
    asked = send(counter, "/vao", name="lan", password=PASSWORD)
    found = re.search(r'name="halfway" value="([^"]+)"', asked.body.decode())
    assert found is not None
    return found[1]


def recover(counter: Counter, recovery_code: str, token: str = "") -> Reply:
    """Sign in with a recovery code."""
    given = {"halfway": token or halfway(counter), "code": recovery_code, "recovering": "yes"}
    return send(counter, "/vao/ma", **given, next="/ho-so")


def kept(counter: Counter) -> int:
    return int(counter.scalar("SELECT count(*) FROM recovery_code"))  # type: ignore[call-overload]


def test_ten_are_told_once_when_the_second_factor_is_switched_on(counter: Counter, lan: Visitor) -> None:
    _, page = enrolled(lan)
    codes = CODE.findall(page)
    assert len(set(codes)) == recovery_codes.MADE == kept(counter) == 10
    later = lan.page("/toi")
    assert not [one for one in codes if one in later]
    assert "Mã khôi phục còn lại: 10" in text_of(later)
    rows = str(counter.scalar("SELECT string_agg(recovery_code::text, ' ') FROM recovery_code"))
    trail = str(counter.scalar("SELECT string_agg(audit::text, ' ') FROM audit"))
    for one in codes:
        assert one not in rows + trail
        assert one.replace("-", "") not in rows + trail


def test_each_signs_in_once_however_it_is_typed_and_leaves_a_line(counter: Counter, lan: Visitor) -> None:
    codes = CODE.findall(enrolled(lan)[1])
    right = recover(counter, f" {codes[3].replace('-', ' ').upper()} ")
    assert (right.status, right.headers["location"]) == (303, "/ho-so")
    assert "lt_session=" in right.headers["set-cookie"]
    again = recover(counter, codes[3])
    assert (again.status, "set-cookie" in again.headers) == (401, False)
    assert "Mã khôi phục không đúng hoặc đã dùng" in again.body.decode()
    assert counter.scalar("SELECT facts ->> 'left' FROM audit WHERE what = 'recovery-code-used'") == "9"
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'recovery-code-used'") == 1
    how = "SELECT count(*) FROM audit WHERE what = 'signed-in' AND facts ->> 'by' = 'password and recovery code'"
    assert counter.scalar(how) == 1


def test_two_uses_at_once_let_one_in(counter: Counter, lan: Visitor) -> None:
    for one in CODE.findall(enrolled(lan)[1])[:3]:
        tokens, told = [halfway(counter) for _ in range(4)], []
        line = threading.Barrier(len(tokens))

        def use(token: str, one: str = one, line: threading.Barrier = line, told: list[int] = told) -> None:
            line.wait()
            told.append(recover(counter, one, token).status)

        threads = [threading.Thread(target=use, args=(token,)) for token in tokens]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(told) == [303, 401, 401, 401]
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'recovery-code-used'") == 3
    assert kept(counter) == 7


def test_guessing_them_counts_as_guessing_codes(counter: Counter, lan: Visitor) -> None:
    _, page = enrolled(lan)
    token = halfway(counter)
    tried = [recover(counter, f"aaaa-aaaa-aaa{letter}", token).status for letter in "abcde"]
    assert tried == [401] * 5
    prolong_the_wait(counter)
    assert recover(counter, "aaaa-aaaa-aaaf", token).status == 429
    assert recover(counter, CODE.findall(page)[0], token).status == 429
    assert kept(counter) == 10, "a right code that came too soon is not used up"


def test_a_new_set_ends_the_old_one_and_asks_for_the_password(counter: Counter, lan: Visitor) -> None:
    _, page = enrolled(lan)
    assert lan.post("/toi", {"action": "codes", "password": "wrong"}).status == 401
    fresh = new_set(lan)
    assert len(fresh) == kept(counter) == 10
    assert recover(counter, CODE.findall(page)[0]).status == 401
    assert recover(counter, fresh[0]).status == 303
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'recovery-codes-made'") == 2


def test_the_page_warns_when_two_or_fewer_are_left(counter: Counter, lan: Visitor) -> None:
    codes = CODE.findall(enrolled(lan)[1])
    for one in codes[:7]:
        assert recover(counter, one).status == 303
    assert "Sắp hết mã" not in lan.page("/toi")
    assert recover(counter, codes[7]).status == 303
    page = text_of(lan.page("/toi"))
    assert "Mã khôi phục còn lại: 2" in page
    assert "Sắp hết mã" in page


def test_without_a_second_factor_there_are_none(counter: Counter, lan: Visitor) -> None:
    assert lan.post("/toi", {"action": "codes", "password": PASSWORD}).status == 400
    enrolled(lan)
    assert lan.post("/toi", {"action": "remove", "password": PASSWORD}).status == 303
    assert kept(counter) == 0
    enrolled(lan)
    admin = Visitor(counter, "admin")
    assert admin.post(f"/tai-khoan/{lan.account}", {"action": "code", "reason": "mất máy"}).status == 303
    assert kept(counter) == 0


def test_a_code_of_one_account_opens_no_other(counter: Counter, lan: Visitor) -> None:
    mai = Visitor(counter, "viewer", name="mai")
    enrolled(lan)
    codes = CODE.findall(enrolled(mai)[1])
    assert recover(counter, codes[0]).status == 401
    assert kept(counter) == 20


def test_codes_of_another_web_secret_are_not_good(counter: Counter, lan: Visitor) -> None:
    codes = CODE.findall(enrolled(lan)[1])
    with counter.store.transaction() as connection:
        held = second_factor.people.locked(connection, lan.account)
        assert not recovery_codes.take(connection, held, codes[0], key=b"another secret of the web")
        assert recovery_codes.take(connection, held, codes[0], key=SECRET)


def test_the_telephones_code_is_still_asked_for_beside_them(counter: Counter, lan: Visitor) -> None:
    secret, _ = enrolled(lan)
    right = send(counter, "/vao/ma", halfway=halfway(counter), code=code(secret, 1), next="/ho-so")
    assert right.status == 303
    assert kept(counter) == 10
