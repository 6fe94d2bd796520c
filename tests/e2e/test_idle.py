"""A session that nobody uses, in a real browser: told two minutes before, gone on with, or over without loss."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page

from engine.actions import accounts
from tests.support.console import PASSWORD
from tests.support.counter import Counter, open_counter
from tests.support.person import Person

IDLE_S = 1800.0


@pytest.fixture
def counter(database: object) -> Iterator[Counter]:
    with open_counter(database.url, session_idle_s=IDLE_S) as opened:  # type: ignore[attr-defined]
        accounts.create(opened.store, "admin", PASSWORD, roles=["admin"], unit=None, by="test")
        yield opened


def leave(counter: Counter, left_s: float) -> None:
    """As if nobody had used the session for long: so much is left."""
    with counter.store.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE session SET idle_until = now() + make_interval(secs => %s)", (left_s,)
        )


def left_s(counter: Counter) -> float:
    return float(counter.scalar("SELECT extract(epoch FROM idle_until - now()) FROM session"))  # type: ignore[arg-type]


def box(page: Page) -> Locator:
    return page.locator("#session-ends")


def new_account(page: Page) -> Locator:
    return page.locator("form", has=page.locator("input[name=role]")).first


def typing(person: Person) -> Page:
    """A page with a form in which something is being typed; its clock is in our hands."""
    person.page.clock.install()
    person.page.goto("/tai-khoan")
    new_account(person.page).get_by_label("Tên tài khoản").fill("mai")
    new_account(person.page).get_by_role("checkbox", name="Người xem").check()
    return person.page


def test_it_is_told_two_minutes_before_and_goes_on_with_what_was_typed(
    chromium: Browser, counter: Counter
) -> None:
    page = typing(Person(chromium, counter).sign_in("admin"))
    page.clock.run_for((IDLE_S - 180) * 1000)
    assert box(page).is_hidden()
    leave(counter, 119)
    page.clock.run_for(62_000)
    box(page).wait_for(state="visible")
    assert left_s(counter) < 120, "to ask is no use"
    with page.expect_response("**/phien"):
        page.get_by_role("button", name="Tiếp tục làm việc").click()
    box(page).wait_for(state="hidden")
    assert left_s(counter) > IDLE_S - 60
    assert new_account(page).get_by_label("Tên tài khoản").input_value() == "mai"


def test_a_page_says_nothing_while_another_one_uses_the_session(chromium: Browser, counter: Counter) -> None:
    person = Person(chromium, counter).sign_in("admin")
    page = typing(person)
    leave(counter, 100)
    person.context.new_page().goto("/toi")
    with page.expect_response("**/phien") as asked:
        page.clock.run_for((IDLE_S - 110) * 1000)
    assert asked.value.json()["seconds"] > IDLE_S - 60
    assert box(page).is_hidden()
    leave(counter, 90)
    with page.expect_response("**/phien"):
        page.clock.run_for(IDLE_S * 1000)
    box(page).wait_for(state="visible")
    assert page.get_by_text("Phiên làm việc sắp kết thúc").is_visible()


def test_when_it_is_over_the_page_says_so_and_what_was_typed_is_sent_after_signing_in(
    chromium: Browser, counter: Counter
) -> None:
    person = Person(chromium, counter).sign_in("admin")
    page = typing(person)
    leave(counter, -1)
    page.clock.run_for(IDLE_S * 1000)
    page.get_by_text("Phiên làm việc đã kết thúc").wait_for()
    assert page.get_by_role("button", name="Tiếp tục làm việc").count() == 0
    assert new_account(page).get_by_label("Tên tài khoản").input_value() == "mai"
    new_account(page).get_by_role("button").click()
    page.get_by_text("Đăng nhập").first.wait_for()
    page.get_by_label("Tên tài khoản").fill("admin")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.locator("main button").first.click()
    page.locator("main button").click()
    page.get_by_role("heading", name="mai").wait_for()
    assert counter.scalar("SELECT roles::text FROM account WHERE name = 'mai'") == '["viewer"]'
    assert [one for one in person.complaints if "401" not in one] == []


def test_a_list_that_keeps_itself_fresh_keeps_nobody_signed_in(chromium: Browser, counter: Counter) -> None:
    page = Person(chromium, counter).sign_in("admin").page
    page.clock.install()
    page.goto("/ho-so")
    leave(counter, 900)
    for _ in range(3):
        with page.expect_response("**/ho-so") as answered:
            page.clock.run_for(10_500)
        assert answered.value.status == 200
    assert left_s(counter) < 900
    leave(counter, -1)
    with page.expect_response("**/ho-so") as answered:
        page.clock.run_for(10_500)
    assert answered.value.status == 401
    page.locator("#stale").wait_for(state="visible")
