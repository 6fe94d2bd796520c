"""A simulated walk from the page of a version: what is typed, what comes of it, and that nothing is kept."""

import html
import json
import threading

import pytest

from engine.actions import deploy, walks
from engine.models.deployment import from_files
from engine.runtime.simulation import Simulation
from tests.integration.web.console.test_versions import SCENARIO
from tests.support.console import Visitor, text_of
from tests.support.counter import FORM, MODEL, PROCEDURE, Counter
from tests.support.procedures import bpmn, chain

PAGE = "/quy-trinh/1/mo-phong"
WORLD = {
    "took": {"check": "P1DT2H"},
    "forms": {"check": {"decision": "accept"}},
    "messages": [{"name": "supplement", "at": "P3D", "key": "SIM-1", "data": {}}],
}


@pytest.fixture
def engineer(counter: Counter) -> Visitor:
    return Visitor(counter, "engineer")


def version(counter: Counter, **changes: bytes) -> int:
    files = {
        "procedure.yaml": PROCEDURE.replace("A test procedure", "Renewed").encode(),
        "walk.bpmn": MODEL,
        "check.form": json.dumps(FORM).encode(),
    }
    return deploy.keep(counter.store, from_files(files | changes), by="test")


def everything(counter: Counter) -> list[object]:
    """What the tables hold, but for the trail of what was done and who is signed in."""
    with counter.store.reading() as connection:
        names = connection.exec_driver_sql(
            "SELECT relname FROM pg_stat_user_tables WHERE relname NOT IN ('audit', 'session') ORDER BY 1"
        ).scalars()
        return [
            connection.exec_driver_sql(
                f'SELECT count(*), md5(string_agg(t::text, chr(10))) FROM "{name}" t'
            ).one()
            for name in list(names)
        ]


def test_a_walk_is_told_in_order_with_its_virtual_times_and_nothing_is_kept(
    counter: Counter, engineer: Visitor
) -> None:
    before = everything(counter)
    typed = {"data": '{"note": "bí mật"}', "world": json.dumps(WORLD)}
    reply = engineer.post(f"{PAGE}?lang=en", typed)
    page = reply.body.decode()
    assert reply.status == 200
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    rows = [text_of(row).strip() for row in table.split("</tr>")][:-1]
    assert "start 05/01/2026 08:00:00" in rows[0]
    assert "Kiểm tra check 06/01/2026 10:00:00 1 d 2 h" in rows[1]
    assert "Chờ bổ sung wait 08/01/2026 08:00:00 3 d" in rows[2]
    assert "✔ It ended" in text_of(page)
    visits = html.unescape(html.unescape(page))
    assert 'data-visits="{"check": 1, "end": 1, "start": 1, "wait": 1}"' in visits
    assert everything(counter) == before
    told = counter.scalar("SELECT facts FROM audit WHERE what = 'deployment-simulated'")
    assert told == {"deployment": 1, "process": "walk", "steps": 4}, "what was typed is not in the trail"


def test_what_still_waits_is_said_and_marked(engineer: Visitor) -> None:
    page = engineer.post(PAGE, {"data": "", "world": ""}).body.decode()
    assert "Chưa kết thúc" in page
    assert "Còn chờ ở Chờ bổ sung wait" in text_of(page)
    assert '"element": "wait", "state": "waiting"' in html.unescape(html.unescape(page))


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("data", '{"a": 1,\r\n "b": }', "dòng 2, cột 7"),
        ("data", "[1]", "phải là một đối tượng JSON"),
        ("data", "[" * 100, "lồng sâu"),
        ("data", '{"a": "\\u0000"}', "NUL"),
        ("data", '{"a": "\\ud800"}', "JSON"),
        ("data", " " * 100_001, "dài hơn 100000 ký tự"),
        ("world", '{"tok": {}}', "không có khóa `tok`"),
        ("world", '{"took": {"check": "soon"}}', "check: `soon` không phải thời lượng ISO"),
        ("world", '{"took": [1]}', "`took` phải là một đối tượng"),
        ("world", '{"messages": [{"nam": 1}]}', "`messages` phải là danh sách"),
        ("world", '{"dossier": 1}', "`dossier` phải là một đối tượng"),
    ],
)
def test_what_cannot_be_understood_is_told_at_its_field_and_kept(
    counter: Counter, engineer: Visitor, field: str, text: str, told: str
) -> None:
    typed = {"data": '{"note": "giữ lại"}', "world": "{}"} | {field: text}
    reply = engineer.post(PAGE, typed)
    page = reply.body.decode()
    assert reply.status == 400
    (error,) = [one for one in page.split("<p ") if f'id="f-{field}-error"' in one]
    assert told in html.unescape(error)
    assert f'href="#f-{field}"' in page
    shown = page[page.index(f'id="f-{field}"') :]
    assert html.unescape(shown[shown.index(">") + 2 : shown.index("</textarea>")]) == text
    assert field == "data" or "giữ lại" in page
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'deployment-simulated'") == 0


def test_the_form_begins_with_a_scenario_and_the_command_does_the_same(
    counter: Counter, engineer: Visitor
) -> None:
    number = version(counter, **{"scenarios/a.yaml": SCENARIO.encode()})
    address = f"/quy-trinh/{number}/mo-phong"
    page = html.unescape(engineer.page(f"{address}?scenario=scenarios%2Fa.yaml"))
    assert '"note": "xin chào"' in page
    assert '"forms": {\n    "check": {\n      "decision": "accept"' in page
    assert """lienthong simulate PATH --data '{"note": "xin chào"}' --world '{"forms": {"check": """ in page
    assert '"note": "xin chào"' in html.unescape(engineer.page(address)), "the first one without being asked"
    chosen = '<option value="scenarios/a.yaml" selected>'
    typed = {"data": "{}", "world": "{}", "scenario": "scenarios/a.yaml"}
    assert chosen in engineer.post(address, typed).body.decode(), "what it began with stays chosen"
    assert engineer.post(address, typed | {"scenario": "<b>"}).status == 200
    assert engineer.get(f"{address}?scenario=other").status == 400
    assert engineer.get("/quy-trinh/99/mo-phong").status == 404
    assert f'href="{address}?scenario=scenarios/a.yaml"' in engineer.page(f"/quy-trinh/{number}")
    assert f'href="{address}"' in engineer.page("/quy-trinh")


def test_only_who_may_deploy_walks(counter: Counter, engineer: Visitor) -> None:
    viewer = Visitor(counter, "viewer")
    assert "disabled>Chạy mô phỏng</button>" in viewer.page(PAGE)
    assert viewer.post(PAGE, {"data": "{}", "world": "{}"}).status == 403
    assert engineer.post(PAGE, {"data": "{}", "world": "{}"}, token="x").status == 403
    assert engineer.post("/quy-trinh/99/mo-phong", {"data": "{}", "world": "{}"}).status == 404
    assert engineer.post(PAGE, {"data": "{}", "process": "other"}).status == 400


def test_hostile_texts_are_shown_as_texts(engineer: Visitor) -> None:
    bad = "</textarea><script>alert(1)</script>"
    for typed in ({"data": bad}, {"world": json.dumps({bad: 1})}, {"data": json.dumps({bad: bad})}):
        assert "<script>alert" not in engineer.post(PAGE, typed).body.decode()
    odd = {"status": [], "received_at": 7, "data": [1], "applicant": "x", "code": None, "channel": {}}
    assert engineer.post(PAGE, {"data": "{}", "world": json.dumps({"dossier": odd})}).status == 200
    deep = {"forms": {"check": [[], 5, None]}, "faults": {"check": [1]}, "replies": {"check": []}}
    assert engineer.post(PAGE, {"data": "{}", "world": json.dumps(deep)}).status == 200


def test_a_walk_that_never_ends_is_stopped_and_says_so(
    counter: Counter, engineer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    timer = (
        '<bpmn:intermediateCatchEvent id="nap"><bpmn:timerEventDefinition>'
        "<bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
    )
    circle = bpmn(
        f'<bpmn:startEvent id="start"/><bpmn:exclusiveGateway id="in"/>{timer}'
        '<bpmn:exclusiveGateway id="out" default="f-end"/><bpmn:endEvent id="end"/>'
        '<bpmn:sequenceFlow id="again" sourceRef="out" targetRef="in"><bpmn:conditionExpression>=true'
        "</bpmn:conditionExpression></bpmn:sequenceFlow>"
        '<bpmn:sequenceFlow id="f-end" sourceRef="out" targetRef="end"/>' + chain("start", "in", "nap", "out")
    )
    monkeypatch.setattr(walks, "LIMITS", walks.Limits(seconds=0.5))
    number = version(counter, **{"walk.bpmn": circle})
    page = engineer.post(f"/quy-trinh/{number}/mo-phong?lang=en", {"data": "{}", "world": "{}"}).body.decode()
    assert "Stopped in the middle, out of time" in page
    assert "Only the first steps are shown" in page
    assert page.count("<tr><td>") == 500


def test_one_walk_at_a_time_and_the_others_are_told(
    counter: Counter, engineer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    real = Simulation.run

    def held(self: Simulation) -> object:
        begun.set()
        assert go_on.wait(10)
        return real(self)

    monkeypatch.setattr(Simulation, "run", held)
    token = engineer.token()
    first = threading.Thread(target=engineer.post, args=(PAGE, {"data": "{}"}), kwargs={"token": token})
    first.start()
    assert begun.wait(10)
    reply = engineer.post(PAGE, {"data": '{"note": "giữ"}'}, token=token)
    go_on.set()
    first.join(10)
    assert reply.status == 409
    assert "đang có một lượt mô phỏng khác" in reply.body.decode()
    assert "giữ" in reply.body.decode()
