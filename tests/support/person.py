"""Somebody at the console in a real browser of their own, who notes every error and every request to elsewhere."""

from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.console import PASSWORD
from tests.support.counter import Counter


class Person:
    """A browser context of its own; *complaints* are the browser's errors and addresses that are not ours."""

    def __init__(self, browser: Browser, counter: Counter, **more: object) -> None:
        self.origin = f"http://127.0.0.1:{counter.port}"
        self.context: BrowserContext = browser.new_context(base_url=self.origin, locale="vi-VN", **more)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on(
            "console", lambda told: self.complaints.append(told.text) if told.type == "error" else None
        )
        self.page.on(
            "request",
            lambda asked: (
                self.complaints.append(asked.url)
                if not asked.url.startswith((f"{self.origin}/", "data:", "blob:"))
                else None
            ),
        )

    def sign_in(self, name: str) -> "Person":
        self.page.goto("/vao")
        self.page.get_by_label("Tên tài khoản").fill(name)
        self.page.get_by_label("Mật khẩu").fill(PASSWORD)
        self.page.locator("main button").click()
        self.page.wait_for_url("**/")
        return self

    def marked(self, code: str) -> list[str]:
        """The elements of the dossier's diagram with the mark of a waiting token."""
        self.page.goto(f"/ho-so/{code}?tab=diagram")
        self.page.wait_for_selector('#diagram[data-ready="true"]')
        return self.page.eval_on_selector_all(
            "#diagram .token-waiting", "found => found.map(one => one.dataset.elementId)"
        )
