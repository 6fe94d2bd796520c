"""A version of a procedure: where its dossiers stand, what it consists of, what differs from another."""

import html
import io
import json
import zipfile
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from urllib3 import encode_multipart_formdata

from engine.actions import deploy
from engine.clock import VIETNAM
from engine.dossiers.indexing import searchable
from engine.models.deployment import from_files
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_incident
from tests.support.counter import FORM, MODEL, PROCEDURE, Counter, Reply
from tests.support.procedures import bpmn, chain


@pytest.fixture
def viewer(counter: Counter) -> Visitor:
    return Visitor(counter, "viewer")


def last_workday() -> datetime:
    """Yesterday or before, no Saturday or Sunday, at midnight here."""
    day = datetime.now(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return day


def test_a_version_tells_where_its_dossiers_stand(counter: Counter, viewer: Visitor) -> None:
    assert "No dossier is on this version" in viewer.page("/quy-trinh/1?lang=en")
    codes = [counter.new_dossier() for _ in range(3)]
    done = {"data": {"decision": "accept"}}
    counter.post(f"/api/v1/work-items/{counter.open_item(codes[0])}/complete", done, key=counter.officer)
    counter.apply_all()
    incident = add_incident(counter, codes[1])
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE incident SET element = 'wait' WHERE id = %s", (incident,))
        closed = last_workday().replace(hour=14)  # office hours end at 11:30 and begin again at 13:30
        connection.exec_driver_sql(
            "UPDATE work_item SET opened_at = %s, closed_at = %s WHERE status = 'done'",
            (closed.replace(hour=11), closed),
        )
    page = viewer.page("/quy-trinh/1")
    table = page[page.index("Hồ sơ đang ở đâu") :]
    rows = [text_of(row) for row in table[table.index("<tbody>") : table.index("</tbody>")].split("</tr>")]
    assert "wait 1 thông điệp: 1 ✖ 1 – –" in rows[0]
    assert "check 2 người xử lý: 2 0 1 giờ 4/4" in rows[1]
    tokens = html.unescape(html.unescape(page))
    assert '"element": "check", "state": "heat-4"' in tokens
    assert r'"badge": "1 \u2610 \u00b7 1 \u2716", "element": "wait"' in tokens
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


def version(counter: Counter, **changes: bytes | str) -> int:
    """Another version, stored and not active."""
    files: dict[str, bytes] = {
        "procedure.yaml": PROCEDURE.replace("A test procedure", "Renewed").encode(),
        "walk.bpmn": MODEL,
        "check.form": json.dumps(FORM).encode(),
    }
    return deploy.keep(counter.store, from_files(files | changes), by="test")  # type: ignore[arg-type]


def test_what_an_activation_changes_is_seen_before_it(counter: Counter, viewer: Visitor) -> None:
    model = MODEL.replace('name="Kiểm tra"'.encode(), 'name="Thẩm tra"'.encode())
    second = version(counter, **{"walk.bpmn": model})
    page = viewer.page(f"/quy-trinh/{second}?lang=en")
    shown = text_of(page)
    assert "What differs from v1 · Active" in shown
    assert "Thẩm tra check userTask ≠ Changed: name" in shown
    assert page.index("Changed:") < page.index(
        "New dossiers start with this version; running ones keep theirs."
    )
    assert '"element": "check", "state": "changed"' in html.unescape(html.unescape(page))
    assert "disabled>Activate</button>" in page
    engineer = Visitor(counter, "engineer")
    third = version(counter, **{"notes.md": b"another"})
    deploy.activate(counter.store, third, by="somebody", reason="faster")
    stale = engineer.post(f"/quy-trinh/{second}", {"action": "activate", "reason": "x", "instead_of": "1"})
    assert stale.status == 412
    assert "v3" in text_of(stale.body.decode())
    form = {"action": "activate", "reason": "seen", "instead_of": str(third)}
    assert engineer.post(f"/quy-trinh/{second}", form).status == 303
    assert counter.scalar("SELECT active_deployment_id FROM procedure") == second


def test_a_version_is_retired_and_brought_back(counter: Counter) -> None:
    engineer, viewer = Visitor(counter, "engineer"), Visitor(counter, "viewer")
    code = counter.new_dossier()
    old = {"action": "retire", "reason": "a new decree"}
    assert engineer.post("/quy-trinh/1", old).status == 409, "new dossiers start with it"
    second = version(counter)
    deploy.activate(counter.store, second, by="test", reason="x")
    assert viewer.post("/quy-trinh/1", old).status == 403
    assert engineer.post("/quy-trinh/1", {"action": "retire", "reason": ""}).status == 400
    assert engineer.post("/quy-trinh/1", old).status == 303
    assert "⏹ Đã ngừng dùng" in text_of(engineer.page("/quy-trinh"))
    assert engineer.post("/quy-trinh/1", old).status == 409
    refused = engineer.post("/quy-trinh/1", {"action": "activate", "reason": "x"})
    assert refused.status == 409
    assert "đã ngừng dùng" in refused.body.decode()
    item = counter.open_item(code)
    done = {"data": {"decision": "accept"}}
    counter.post(f"/api/v1/work-items/{item}/complete", done, key=counter.officer)
    counter.apply_all()
    assert counter.scalar("SELECT status FROM dossier WHERE code = :code", code=code) == 5, "it goes on"
    assert engineer.post("/quy-trinh/1", {"action": "bring-back", "reason": "the decree fell"}).status == 303
    assert engineer.post("/quy-trinh/1", {"action": "activate", "reason": "x"}).status == 303
    assert engineer.post("/quy-trinh/1", {"action": "explode", "reason": "x"}).status == 400
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'deployment-retired'") == 1
    assert (
        counter.scalar("SELECT reason FROM audit WHERE what = 'deployment-brought-back'") == "the decree fell"
    )


def test_deploying_a_retired_version_anew_takes_it_into_use(counter: Counter) -> None:
    second = version(counter)
    deploy.retire(counter.store, second, by="test", reason="x")
    assert version(counter) == second, "the same content is the same version"
    files = {
        "procedure.yaml": PROCEDURE.replace("A test procedure", "Renewed").encode(),
        "walk.bpmn": MODEL,
        "check.form": json.dumps(FORM).encode(),
    }
    assert deploy.deploy(counter.store, from_files(files), by="test") == second
    assert counter.scalar("SELECT retired_at FROM deployment WHERE id = :id", id=second) is None


def test_the_trail_tells_who_deployed_what_in_place_of_what_and_nothing_where_nothing_changed(
    counter: Counter,
) -> None:
    files = {
        "procedure.yaml": PROCEDURE.encode(),
        "walk.bpmn": MODEL.replace("Chờ bổ sung".encode(), "Chờ".encode()),
    }
    for _ in range(2):
        made = deploy.deploy(counter.store, from_files(files), by="command line")
    told = "SELECT string_agg(facts::text, ';') FROM audit WHERE what = 'deployment-activated' AND who = 'command line'"
    assert json.loads(str(counter.scalar(told))) == {
        "deployment": made,
        "procedure": "1.000001",
        "instead_of": 1,
    }


def test_versions_are_found_by_their_findings_and_dossiers(counter: Counter, viewer: Visitor) -> None:
    files = {"procedure.yaml": PROCEDURE.replace("A test", "Odd").encode(), "walk.bpmn": MODEL}
    odd = deploy.keep(counter.store, from_files(files), by="test", findings=2)
    counter.new_dossier()

    def listed(query: str) -> list[int]:
        page = viewer.page(f"/quy-trinh?{query}")
        return [one for one in (1, odd) if f'href="/quy-trinh/{one}"' in page]

    assert listed("") == [1, odd]
    assert listed("findings=yes") == [odd]
    assert listed("findings=no") == listed("running=yes") == [1]
    assert listed("running=no") == [odd]
    assert "Không có gì khớp" in viewer.page("/quy-trinh?running=yes&findings=yes")
    assert viewer.get("/quy-trinh?running=some").status == 400
    name = str(counter.scalar("SELECT name_vi FROM procedure"))
    for part in ("1.0000", name[:5].upper(), searchable(name)[-6:]):
        assert odd in listed(urlencode({"q": part})), part
    assert listed("q=no+such+procedure") == []
    assert "<code>check</code></td>" in viewer.page(f"/quy-trinh/{odd}"), "the form that is missing is found"
    assert "<code>check</code></td>" not in viewer.page("/quy-trinh/1")


def test_programs_read_the_changes_and_retire(counter: Counter) -> None:
    second = version(counter)
    key = counter.new_key("engineer", "deployments")
    told = counter.get(f"/api/v1/deployments/{second}/changes", key=key).json
    assert (told["against"], told["elements"]) == (1, [])
    assert [one["name"] for one in told["files"]] == ["procedure.yaml"]  # type: ignore[attr-defined]
    path = f"/api/v1/deployments/{second}"
    assert counter.post("/api/v1/deployments/1/retire", {"reason": "x"}, key=key).code == "action-not-now"
    assert counter.post(f"{path}/retire", {"reason": "x"}, key=key).json["retired_at"]
    assert counter.post(f"{path}/activate", {"reason": "x"}, key=key).code == "action-not-now"
    assert counter.post(f"{path}/bring-back", {"reason": "x"}, key=key).json["retired_at"] is None


def test_working_times_are_of_the_days_asked_for(counter: Counter, viewer: Visitor) -> None:
    assert '<option value="30" selected>' in viewer.page("/quy-trinh/1")
    assert '<option value="7" selected>' in viewer.page("/quy-trinh/1?days=7")
    assert viewer.get("/quy-trinh/1?days=8").status == 400


def test_a_finding_names_its_element(counter: Counter) -> None:
    engineer = Visitor(counter, "engineer")
    broken = MODEL.replace(b'<zeebe:assignmentDefinition candidateGroups="officer"/>', b"")
    files = {
        "procedure.yaml": PROCEDURE.encode(),
        "walk.bpmn": broken,
        "check.form": json.dumps(FORM).encode(),
    }
    body, kind = as_form(engineer.token(), files)
    reply = counter.request("POST", "/quy-trinh", body, headers=engineer.headers | {"Content-Type": kind})
    assert reply.status == 422
    assert "Kiểm tra <code>check</code>" in reply.body.decode()
    assert "chưa nêu ai làm việc này" in reply.body.decode()


def test_the_commit_that_an_upload_came_from_is_shown(counter: Counter, viewer: Visitor) -> None:
    engineer = Visitor(counter, "engineer")

    def upload(commit: str, note: str) -> Reply:
        files = {
            "procedure.yaml": PROCEDURE.encode(),
            "walk.bpmn": MODEL,
            "check.form": json.dumps(FORM).encode(),
        }
        fields = {"csrf": engineer.token(), "commit": commit, "notes.md": ("notes.md", note)}
        fields |= {name: (name, content) for name, content in files.items()}
        body, kind = encode_multipart_formdata(fields)
        return counter.request("POST", "/quy-trinh", body, headers=engineer.headers | {"Content-Type": kind})

    where = upload("0123456789abcdef-dirty", "one").headers["location"]
    shown = text_of(viewer.page(where))
    assert "Bản mã nguồn (commit) 0123456789abcdef ≠ có thay đổi chưa commit" in shown
    assert "engineer 0123456789ab ≠ có thay đổi chưa commit" in text_of(viewer.page("/quy-trinh"))
    told = counter.scalar("SELECT facts ->> 'commit' FROM audit WHERE what = 'deployment-uploaded'")
    assert told == "0123456789abcdef"
    refused = upload("hai từ", "two")
    assert refused.status == 400
    assert "phải là mã commit hoặc thẻ" in refused.body.decode()
    assert 'value="hai từ"' in refused.body.decode(), "what was typed is kept"
    assert "Commit not known" in text_of(viewer.page("/quy-trinh/1?lang=en"))


def as_form(token: str, files: dict[str, bytes]) -> tuple[bytes, str]:
    """What a browser sends: the files, and the session's token."""
    fields = {"csrf": token, **{name: (name, content) for name, content in files.items()}}
    return encode_multipart_formdata(fields)


SCENARIO = """\
name: Nhận rồi chờ <b>bổ sung</b>
description: The officer accepts.
given: { data: { note: xin chào } }
decisions: { check: { decision: accept } }
expect: { steps: [start, check], ended: false, waiting: [wait] }
"""
WRONG = "name: Sai\nexpect: { steps: [end] }\n"


def test_scenarios_are_shown_with_their_example_and_run_by_who_may(counter: Counter, viewer: Visitor) -> None:
    plain = viewer.page("/quy-trinh/1")
    assert "Phiên bản này không có kịch bản" in plain
    tried = version(counter, **{"scenarios/a.yaml": SCENARIO.encode(), "scenarios/b.yaml": WRONG.encode()})
    address = f"/quy-trinh/{tried}"
    before = viewer.page(address)
    assert "Chưa chạy ở đây" in before
    assert "Nhận rồi chờ &lt;b&gt;bổ sung&lt;/b&gt;" in before
    assert "&#34;note&#34;: &#34;xin chào&#34;" in before
    assert viewer.post(f"{address}/thu").status == 403
    engineer = Visitor(counter, "engineer")
    assert engineer.post(f"{address}/thu", token="x").status == 403
    assert engineer.post(f"{address}/thu").headers["location"] == f"{address}?told=done"
    after = text_of(viewer.page(f"{address}?lang=en"))
    assert "engineer. Passed 1 · Failed 1" in after
    told = counter.scalar("SELECT facts FROM audit WHERE what = 'deployment-tested'")
    assert told == {"deployment": tried, "passed": 1, "failed": 1, "not_run": 0}
    assert engineer.post(f"{address}/thu").status == 303
    assert counter.scalar("SELECT count(*) FROM scenario_run") == 1
    assert engineer.post("/quy-trinh/1/thu").status == 409
    assert engineer.post("/quy-trinh/99/thu").status == 404


def test_the_contracts_that_a_version_uses_lead_to_their_partners(counter: Counter, viewer: Visitor) -> None:
    binding = '<zeebe:taskDefinition type="{}"/>'
    task = (
        '<bpmn:serviceTask id="{0}"><bpmn:extensionElements>{1}</bpmn:extensionElements></bpmn:serviceTask>'
    )
    tasks = "".join(
        task.format(name, binding.format(service))
        for name, service in (("one", "agency.ask"), ("two", "agency.ask"), ("three", "moon.fly"))
    )
    walk = bpmn(
        f'<bpmn:startEvent id="start"/>{tasks}<bpmn:endEvent id="end"/>'
        + chain("start", "one", "two", "three", "end")
    )
    page = viewer.page(f"/quy-trinh/{version(counter, **{'walk.bpmn': walk})}?lang=en")
    assert '<a href="/doi-tac/agency">' in page
    shown = text_of(page)
    assert "ask the contract does not say one, two" in shown
    assert "fly ! No contract offers it three" in shown
    assert "This version calls no partner." in viewer.page("/quy-trinh/1?lang=en")


def test_the_folder_of_a_version_can_be_taken_away_and_uploaded_again(
    counter: Counter, viewer: Visitor
) -> None:
    reply = viewer.get("/quy-trinh/1/tep.zip")
    assert reply.headers["content-disposition"] == "attachment; filename=1.000001-v1.zip"
    assert reply.body == viewer.get("/quy-trinh/1/tep.zip").body
    with zipfile.ZipFile(io.BytesIO(reply.body)) as package:
        files = {name: package.read(name) for name in package.namelist()}
    assert deploy.keep(counter.store, from_files(files), by="test") == 1
    assert viewer.get("/quy-trinh/99/tep.zip").status == 404
