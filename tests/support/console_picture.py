"""Takes docs/pictures/console.png anew: ``python -m tests.support.console_picture ADDRESS CODE``, of a running console."""

import shutil
import sys

from playwright.sync_api import sync_playwright

from tests.support.reference import FOLDER

PICTURE = FOLDER.parent / "pictures" / "console.png"
_WIDTH = 1280


def take(address: str, code: str) -> None:
    """The dossier's page down to the end of its diagram, once that is drawn."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_context(locale="vi-VN", viewport={"width": _WIDTH, "height": 900}).new_page()
        page.goto(f"{address}/ho-so/{code}?tab=diagram")
        page.wait_for_selector('#diagram[data-ready="true"]')
        box = page.locator("#diagram").bounding_box()
        assert box is not None
        shown = {"x": 0, "y": 0, "width": _WIDTH, "height": box["y"] + box["height"] + 16}
        page.screenshot(path=PICTURE, full_page=True, clip=shown)
        browser.close()


if __name__ == "__main__":
    take(*sys.argv[1:3])
