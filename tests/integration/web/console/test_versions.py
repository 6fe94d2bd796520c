"""A version of a procedure: where its dossiers stand, what it consists of, what differs from another."""

import html
import json

import pytest

from engine.actions import deploy
from engine.models.deployment import from_files
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_incident
from tests.support.counter import FORM, MODEL, PROCEDURE, Counter


@pytest.fixture
def viewer(counter: Counter) -> Visitor:
    return Visitor(counter, "viewer")


def test_a_version_tells_where_its_dossiers_stand(counter: Counter, viewer: Visitor) -> None:
    assert "No dossier is on this version" in viewer.page("/quy-trinh/1?lang=en")
    codes = [counter.new_dossier() for _ in range(3)]
    done = {"data": {"decision": "accept"}}
    counter.post(f"/api/v1/work-items/{counter.open_item(codes[0])}/complete", done, key=counter.officer)
    counter.apply_all()
    incident = add_incident(counter, codes[1])
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE incident SET element = 'wait' WHERE id = %s", (incident,))
        connection.exec_driver_sql(
            "UPDATE work_item SET opened_at = closed_at - interval '90 minutes' WHERE status = 'done'"
        )
    page = viewer.page("/quy-trinh/1")
    rows = [text_of(row) for row in page[page.index("<tbody>") : page.index("</tbody>")].split("</tr>")]
    assert "wait 1 ✖ 1 –" in rows[0]
    assert "check 2 0 1.5 h" in rows[1]
    assert '"element": "wait", "state": "trouble"' in html.unescape(html.unescape(page))


def test_the_files_of_a_version_are_handed_out_as_they_came(counter: Counter, viewer: Visitor) -> None:
    reply = viewer.get("/quy-trinh/1/tep/walk.bpmn")
    assert reply.body == MODEL
    assert reply.headers["content-disposition"] == "attachment; filename=walk.bpmn"
    for wrong in ("/quy-trinh/1/tep/other.bpmn", "/quy-trinh/9/tep/walk.bpmn", "/quy-trinh/9"):
        assert viewer.get(wrong).status == 404
    assert counter.get("/quy-trinh/1/tep/walk.bpmn").status == 401


def test_two_versions_are_compared_line_by_line(counter: Counter, viewer: Visitor) -> None:
    files = {
        "procedure.yaml": PROCEDURE.replace("A test procedure", "<b>Renewed</b>").encode(),
        "walk.bpmn": MODEL,
        "check.form": json.dumps(FORM).encode(),
    }
    second = deploy.keep(counter.store, from_files(files), by="test")
    page = viewer.page(f"/quy-trinh/{second}?against=1")
    assert "+name: {vi: Thủ tục thử, en: &lt;b&gt;Renewed&lt;/b&gt;}" in page
    assert "-name: {vi: Thủ tục thử, en: A test procedure}" in page
    assert "<h3>walk.bpmn</h3>" not in page
    assert "Hai phiên bản giống nhau" in viewer.page(f"/quy-trinh/{second}?against={second}")
    assert viewer.get(f"/quy-trinh/{second}?against=99").status == 404
    assert viewer.get(f"/quy-trinh/{second}?against=x").status == 400
