"""Changes under a condition: what a caller has not seen it cannot change; and what admins change over REST."""

import base64
import hashlib
import io
import itertools
import json
import zipfile
from collections.abc import Mapping

import pytest

from engine.storage import schedules
from engine.storage.schedules import Planned
from schedules.timetable import next_fire
from tests.support.counter import FORM, MODEL, PROCEDURE, Counter, Reply, open_counter

NUMBERS = itertools.count()
STALE = {"If-Match": f'"{"0" * 32}"'}
FILES = {"procedure.yaml": PROCEDURE.encode(), "walk.bpmn": MODEL, "check.form": json.dumps(FORM).encode()}


def act(counter: Counter, path: str, body: object, key: str, method: str = "POST", **headers: str) -> Reply:
    sent = {"Content-Type": "application/json", "Idempotency-Key": f"a{next(NUMBERS)}", **headers}
    return counter.request(method, f"/api/v1{path}", json.dumps(body).encode(), key=key, headers=sent)


def test_a_dossier_changes_only_as_it_was_seen(counter: Counter) -> None:
    code = counter.new_dossier()
    seen = counter.get(f"/api/v1/dossiers/{code}", key=counter.desk).headers["etag"]
    path = f"/dossiers/{code}/withdrawal"
    stale = act(counter, path, {"reason": "x"}, counter.desk, **STALE)
    assert (stale.status, stale.code, stale.headers["etag"]) == (412, "precondition-failed", seen)
    weak = act(counter, path, {"reason": "x"}, counter.desk, **{"If-Match": f"W/{seen}"})
    assert (weak.status, weak.code) == (400, "request-invalid")
    whole = counter.get(f"/api/v1/dossiers/{code}?include=data", key=counter.desk).headers["etag"]
    assert whole != seen
    assert act(counter, path, {"reason": "x"}, counter.desk, **{"If-Match": whole}).status == 202


def test_a_work_item_changes_only_as_it_was_seen(counter: Counter) -> None:
    item = counter.open_item(counter.new_dossier())
    seen = counter.get(f"/api/v1/work-items/{item}", key=counter.officer).headers["etag"]
    match = {"If-Match": seen}
    assert (
        act(counter, f"/work-items/{item}/claim", {"officer": "an"}, counter.officer, **match).status == 200
    )
    late = act(counter, f"/work-items/{item}/release", {"officer": "an"}, counter.officer, **match)
    assert (late.status, late.code) == (412, "precondition-failed")


@pytest.fixture
def timetable(database: object) -> "object":
    with open_counter(database.url, next_fire=next_fire) as counter:  # type: ignore[attr-defined]
        plan(counter, "every 10 s")
        yield counter


def plan(counter: Counter, trigger: str) -> None:
    with counter.store.transaction() as connection:
        schedules.ensure(connection, [Planned(name="timers", job="timers", trigger=trigger)])


def test_the_timetable_is_edited_as_it_was_seen_and_the_edit_outlives_a_restart(timetable: Counter) -> None:
    key = timetable.new_key("admin", "schedules")
    wanted = {"trigger": "0 6 * * 1", "reason": "less often"}
    missing = act(timetable, "/schedules/timers", wanted, key, "PATCH")
    assert (missing.status, missing.code) == (428, "precondition-missing")
    assert act(timetable, "/schedules/timers", wanted, key, "PATCH", **STALE).status == 412
    match = {"If-Match": timetable.get("/api/v1/schedules/timers", key=key).headers["etag"]}
    wrong = act(timetable, "/schedules/timers", {**wanted, "trigger": "often"}, key, "PATCH", **match)
    assert (wrong.status, wrong.code) == (422, "schedule-invalid")
    edited = act(timetable, "/schedules/timers", wanted, key, "PATCH", **match)
    assert (edited.status, edited.json["trigger"], edited.json["planned"]) == (200, "0 6 * * 1", "every 10 s")
    assert edited.headers["etag"] != match["If-Match"]
    plan(timetable, "every 10 s")
    assert timetable.scalar("SELECT trigger FROM schedule") == "0 6 * * 1"
    plan(timetable, "every 20 s")  # the settings themselves changed
    assert timetable.scalar("SELECT trigger FROM schedule") == "every 20 s"
    assert timetable.scalar("SELECT reason FROM audit WHERE what = 'schedule-edited'") == "less often"


def test_a_row_of_the_timetable_runs_now_unless_it_is_out_of_it(timetable: Counter) -> None:
    key = timetable.new_key("admin", "schedules")
    etag = timetable.get("/api/v1/schedules/timers", key=key).headers["etag"]
    off = {"enabled": False, "reason": "quiet"}
    assert timetable.scalar("UPDATE schedule SET next_at = now() + interval '1 h' RETURNING 1") == 1
    assert act(timetable, "/schedules/timers/run", {"reason": "now"}, key).status == 202
    assert timetable.scalar("SELECT next_at <= now() FROM schedule")
    assert (
        act(timetable, "/schedules/timers", off, key, "PATCH", **{"If-Match": etag}).json["enabled"] is False
    )
    refused = act(timetable, "/schedules/timers/run", {"reason": "again"}, key)
    assert (refused.status, refused.code) == (422, "schedule-invalid")
    assert act(timetable, "/schedules/nothing/run", {"reason": "x"}, key).code == "schedule-not-found"


def test_a_partner_is_paused_and_goes_on(timetable: Counter) -> None:
    counter, key = timetable, timetable.new_key("admin", "partners", "dossiers:read")
    counter.scalar("INSERT INTO partner (name) VALUES ('post') RETURNING 1")
    why = {"reason": "works on the line"}
    assert act(counter, "/partners/post/pause", why, key).code == "precondition-missing"
    seen = counter.get("/api/v1/partners/post", key=key).headers["etag"]
    paused = act(counter, "/partners/post/pause", why, key, **{"If-Match": seen})
    assert (paused.json["state"], paused.json["paused_reason"]) == ("paused", "works on the line")
    assert act(counter, "/partners/post/resume", why, key, **{"If-Match": seen}).status == 412
    match = {"If-Match": paused.headers["etag"]}
    assert act(counter, "/partners/post/resume", why, key, **match).json["state"] == "ok"
    assert act(counter, "/partners/nobody/pause", why, key, **match).code == "partner-unknown"
    assert counter.scalar("SELECT count(*) FROM audit WHERE what LIKE 'partner-%'") == 2


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return out.getvalue()


def form(files: Mapping[str, bytes], boundary: str) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, content in files.items()
    ]
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


def upload(counter: Counter, body: bytes, kind: str, once: str, path: str = "") -> Reply:
    headers = {"Content-Type": kind, "Idempotency-Key": once}
    key = counter.new_key(f"engineer {once}", "deployments")
    return counter.request("POST", f"/api/v1/deployments{path}", body, key=key, headers=headers)


def test_a_procedure_is_uploaded_and_then_activated(counter: Counter) -> None:
    changed = {**FILES, "procedure.yaml": PROCEDURE.replace("A test procedure", "Renewed").encode()}
    stored = upload(
        counter, zipped({f"walk/{name}": data for name, data in changed.items()}), "application/zip", "a"
    )
    assert (stored.status, stored.json["version"], stored.json["active"]) == (201, 2, False)
    assert [one["name"] for one in stored.json["files"]] == ["check.form", "procedure.yaml", "walk.bpmn"]
    again = upload(counter, form(changed, "xyz"), "multipart/form-data; boundary=xyz", "b")
    assert again.json["id"] == stored.json["id"]
    engineer = counter.new_key("engineer", "deployments", "dossiers:read")
    assert counter.get("/api/v1/procedures", key=engineer).json["items"][0]["version"] == 1
    path = f"/deployments/{stored.json['id']}/activate"
    match = {"If-Match": stored.headers["etag"]}
    assert act(counter, path, {"reason": "new"}, engineer, **STALE).status == 412
    assert act(counter, path, {"reason": "new"}, engineer, **match).json["active"] is True
    assert counter.get("/api/v1/procedures", key=engineer).json["items"][0]["name"]["en"] == "Renewed"
    listed = counter.get("/api/v1/deployments?active=true", key=engineer).json["items"]
    assert [one["version"] for one in listed] == [2]
    assert act(counter, "/deployments/999/activate", {"reason": "x"}, engineer).code == "deployment-not-found"


def test_a_version_is_retired_and_brought_back_as_it_was_seen(counter: Counter) -> None:
    changed = {**FILES, "procedure.yaml": PROCEDURE.replace("A test procedure", "Renewed").encode()}
    stored = upload(counter, zipped(changed), "application/zip", "a")
    engineer, path = counter.new_key("engineer", "deployments"), f"/deployments/{stored.json['id']}"
    seen = {"If-Match": stored.headers["etag"]}
    retired = act(counter, f"{path}/retire", {"reason": "wrong"}, engineer, **seen)
    assert (retired.status, retired.headers["etag"] != seen["If-Match"]) == (200, True)
    late = act(counter, f"{path}/bring-back", {"reason": "right"}, engineer, **seen)
    assert (late.status, late.headers["etag"]) == (412, retired.headers["etag"])
    back = act(counter, f"{path}/bring-back", {"reason": "x"}, engineer, **{"If-Match": late.headers["etag"]})
    assert (back.status, back.json["retired_at"]) == (200, None)


def test_an_upload_says_which_commit_it_came_from(counter: Counter) -> None:
    body = zipped({**FILES, "notes.md": b"one"})
    first = upload(counter, body, "application/zip", "a", "?commit=0a1b2c3d-dirty")
    assert (first.json["commit"], first.json["commit_changed"]) == ("0a1b2c3d", True)
    again = upload(counter, body, "application/zip", "b", "?commit=v2.1")
    assert (again.json["id"], again.json["commit"]) == (first.json["id"], "0a1b2c3d"), (
        "nobody said it was clean"
    )
    typed = form({**FILES, "notes.md": b"two"}, "xyz").replace(
        b"--xyz--\r\n", b'--xyz\r\nContent-Disposition: form-data; name="commit"\r\n\r\n<b>\r\n--xyz--\r\n'
    )
    of_form = upload(counter, typed, "multipart/form-data; boundary=xyz", "c")
    assert (of_form.json["commit"], of_form.json["commit_changed"]) == ("<b>", None)
    plain = upload(counter, zipped({**FILES, "notes.md": b"three"}), "application/zip", "d")
    assert (plain.json["commit"], plain.json["commit_changed"]) == (None, None)
    for wrong in ("two%20words", "%00", "x" * 81, "a%0Ab"):
        refused = upload(counter, body, "application/zip", f"wrong {wrong}"[:60], f"?commit={wrong}")
        assert (refused.status, refused.code) == (400, "request-invalid"), wrong
    key = counter.new_key("reader", "deployments", "dossiers:read")
    listed = counter.get("/api/v1/deployments", key=key).json["items"]
    assert [one["commit"] for one in listed] == [None, "<b>", "0a1b2c3d", None]  # type: ignore[attr-defined]
    assert counter.get("/api/v1/procedures", key=key).json["items"][0]["commit"] is None  # type: ignore[index]


def test_the_same_form_with_another_boundary_is_the_same_request(counter: Counter) -> None:
    key = counter.new_key("engineer", "deployments")
    answers = [
        counter.request(
            "POST", "/api/v1/deployments", form(FILES, boundary), key=key,
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}", "Idempotency-Key": "same"},
        )
        for boundary in ("one", "two")
    ]  # fmt: skip
    assert [one.status for one in answers] == [201, 201]
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert answers[1].headers["etag"] == answers[0].headers["etag"]


def test_a_broken_procedure_is_refused_with_what_to_mend_and_nothing_is_stored(counter: Counter) -> None:
    broken = {**FILES, "walk.bpmn": MODEL.replace(b'id="end"', b'id="elsewhere"')}
    refused = upload(counter, zipped(broken), "application/zip", "a")
    assert (refused.status, refused.code) == (422, "model-findings")
    finding = refused.json["findings"][0]
    assert finding["severity"] == "error"
    assert finding["line"] > 0
    assert finding["remedy"]
    assert counter.scalar("SELECT count(*) FROM deployment") == 1
    judged = upload(counter, zipped(broken), "application/zip", "b", "/check")
    assert judged.status == 200
    assert judged.json["findings"]


BOMB = zipped({"a.md": bytes(9 * 1024 * 1024)})
BAD = {
    "no ZIP": (b"PK nonsense", "application/zip", 422, "package-refused"),
    "a path outside": (zipped({"../../etc/a.bpmn": b"x"}), "application/zip", 422, "package-refused"),
    "a bomb": (BOMB, "application/zip", 422, "package-refused"),
    "many files": (zipped({f"{n}.md": b"" for n in range(501)}), "application/zip", 422, "package-refused"),
    "nothing of ours": (zipped({"a.exe": b"x"}), "application/zip", 422, "package-refused"),
    "another kind": (b"{}", "application/json", 415, "media-type-unsupported"),
    "a form of nothing": (b"--x--\r\n", "multipart/form-data; boundary=x", 422, "package-refused"),
    "a form without its boundary": (b"a", "multipart/form-data", 422, "package-refused"),
}


@pytest.mark.parametrize("name", BAD)
def test_an_upload_that_is_no_folder_is_refused(counter: Counter, name: str) -> None:
    body, kind, status, code = BAD[name]
    reply = upload(counter, body, kind, "a")
    assert (reply.status, reply.code) == (status, code), reply.body


def test_the_evidence_of_a_dossier_can_be_checked_by_anybody(counter: Counter) -> None:
    code = counter.new_dossier()
    told = counter.get(f"/api/v1/dossiers/{code}/evidence", key=counter.desk).json
    before = bytes.fromhex(str(told["genesis"]))
    for link in told["links"]:
        before = hashlib.sha256(before + base64.b64decode(link["body"])).digest()
        assert before.hex() == link["hash"]
    assert (told["holds"], told["head"]) == (True, before.hex())
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE timeline SET body = body || ' ' WHERE seq = 2")
    told = counter.get(f"/api/v1/dossiers/{code}/evidence", key=counter.desk).json
    assert (told["holds"], [one["seq"] for one in told["breaks"]]) == (False, [2])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("unit=H99.14", 1), ("unit=H98.01", 0), ("channel=counter", 1), ("channel=online", 0), ("name=nguyen%20van%20thu", 1),
        ("name=Th%E1%BB%AD", 1), ("name=ai", 0), ("reference=none", 0), ("has_incident=false", 1), ("has_incident=true", 0),
        ("is_over=false", 1), ("is_over=true", 0), ("submitted_from=2020-01-01T00:00:00Z", 1), ("partner=post", 0),
        ("submitted_before=2020-01-01T00:00:00%2B07:00", 0), ("due_before=2099-01-01T00:00:00Z", 1),
        ("due_from=2099-01-01T00:00:00Z", 0), ("changed_from=2099-01-01T00:00:00Z", 0),
    ],
)  # fmt: skip
def test_dossiers_are_found_by_every_filter(walked: Counter, query: str, found: int) -> None:
    reply = walked.get(f"/api/v1/dossiers?{query}", key=walked.desk)
    assert (reply.status, len(reply.json["items"])) == (200, found), reply.body


@pytest.mark.parametrize(
    "path",
    [
        "dossiers?submitted_from=2020-01-01T00:00:00", "dossiers?name=a", "dossiers?is_over=perhaps", "dossiers?channel=boat",
        "work-items?colour=red", "incidents?opened_from=yesterday", "incidents?status=odd", "deployments?active=maybe",
        "schedules?x=1", "partners?x=1", "procedures?x=1", "dossiers/x/evidence?x=1", "dossiers/x/documents?x=1",
    ],
)  # fmt: skip
def test_no_filter_is_ignored(walked: Counter, path: str) -> None:
    key = walked.new_key(path, "admin")
    reply = walked.get(f"/api/v1/{path}", key=key)
    assert (reply.status, reply.code) == (400, "request-invalid"), reply.body


@pytest.fixture(scope="module")
def walked(new_database: object) -> "object":
    with open_counter(new_database().url) as counter:  # type: ignore[operator]
        counter.new_dossier()
        yield counter
