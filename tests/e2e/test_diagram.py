"""The diagram in a real browser: drawn under the strict policy, with a mark on the element where the token waits."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from engine.actions import accounts, deploy
from engine.models.deployment import from_files
from tests.support.console import PASSWORD
from tests.support.counter import MODEL, PROCEDURE, Counter, open_counter
from tests.support.person import Person

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium here: apt-get install chromium")

DRAWING = """\
<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"
 xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" id="drawing">
<bpmndi:BPMNPlane id="plane" bpmnElement="walk">
<bpmndi:BPMNShape id="s1" bpmnElement="start"><dc:Bounds x="100" y="100" width="36" height="36"/></bpmndi:BPMNShape>
<bpmndi:BPMNShape id="s2" bpmnElement="check"><dc:Bounds x="200" y="80" width="100" height="80"/></bpmndi:BPMNShape>
<bpmndi:BPMNShape id="s3" bpmnElement="wait"><dc:Bounds x="360" y="80" width="100" height="80"/></bpmndi:BPMNShape>
<bpmndi:BPMNShape id="s4" bpmnElement="end"><dc:Bounds x="520" y="100" width="36" height="36"/></bpmndi:BPMNShape>
</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>"""


@pytest.fixture
def counter(database: object) -> Iterator[Counter]:
    with open_counter(database.url, console_open=True) as opened:  # type: ignore[attr-defined]
        with opened.store.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE model SET original = replace(convert_from(original, 'UTF8'), %s, %s)::bytea WHERE kind = 'bpmn'",
                ("</bpmn:definitions>", DRAWING),
            )
        yield opened


def seen(counter: Counter, path: str, folder: Path) -> tuple[str, str]:
    """The page as the browser has it when its script is done, and what it complained of."""
    words = [
        str(BROWSER), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--enable-logging=stderr", "--virtual-time-budget=20000", f"--user-data-dir={folder}",
        "--dump-dom", f"http://127.0.0.1:{counter.port}{path}",
    ]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, timeout=90, check=True)
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


def marked(page: str) -> list[str]:
    """The elements with the mark of a waiting token."""
    shapes = re.findall(r'<g class="([^"]*)" data-element-id="([^"]*)"', page)
    return [element for classes, element in shapes if "token-waiting" in classes.split()]


def test_the_mark_stands_where_the_token_waits_and_moves_with_it(counter: Counter, tmp_path: Path) -> None:
    code = counter.new_dossier()
    page, complaints = seen(counter, f"/ho-so/{code}?tab=diagram", tmp_path)
    assert 'data-ready="true"' in page, complaints
    assert marked(page) == ["check"]
    assert complaints == ""
    assert "bjs-powered-by" in page  # the licence asks for the mark of its makers
    body = {"data": {"decision": "accept"}}
    counter.post(f"/api/v1/work-items/{counter.open_item(code)}/complete", body, key=counter.officer)
    counter.apply_all()
    page, _ = seen(counter, f"/ho-so/{code}?tab=diagram", tmp_path)
    assert marked(page) == ["wait"]


def test_a_click_on_a_step_leads_to_its_visits(chromium: Browser, counter: Counter) -> None:
    code = counter.new_dossier()
    accounts.create(counter.store, "lan", PASSWORD, roles=["viewer"], unit=None, by="test")
    person = Person(chromium, counter).sign_in("lan")
    person.page.goto(f"/ho-so/{code}?tab=diagram")
    person.page.wait_for_selector('#diagram[data-ready="true"]')
    person.page.locator('#diagram [data-element-id="end"]').click(force=True)
    assert "tab=diagram" in person.page.url, "nobody came there"
    person.page.locator('#diagram [data-element-id="check"]').click(force=True)
    person.page.wait_for_url(f"**/ho-so/{code}?step=check")
    assert person.page.locator("main section tbody tr").count() == 1
    assert person.complaints == []


def test_a_hostile_text_in_every_field_of_a_page_does_not_run(counter: Counter, tmp_path: Path) -> None:
    code = counter.new_dossier()
    bad = "</script><script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE dossier SET phase = %s", (bad,))
        connection.exec_driver_sql("UPDATE work_item SET name = %s, element = %s, unit = %s", (bad, bad, bad))
    for path in ("/ho-so", f"/ho-so/{code}", f"/ho-so/{code}?tab=diagram"):
        page, complaints = seen(counter, path, tmp_path)
        assert "<title>run" not in page
        assert complaints == ""


def test_a_version_shows_heat_and_counts_on_its_elements(counter: Counter, tmp_path: Path) -> None:
    codes = [counter.new_dossier() for _ in range(2)]
    item = counter.open_item(codes[0])
    counter.post(f"/api/v1/work-items/{item}/complete", {"data": {"decision": "accept"}}, key=counter.officer)
    counter.apply_all()
    page, complaints = seen(counter, "/quy-trinh/1", tmp_path)
    assert 'data-ready="true"' in page, complaints
    shapes = re.findall(r'<g class="([^"]*)" data-element-id="([^"]*)"', page)
    assert [one for classes, one in shapes if re.search(r"token-heat-\d", classes)] == ["check"]
    assert sorted(marked(page)) == ["check", "wait"]
    assert re.findall(r'class="badge-count">([^<]+)<', page) == ["1 ☐", "1 ☐"]
    assert complaints == ""


def test_a_simulated_walk_is_drawn_and_reached_by_the_keyboard(chromium: Browser, counter: Counter) -> None:
    accounts.create(counter.store, "lan", PASSWORD, roles=["engineer"], unit=None, by="test")
    person = Person(chromium, counter).sign_in("lan")
    page = person.page
    page.goto("/quy-trinh/1")
    page.get_by_role("link", name="Mở trang mô phỏng").click()
    page.get_by_label("Diễn biến bên ngoài (JSON)").fill('{"forms": {"check": {"decision": "accept"}}}')
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector('#drawing-1[data-ready="true"]')
    passed, waiting = (
        page.eval_on_selector_all(f"#drawing-1 .{mark}", "found => found.map(one => one.dataset.elementId)")
        for mark in ("token-passed", "token-waiting")
    )
    assert (sorted(passed), waiting) == (["check", "start"], ["wait"])
    assert page.get_by_label("Diễn biến bên ngoài (JSON)").input_value().startswith('{"forms"'), "it is kept"
    assert person.complaints == []


def test_a_model_that_nobody_drew_leaves_no_empty_canvas(counter: Counter, tmp_path: Path) -> None:
    files = {"procedure.yaml": PROCEDURE.encode(), "walk.bpmn": MODEL, "check.form": b"{}"}
    other = deploy.keep(counter.store, from_files(files), by="test")
    page, _ = seen(counter, f"/quy-trinh/{other}", tmp_path)
    (place,) = re.findall(r'<div id="diagram"[^>]*>.{0,9}', page)
    assert re.search(r' hidden(=""|>)', place), place
    assert "djs-container" not in page
