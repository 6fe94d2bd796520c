"""A partner's figures over time: drawn under the strict policy, and the same as a table."""

import itertools
import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from engine.actions import accounts
from tests.support.console import PASSWORD
from tests.support.console_rows import add_call
from tests.support.counter import Counter, open_counter
from tests.support.person import Person

AGES = (
    "UPDATE attempt SET ended_at = now() - make_interval(mins => CAST(call_id AS integer) * 20),"
    " started_at = now() - make_interval(mins => CAST(call_id AS integer) * 20, secs => 0.25 * call_id)"
)


@pytest.fixture
def counter(database: object) -> Iterator[Counter]:
    with open_counter(database.url) as opened:  # type: ignore[attr-defined]
        accounts.create(opened.store, "admin", PASSWORD, roles=["admin"], unit=None, by="test")
        yield opened


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_charts_are_drawn_and_told_as_a_table(chromium: Browser, counter: Counter, theme: str) -> None:
    code = counter.new_dossier()
    for _ in range(5):
        add_call(counter, code)
    with counter.store.transaction() as connection:
        connection.exec_driver_sql(AGES)
    admin = Person(chromium, counter).sign_in("admin")
    admin.page.goto(f"/doi-tac?theme={theme}")
    admin.page.goto("/doi-tac/agency")
    charts = admin.page.locator('.chart[data-ready="true"]')
    charts.nth(1).wait_for()
    assert charts.count() == 2
    told = json.loads(charts.first.get_attribute("data-chart") or "")
    assert sum(told["series"][1]["values"]) == 5
    rows = admin.page.get_by_role("region", name="24 giờ qua").locator("tbody tr").all_inner_texts()
    assert len(told["at"]) >= len(rows) >= 4
    assert {later - at for at, later in itertools.pairwise(told["at"])} == {900}, "gaps are drawn as gaps"
    drawn = "one => [...one.querySelector('canvas').getContext('2d').getImageData(0, 0, 600, 200).data].some(Boolean)"
    assert charts.first.evaluate(drawn), "the canvas is empty"
    assert admin.complaints == []
