"""An admin's and an officer's work in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from engine.actions import accounts, batches, sessions
from tests.e2e.test_diagram import DRAWING
from tests.support.console import PASSWORD
from tests.support.console_rows import add_incident, set_aside
from tests.support.counter import MODEL, PROCEDURE, Counter, open_counter
from tests.support.person import Person
from tests.support.procedures import UNIT


@pytest.fixture
def counter(database: object) -> Iterator[Counter]:
    with open_counter(database.url) as opened:  # type: ignore[attr-defined]
        with opened.store.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE model SET original = replace(convert_from(original, 'UTF8'), %s, %s)::bytea WHERE kind = 'bpmn'",
                ("</bpmn:definitions>", DRAWING),
            )
        for name, roles, unit in (("admin", ["admin"], None), ("lan", ["officer"], UNIT)):
            accounts.create(opened.store, name, PASSWORD, roles=roles, unit=unit, by="test")
        yield opened


def test_an_admin_finds_a_dossier_and_sees_the_mark_move_when_an_officer_decides(
    chromium: Browser, counter: Counter
) -> None:
    code = counter.new_dossier()
    counter.new_dossier(applicant={"name": "Trần Đức Khác", "identity": "001099000002"})
    admin, officer = Person(chromium, counter).sign_in("admin"), Person(chromium, counter).sign_in("lan")
    for words in (code[5:], "nguyen van thu"):
        admin.page.goto("/ho-so")
        admin.page.get_by_label("Mã hồ sơ hoặc tên người nộp").fill(words)
        admin.page.get_by_role("button", name="Lọc").click()
        admin.page.get_by_role("link", name=code).wait_for()
    assert admin.page.locator("tbody tr").count() == 1
    address = admin.page.url
    rows = admin.page.locator("tbody").inner_text()
    admin.page.reload()
    assert admin.page.locator("tbody").inner_text() == rows
    admin.page.get_by_role("link", name=code).click()
    admin.page.go_back()
    assert (admin.page.url, admin.page.locator("tbody").inner_text()) == (address, rows)
    held = counter.get(f"/api/v1/dossiers/{code}", key=counter.desk).json["held_by"]
    assert admin.marked(code) == [held[0]["element"]] == ["check"]  # type: ignore[index]
    officer.page.goto("/viec")
    officer.page.locator("tbody tr", has_text=code).get_by_role("link").first.click()
    officer.page.get_by_role("radio", name="Đồng ý").check()
    officer.page.get_by_role("button", name="Hoàn thành").click()
    counter.apply_all()
    assert admin.marked(code) == ["wait"]
    assert admin.complaints == officer.complaints == []


def test_an_admin_retries_one_incident_and_then_fifty_and_the_totals_add_up(
    chromium: Browser, counter: Counter
) -> None:
    code = counter.new_dossier()
    for _ in range(51):
        add_incident(counter, code, event=set_aside(counter, code))
    admin = Person(chromium, counter).sign_in("admin")
    admin.page.goto("/su-co")
    admin.page.locator("tbody th a").last.click()
    admin.page.get_by_label("Lý do").fill("đã sửa")
    admin.page.get_by_role("button", name="Thử lại").click()
    admin.page.get_by_text("Đang chờ chạy").wait_for()
    counter.apply_all()
    admin.page.reload()
    admin.page.get_by_text("Đã chạy thật").first.wait_for()
    admin.page.goto("/su-co")
    admin.page.get_by_label("Hành động").select_option("retry")
    admin.page.get_by_label("Tất cả mục khớp bộ lọc").check()
    admin.page.get_by_role("button", name="Xem trước").click()
    admin.page.get_by_label("Lý do").fill("đã sửa cả loạt")
    admin.page.get_by_role("button", name="Xác nhận").click()
    admin.page.wait_for_url("**/lo/*")
    assert batches.run_waiting(counter.store, counter.clock) == 50
    counter.apply_all()
    admin.page.reload()
    assert (
        "Tổng 50 = xong 50 + bỏ qua 0 + hỏng 0 + đang chờ 0" in admin.page.get_by_role("status").inner_text()
    )
    assert "Đã chạy thật: 50" in admin.page.inner_text("main")
    assert admin.complaints == []


def test_a_broken_model_shows_its_finding_on_its_element(chromium: Browser, counter: Counter) -> None:
    admin = Person(chromium, counter).sign_in("admin")
    model = MODEL.replace(b"</bpmn:definitions>", DRAWING.encode())
    admin.page.goto("/quy-trinh")
    admin.page.get_by_label("Các tệp của thủ tục").set_input_files(
        [
            {"name": "procedure.yaml", "mimeType": "text/yaml", "buffer": PROCEDURE.encode()},
            {"name": "walk.bpmn", "mimeType": "text/xml", "buffer": model},
        ]
    )
    admin.page.get_by_role("button", name="Tải lên").click()
    admin.page.wait_for_selector('.diagram[data-ready="true"]')
    assert "walk.bpmn" in admin.page.locator("tbody").first.inner_text()
    marked = "found => found.map(one => one.dataset.elementId)"
    assert admin.page.eval_on_selector_all(".diagram .token-trouble", marked) == ["check"]
    assert counter.scalar("SELECT count(*) FROM deployment") == 1
    assert [one for one in admin.complaints if "422" not in one] == []


def test_the_keyboard_alone_signs_in_and_searches(chromium: Browser, counter: Counter) -> None:
    code = counter.new_dossier()
    person = Person(chromium, counter)
    page = person.page
    page.goto("/vao?next=/ho-so")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/ho-so")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("van thu")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=van*")
    assert code in page.inner_text("tbody")


def test_a_list_keeps_itself_fresh_unless_paused_and_marks_what_is_stale(
    chromium: Browser, counter: Counter
) -> None:
    admin = Person(chromium, counter).sign_in("admin")
    admin.page.clock.install()
    admin.page.goto("/ho-so")
    assert "Chưa có hồ sơ" in admin.page.inner_text("main")
    code = counter.new_dossier()
    admin.page.clock.run_for(11_000)
    admin.page.get_by_role("link", name=code).wait_for()
    admin.page.get_by_role("button", name="Dừng tự cập nhật").click()
    with admin.page.expect_response("**/ho-so") as answered:
        admin.page.get_by_role("button", name="Tự cập nhật tiếp").click()
        sessions.sign_out(counter.store, admin.context.cookies()[0]["value"])
        admin.page.clock.run_for(11_000)
    assert answered.value.status == 401
    admin.page.locator("#stale").wait_for(state="visible")
    assert code in admin.page.inner_text("main")
    assert [one for one in admin.complaints if "401" not in one] == []


def test_the_keyboard_alone_retries_many(chromium: Browser, counter: Counter) -> None:
    code = counter.new_dossier()
    for _ in range(3):
        add_incident(counter, code, event=set_aside(counter, code))
    page = Person(chromium, counter).sign_in("admin").page
    page.goto("/su-co")
    _reach(page, "select[name=action]")
    page.keyboard.type("Thử lại")
    _reach(page, "input[name=all]")
    page.keyboard.press("Space")
    _reach(page, "button:has-text('Xem trước')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/xem-truoc")
    _reach(page, "[name=reason]")
    page.keyboard.type("đã sửa")
    _reach(page, "button:has-text('Xác nhận')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/lo/*")
    assert batches.run_waiting(counter.store, counter.clock) == 3


def _reach(page: Page, selector: str) -> None:
    """Tab until what *selector* names has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.locator(selector).first.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")
