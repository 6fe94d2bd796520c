"""What holds on every page of the URL map: nothing for axe to find, no error, no request to elsewhere, one view per address."""

import json
import re
from collections.abc import Iterator
from typing import Literal

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator

from engine.actions import accounts
from tests.e2e.test_diagram import DRAWING
from tests.support import every_page
from tests.support.console import PASSWORD
from tests.support.console_rows import add_call, add_incident
from tests.support.counter import MODEL, Counter, open_counter
from tests.support.person import Person
from tests.support.procedures import UNIT
from tests.support.versions import new_version

LEVELS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.fixture
def counter(database: object) -> Iterator[Counter]:
    with open_counter(database.url) as opened:  # type: ignore[attr-defined]
        with opened.store.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE model SET original = replace(convert_from(original, 'UTF8'), %s, %s)::bytea WHERE kind = 'bpmn'",
                ("</bpmn:definitions>", DRAWING),
            )
        accounts.create(opened.store, "admin", PASSWORD, roles=["admin"], unit=None, by="test")
        yield opened


def violations(person: Person) -> list[object]:
    found = Axe().run(person.page, options=LEVELS).response["violations"]
    return [[one["id"], [node["html"][:160] for node in one["nodes"][:3]]] for one in found]


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_axe_finds_nothing(chromium: Browser, counter: Counter, lang: str, theme: str) -> None:
    person = Person(chromium, counter, bypass_csp=True).sign_in("admin")
    found: dict[str, object] = {}
    for address in every_page.addresses(counter):
        sign = "&" if "?" in address else "?"
        person.page.goto(f"{address}{sign}lang={lang}&theme={theme}")
        if "tab=diagram" in address:
            person.page.wait_for_selector('#diagram[data-ready="true"]')
        if complaints := violations(person):
            found[address] = complaints
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)[:6000]


@pytest.mark.slow
def test_axe_finds_nothing_on_the_pages_that_answer_a_form(chromium: Browser, counter: Counter) -> None:
    """They have no address of their own, so that the map does not know them."""
    officer = accounts.create(counter.store, "lan", PASSWORD, roles=["officer"], unit=UNIT, by="test")
    code = counter.new_dossier()
    incident = add_incident(counter, code, cause="unknown-outcome", actions=("ask", "done"))
    add_call(counter, counter.new_dossier(), "pending")
    same, other = new_version(counter), new_version(counter, MODEL.replace(b'"officer"', b'"leader"'))
    person = Person(chromium, counter, bypass_csp=True).sign_in("admin")
    found: dict[str, object] = {}

    def look(what: str, button: Locator) -> None:
        button.click()
        person.page.wait_for_load_state()
        if complaints := violations(person):
            found[what] = complaints

    page = person.page
    page.goto("/tai-khoan")
    section = page.locator(f"section[aria-labelledby='a-{officer}']")
    section.get_by_role("checkbox", name="Người xem").check()
    section.get_by_label("Lý do").fill("nghỉ phép")
    look("a change of an account", section.get_by_role("button", name="Lưu"))
    assert page.get_by_text("Được thêm quyền").is_visible()
    page.goto(f"/su-co/{incident}")
    look("an act without a reason", page.locator("form.act button").first)
    page.goto("/cuoc-goi")
    page.locator("input[name=call]").first.check()
    look("a preview of calls", page.locator("form").get_by_role("button", name="Xem trước"))
    assert page.get_by_text("Sẽ được xử lý").is_visible()
    page.goto("/ho-so?procedure=1.000001")
    assert page.get_by_label("Loại văn bản").is_visible()
    page.locator("input[name=dossier]").first.check()
    page.locator("select[name=action]").select_option("extend")
    look("the due date of many", page.locator("form").get_by_role("button", name="Xem trước"))
    page.get_by_label("Căn cứ").fill("Điều 19")
    look("no due date for many", page.get_by_role("button", name="Xem thay đổi"))
    page.get_by_label("hoặc thêm số ngày làm việc").fill("2")
    look("what many are due then", page.get_by_role("button", name="Xem thay đổi"))
    assert page.get_by_role("button", name="Xác nhận").is_visible()
    page.goto(f"/ho-so/{code}?tab=ledger")
    extension = page.locator("section[aria-labelledby='extend']")
    extension.get_by_label("Ngày hẹn trả mới").fill("2026-03-20")
    extension.get_by_label("Căn cứ").fill("Điều 19")
    extension.get_by_label("Lý do").fill("chờ xác minh")
    look("an extension", extension.get_by_role("button"))
    assert page.get_by_role("button", name="Gia hạn").is_visible()
    page.goto(f"/ho-so/{code}?tab=diagram")
    page.get_by_role("button", name="Chọn bước").click()
    page.get_by_label("Chuyển đến bước").select_option("wait")
    page.get_by_label("Lý do").fill("nhầm bước")
    look("a move to another step", page.locator("form.act").get_by_role("button"))
    assert page.get_by_role("button", name="Chuyển hồ sơ đến bước này").is_visible()
    page.goto(f"/ho-so/{code}?tab=diagram")
    page.get_by_role("button", name="Chọn phiên bản").click()
    page.get_by_label("Sang phiên bản").select_option(str(same))
    page.get_by_label("Lý do").fill("luật mới")
    look("a move to another version", page.locator("form.act").get_by_role("button"))
    assert page.get_by_role("button", name="Chuyển hồ sơ sang phiên bản này").is_visible()
    page.goto(f"/ho-so/{code}/doi-phien-ban")
    page.get_by_label("Sang phiên bản").select_option(str(other))
    page.get_by_label("Lý do").fill("luật mới")
    look("a move that is refused", page.locator("form.act").get_by_role("button"))
    assert page.get_by_text("Không chuyển được, vì").is_visible()
    page.goto(f"/quy-trinh/{same}/chuyen-ho-so")
    page.get_by_label("Chuyển trước bao nhiêu").fill("1")
    look("dossiers moved to another version", page.get_by_role("button", name="Xem trước"))
    assert page.get_by_role("button", name="Xác nhận").is_visible()
    page.goto("/quy-trinh/1/mo-phong")
    page.get_by_label("Dữ liệu hồ sơ (JSON)").fill("{")
    look("a simulation that is no JSON", page.get_by_role("button", name="Chạy mô phỏng"))
    assert page.locator("#f-data-error").is_visible()
    page.get_by_label("Dữ liệu hồ sơ (JSON)").fill("{}")
    look("a simulated walk", page.get_by_role("button", name="Chạy mô phỏng"))
    assert page.locator("#result").is_visible()
    page.goto("/toi")
    secret = page.locator("input[name=secret]").input_value()
    form = page.locator("form", has=page.locator("input[name=code]"))
    form.get_by_label("Mật khẩu hiện tại").fill(PASSWORD)
    form.get_by_label("Mã 6 chữ số").fill("1")
    look("a wrong code", form.get_by_role("button"))
    form.get_by_label("Mật khẩu hiện tại").fill(PASSWORD)
    form.get_by_label("Mã 6 chữ số").fill(pyotp.TOTP(secret).now())
    look("the second factor switched on", form.get_by_role("button"))
    assert page.get_by_role("button", name="Tắt mã thứ hai").is_visible()
    assert page.locator(".codes li").count() == 10
    look("signed out", page.locator("header button"))
    page.get_by_label("Tên tài khoản").fill("admin")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    look("the question for the code", page.locator("main button").first)
    page.get_by_label("Mã 6 chữ số").fill("1")
    look("the question for the code again", page.locator("main button").first)
    page.locator("summary").click()
    page.get_by_label("Mã khôi phục").fill("aaaa-aaaa-aaaa")
    look("a wrong recovery code", page.locator("details button"))
    assert page.get_by_label("Mã khôi phục").is_visible()
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)[:6000]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_description_of_the_interface(
    chromium: Browser, counter: Counter, theme: Literal["light", "dark"]
) -> None:
    """It has no menu and no language: the machine's theme is its own."""
    person = Person(chromium, counter, bypass_csp=True)
    person.page.emulate_media(color_scheme=theme)
    person.page.goto("/api/v1/docs")
    assert person.page.locator("h1").is_visible()
    assert violations(person) == []


@pytest.mark.control
def test_axe_would_find_what_is_wrong(chromium: Browser, counter: Counter) -> None:
    person = Person(chromium, counter, bypass_csp=True).sign_in("admin")
    person.page.evaluate("document.body.append(Object.assign(new Image(), {src: 'data:,'}))")
    assert [one[0] for one in violations(person)] == ["image-alt"]  # type: ignore[index]


def test_no_page_complains_or_asks_anybody_else(chromium: Browser, counter: Counter) -> None:
    person = Person(chromium, counter).sign_in("admin")
    for address, rule in every_page.addresses(counter).items():
        answer = person.page.goto(address)
        assert answer is not None
        assert answer.status == 200 or not rule, address
    assert [one for one in person.complaints if "status of 40" not in one] == []


def test_a_list_is_the_same_after_reload_back_and_in_a_copied_link(
    chromium: Browser, counter: Counter
) -> None:
    person = Person(chromium, counter).sign_in("admin")
    lists = [address for address in every_page.lists(counter) if _rows(person, address)]
    assert len(lists) >= 8, lists
    other = Person(chromium, counter).sign_in("admin")
    for address in lists:
        rows = _rows(person, address)
        person.page.reload()
        assert _shown(person) == rows, f"{address} after reload"
        person.page.goto("/tra-cuu")
        person.page.go_back()
        assert _shown(person) == rows, f"{address} after back"
        assert _rows(other, person.page.url) == rows, f"{address} as a copied link"


def _rows(person: Person, address: str) -> list[str]:
    person.page.goto(address)
    return _shown(person)


def _shown(person: Person) -> list[str]:
    """The rows of the page but for seconds that go on: since when somebody was heard of."""
    rows = person.page.locator("main tbody tr").all_inner_texts()
    return [re.sub(r"\b\d+ s\b", "… s", row) for row in rows]
