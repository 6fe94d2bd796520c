"""What a test of the connection shows: nothing for axe to find, and the failed stage in words."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from adapters.registry import PartnerSettings, load
from engine.actions import accounts
from lienthong.directory import ContractDirectory
from tests.support.console import PASSWORD
from tests.support.counter import Counter, open_counter
from tests.support.person import Person

LEVELS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.fixture
def counter(database: object, tmp_path: Path) -> Iterator[Counter]:
    secret = tmp_path / "portal.secret"
    secret.write_text("old", encoding="utf-8")
    port = load(settings={"portal": PartnerSettings(secret="old", secret_file=str(secret))})
    secret.write_text("new", encoding="utf-8")
    directory = ContractDirectory(port.contracts)
    with open_counter(database.url, partners=directory, checking=port, secrets=port) as opened:  # type: ignore[attr-defined]
        accounts.create(opened.store, "admin", PASSWORD, roles=["admin"], unit=None, by="test")
        yield opened
    port.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_result_of_a_test_can_be_read_by_everybody(
    chromium: Browser, counter: Counter, theme: str
) -> None:
    person = Person(chromium, counter, bypass_csp=True).sign_in("admin")
    person.page.goto(f"/doi-tac/portal?lang=en&theme={theme}")
    person.page.fill("#reason-test", "they say that all is well")
    person.page.get_by_role("button", name="Test the connection").click()
    person.page.wait_for_selector("#tested")
    assert "Failed at: Name (DNS)" in person.page.locator("section[aria-labelledby=tested]").inner_text()
    found = Axe().run(person.page, options=LEVELS).response["violations"]
    assert [one["id"] for one in found] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_limits_and_the_breaker_can_be_changed_and_read_by_everybody(
    chromium: Browser, counter: Counter, theme: str
) -> None:
    person = Person(chromium, counter, bypass_csp=True).sign_in("admin")
    page = person.page
    page.goto(f"/doi-tac/portal?lang=en&theme={theme}")
    page.fill("input[name=window]", "0")
    page.get_by_role("button", name="See what would change").click()
    assert page.get_attribute("input[name=window]", "aria-invalid") == "true"
    found = [Axe().run(page, options=LEVELS).response["violations"]]
    page.fill("input[name=window]", "2")
    page.get_by_role("button", name="See what would change").click()
    page.fill("#reason", "they are slow")
    found.append(Axe().run(page, options=LEVELS).response["violations"])
    page.get_by_role("button", name="Set these limits").click()
    page.fill("#reason-breaker", "they move house")
    page.get_by_role("button", name="Open the breaker").click()
    page.get_by_role("button", name="Close the breaker").wait_for()
    page.fill("#reason-secret", "yearly")
    page.get_by_role("button", name="Use the new secret now").click()
    page.wait_for_selector("#tested")
    assert "the old secret stays in force" in page.locator("main").inner_text()
    assert "Opened by hand they move house" in page.locator("main").inner_text()
    found.append(Axe().run(page, options=LEVELS).response["violations"])
    assert [[one["id"] for one in violations] for violations in found] == [[], [], []]
    assert (
        counter.scalar("SELECT settings -> 'limits' ->> 'window' FROM partner WHERE name = 'portal'") == "2"
    )
