"""Dossiers over HTTP: what is accepted is there, what is refused leaves nothing, the same request counts once."""

import base64
import re
from collections.abc import Mapping

import pytest

from tests.support.counter import PDF, PNG, Counter, paper
from tests.support.procedures import UNIT

CODE = re.compile(rf"{re.escape(UNIT)}-\d{{6}}-\d{{4}}")


def rows(counter: Counter) -> tuple[object, ...]:
    return tuple(
        counter.scalar(f"SELECT count(*) FROM {table}")
        for table in ("dossier", "event", "document", "document_chunk", "idempotency")
    )


def test_a_dossier_that_is_handed_in_can_be_read_with_who_holds_it(counter: Counter) -> None:
    handed = counter.hand_in(documents=[paper()])
    assert handed.status == 201
    code = handed.json["code"]
    assert CODE.fullmatch(code)
    assert re.fullmatch(r"\d{8}", handed.json["access_code"])
    assert handed.headers["location"] == f"/api/v1/dossiers/{code}"
    before = counter.get(f"/api/v1/dossiers/{code}", key=counter.desk).json
    assert [one["kind"] for one in before["held_by"]] == ["event"]
    counter.apply_all()
    after = counter.get(f"/api/v1/dossiers/{code}", key=counter.desk)
    assert after.json["status"] == 2
    assert after.json["status_name"] == {"vi": "Được tiếp nhận", "en": "Accepted"}
    assert after.json["phase"] == "Tiếp nhận"
    assert after.json["due_at"] is not None
    (held,) = after.json["held_by"]
    assert (held["kind"], held["who"], held["element"]) == ("work-item", UNIT, "check")
    assert "applicant" not in {name for name, value in after.json.items() if value is not None}


def test_an_unchanged_dossier_is_not_sent_again(counter: Counter) -> None:
    address = f"/api/v1/dossiers/{counter.new_dossier()}"
    first = counter.get(address, key=counter.desk)
    again = counter.get(address, key=counter.desk, **{"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


def test_personal_data_is_given_only_when_asked_for_and_leaves_a_trace(counter: Counter) -> None:
    code = counter.new_dossier()
    told = counter.get(f"/api/v1/dossiers/{code}?include=data", key=counter.desk).json
    assert told["applicant"]["name"] == "Nguyễn Văn Thử"
    assert told["data"] == {"note": "lần đầu"}
    assert counter.scalar("SELECT who FROM audit WHERE what = 'personal-data-read'") == "desk"


def test_the_timeline_tells_the_story_in_pages(counter: Counter) -> None:
    code = counter.new_dossier()
    kinds, address = [], f"/api/v1/dossiers/{code}/timeline?limit=1"
    while address:
        reply = counter.get(address, key=counter.desk)
        kinds += [entry["kind"] for entry in reply.json["items"]]
        link = re.fullmatch(r'<(.+)>; rel="next"', reply.headers.get("link", ""))
        address = link[1] if link else ""
    assert kinds[0] == "submitted"
    assert "entered" in kinds
    assert len(kinds) == counter.scalar("SELECT count(*) FROM timeline")


REFUSED: Mapping[str, tuple[dict[str, object], int, str, str]] = {
    "unknown procedure": ({"procedure": "9.999999"}, 422, "procedure-unknown", ""),
    "unknown unit": ({"receiving_unit": "H99.99"}, 422, "unit-unknown", ""),
    "missing name": ({"applicant": {"identity": "001099000001"}}, 422, "dossier-invalid", "/applicant/name"),
    "wrong identity": ({"applicant": {"name": "A", "identity": "12"}}, 422, "dossier-invalid", "/applicant/identity"),
    "unknown field": ({"data": {"colour": "red"}}, 422, "dossier-invalid", "/data/colour"),
    "wrong date": ({"data": {"born": "31/02/2026"}}, 422, "dossier-invalid", "/data/born"),
    "wrong channel": ({"channel": "pigeon"}, 422, "dossier-invalid", "/channel"),
    "missing part": ({"applicant": None}, 422, "body-invalid", "/applicant"),
    "unknown part": ({"colour": "red"}, 422, "body-invalid", "/colour"),
    "unknown paper": ({"documents": [paper(code="XX")]}, 422, "dossier-invalid", "/documents/0/code"),
    "paper of a kind not taken": (
        {"documents": [paper(PNG, media_type="image/png")]},
        422,
        "dossier-invalid",
        "/documents/0/media_type",
    ),
    "mistyped paper": ({"documents": [paper(PNG)]}, 422, "document-refused", ""),
    "empty paper": ({"documents": [paper(b"")]}, 422, "document-refused", ""),
    "paper that is no XML": (
        {"documents": [paper(b"<a><b></a>", media_type="application/xml")]},
        422,
        "document-refused",
        "",
    ),
    "paper with a DTD": (
        {"documents": [paper(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', media_type="application/xml")]},
        422,
        "document-refused",
        "",
    ),
    "paper that is not base64": ({"documents": [paper() | {"content": "%%"}]}, 422, "body-invalid", "/documents/0/content"),
    "paper with a control character in its name": ({"documents": [paper(name="a\x07")]}, 422, "dossier-invalid", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_dossier_is_refused_precisely_and_leaves_nothing(counter: Counter, name: str) -> None:
    changes, status, code, pointer = REFUSED[name]
    reply = counter.hand_in(**changes)
    assert (reply.status, reply.code) == (status, code), reply.body
    if pointer:
        assert pointer in [one["pointer"] for one in reply.json["errors"]]
    assert rows(counter) == (0, 0, 0, 0, 0)


def test_an_oversize_document_is_refused(counter: Counter) -> None:
    reply = counter.hand_in(documents=[paper(PDF + bytes(25 * 1024 * 1024))])
    assert (reply.status, reply.code) == (422, "document-refused")
    assert str(25 * 1024 * 1024) in reply.json["detail"]
    assert rows(counter) == (0, 0, 0, 0, 0)


def test_an_oversize_body_is_refused_by_its_length(counter: Counter) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "a"}
    body = b'{"a": "' + b"x" * (36 * 1024 * 1024) + b'"}'
    reply = counter.request("POST", "/api/v1/dossiers", body, key=counter.desk, headers=headers)
    assert (reply.status, reply.code) == (413, "body-too-large")


def test_a_body_that_is_only_announced_as_oversize_is_refused_unread(counter: Counter) -> None:
    reply = counter.request("POST", "/api/v1/dossiers", None, headers={"Content-Length": str(2**40)})
    assert (reply.status, reply.code) == (413, "body-too-large")


BROKEN = {
    "not JSON": b'{"procedure": ',
    "not UTF-8": b'{"procedure": "\xff"}',
    "no object": b"[]",
    "a text": b'"{}"',
    "nothing": b"",
    "too deep": b'{"data": ' + b"[" * 41 + b"]" * 41 + b"}",
    "too many brackets": b'{"data": [' + b"[]," * 100_001 + b"[]]}",
    "NaN": b'{"data": {"note": NaN}}',
    "a NUL": b'{"data": {"note": "\\u0000"}}',
    "half a surrogate pair": b'{"data": {"note": "\\ud800"}}',
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_body_is_refused(counter: Counter, name: str) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "a"}
    reply = counter.request("POST", "/api/v1/dossiers", BROKEN[name], key=counter.desk, headers=headers)
    assert (reply.status, reply.code) == (400, "request-invalid"), reply.body
    assert rows(counter) == (0, 0, 0, 0, 0)


def test_a_body_of_another_kind_is_refused(counter: Counter) -> None:
    headers = {"Content-Type": "text/xml", "Idempotency-Key": "a"}
    reply = counter.request("POST", "/api/v1/dossiers", b"<a/>", key=counter.desk, headers=headers)
    assert (reply.status, reply.code) == (415, "media-type-unsupported")


def test_a_list_is_filtered_and_paged_without_gaps(counter: Counter) -> None:
    made = [str(counter.hand_in().json["code"]) for _ in range(7)]
    found, address = [], "/api/v1/dossiers?limit=3&status=1"
    while address:
        reply = counter.get(address, key=counter.desk)
        found += [row["code"] for row in reply.json["items"]]
        link = re.fullmatch(r'<(.+)>; rel="next"', reply.headers.get("link", ""))
        address = link[1] if link else ""
    assert found == made[::-1]
    assert counter.get("/api/v1/dossiers?status=9", key=counter.desk).json["items"] == []
    part = counter.get(f"/api/v1/dossiers?code={made[3][-4:]}", key=counter.desk).json["items"]
    assert [row["code"] for row in part] == [made[3]]
    assert counter.get("/api/v1/dossiers?code=%25%25", key=counter.desk).json["items"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("colour=red", "request-invalid"),
        ("status=eleven", "request-invalid"),
        ("status=11", "request-invalid"),
        ("limit=0", "request-invalid"),
        ("limit=1000", "request-invalid"),
        ("cursor=nonsense", "cursor-invalid"),
    ],
)
def test_an_unknown_or_malformed_filter_is_refused(counter: Counter, query: str, code: str) -> None:
    reply = counter.get(f"/api/v1/dossiers?{query}", key=counter.desk)
    assert (reply.status, reply.code) == (400, code)


def test_a_cursor_serves_only_its_own_filter(counter: Counter) -> None:
    for _ in range(3):
        counter.hand_in()
    cursor = counter.get("/api/v1/dossiers?limit=1", key=counter.desk).json["next"]
    other = counter.get(f"/api/v1/dossiers?limit=1&status=1&cursor={cursor}", key=counter.desk)
    assert (other.status, other.code) == (400, "cursor-invalid")


def test_an_unknown_dossier_is_not_found(counter: Counter) -> None:
    for path in ("", "/timeline", "/documents"):
        reply = counter.get(f"/api/v1/dossiers/H99.14-260101-0001{path}", key=counter.desk)
        assert (reply.status, reply.code) == (404, "dossier-not-found")


def test_documents_are_stored_once_and_fetched_by_their_digest(counter: Counter) -> None:
    content = PDF + bytes(range(256)) * 5000
    code = counter.new_dossier(documents=[paper(content)])
    again = counter.post(
        f"/api/v1/dossiers/{code}/documents", {"documents": [paper(content)]}, key=counter.desk
    )
    assert again.status == 201
    (listed,) = counter.get(f"/api/v1/dossiers/{code}/documents", key=counter.desk).json["items"]
    assert (listed["size_bytes"], listed["name"]) == (len(content), "giấy.pdf")
    assert counter.scalar("SELECT count(*) FROM document_chunk") == 3
    fetched = counter.get(listed["href"], key=counter.desk)
    assert fetched.body == content
    assert fetched.headers["content-type"] == "application/pdf"
    assert fetched.headers["content-disposition"].startswith("attachment;")
    part = counter.get(listed["href"], key=counter.desk, Range="bytes=5-14")
    assert (part.status, part.body) == (206, content[5:15])
    several = counter.get(listed["href"], key=counter.desk, Range="bytes=0-1,4-5")
    assert (several.status, several.body) == (200, content)
    assert counter.get(listed["href"], key=counter.desk, Range="lines=1-2").status == 200
    beyond = counter.get(listed["href"], key=counter.desk, Range=f"bytes={len(content)}-")
    assert (beyond.status, beyond.code) == (416, "range-unsatisfiable")
    assert beyond.headers["content-range"] == f"bytes */{len(content)}"
    same = counter.get(listed["href"], key=counter.desk, **{"If-None-Match": fetched.headers["etag"]})
    assert same.status == 304
    wrong = counter.get(f"/api/v1/dossiers/{code}/documents/{'0' * 64}", key=counter.desk)
    assert (wrong.status, wrong.code) == (404, "document-not-found")


def test_what_models_read_of_documents_is_what_is_listed(counter: Counter) -> None:
    code = counter.new_dossier(documents=[paper()])
    counter.post(
        f"/api/v1/dossiers/{code}/documents",
        {"documents": [paper(PDF + b"2", name="b.pdf")]},
        key=counter.desk,
    )
    names = counter.scalar("SELECT jsonb_path_query_array(record, '$.documents[*].name') FROM dossier")
    assert names == ["giấy.pdf", "b.pdf"]


def test_a_withdrawal_ends_the_dossier_and_then_nothing_can_be_added(counter: Counter) -> None:
    code = counter.new_dossier()
    reply = counter.post(f"/api/v1/dossiers/{code}/withdrawal", {"reason": "Đổi ý"}, key=counter.desk)
    assert reply.status == 202
    counter.apply_all()
    assert counter.get(f"/api/v1/dossiers/{code}", key=counter.desk).json["status"] == 7
    again = counter.post(f"/api/v1/dossiers/{code}/withdrawal", {"reason": "Đổi ý"}, key=counter.desk)
    assert (again.status, again.code) == (409, "transition-refused")
    late = counter.post(f"/api/v1/dossiers/{code}/documents", {"documents": [paper()]}, key=counter.desk)
    assert (late.status, late.code) == (409, "dossier-over")


def test_base64_may_not_smuggle_what_it_is_not(counter: Counter) -> None:
    body = paper() | {"content": base64.b64encode(PDF).decode() + "!"}
    assert counter.hand_in(documents=[body]).status == 422


def test_a_withdrawal_whose_answer_was_lost_is_no_second_withdrawal(counter: Counter) -> None:
    code = counter.new_dossier()
    for _ in range(2):
        reply = counter.post(
            f"/api/v1/dossiers/{code}/withdrawal", {"reason": "Đổi ý"}, key=counter.desk, once="lost"
        )
        assert reply.status == 202
        counter.apply_all()
        with counter.store.transaction() as connection:
            connection.exec_driver_sql("DELETE FROM idempotency")
    assert counter.scalar("SELECT count(*) FROM event WHERE kind = 'withdrawn'") == 1
