"""Who may do what over HTTP: keys, scopes, units, partners; and what every answer carries."""

import base64
import json
import re
import socket
from datetime import UTC, datetime

import pytest
import structlog

from engine.actions import anchor, keys
from engine.exchange.ports import Receipt
from tests.support.counter import Counter, dossier, open_counter, serving
from web.app import create_app
from web.auth import OPEN
from web.rates import Rate


def test_without_a_key_nothing_is_told(counter: Counter) -> None:
    reply = counter.get("/api/v1/dossiers")
    assert (reply.status, reply.code) == (401, "not-authenticated")
    assert reply.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("key", ["lt_unknown_secret", "nonsense", "lt_", "lt_\x00_a", "lt_a_ü"])
def test_a_wrong_key_is_refused(counter: Counter, key: str) -> None:
    if key.isascii() and key.isprintable():
        assert counter.get("/api/v1/dossiers", key=key).code == "not-authenticated"
    with pytest.raises(keys.errors.NotAuthenticated):
        keys.authenticate(counter.store, key)


def test_a_key_with_another_secret_is_refused(counter: Counter) -> None:
    prefix = counter.desk.rsplit("_", 1)[0].split("_")[1]
    reply = counter.get("/api/v1/dossiers", key=f"lt_{prefix}_{'A' * 43}")
    assert (reply.status, reply.code) == (401, "not-authenticated")


def test_an_expired_and_a_revoked_key_are_refused_and_told_apart(counter: Counter) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    old = keys.create(counter.store, "old", scopes=["dossiers:read"], expires_at=long_ago)
    assert "expired" in str(counter.get("/api/v1/dossiers", key=old.text).json["detail"])
    gone = keys.create(counter.store, "gone", scopes=["dossiers:read"])
    assert counter.get("/api/v1/dossiers", key=gone.text).status == 200
    keys.revoke(counter.store, gone.prefix, by="test")
    assert "revoked" in str(counter.get("/api/v1/dossiers", key=gone.text).json["detail"])


def test_a_key_is_stored_as_a_digest_only(counter: Counter) -> None:
    secret = counter.desk.split("_", 2)[2]
    assert (
        counter.scalar("SELECT count(*) FROM api_key WHERE CAST(api_key AS text) LIKE :s", s=f"%{secret}%")
        == 0
    )


def test_a_key_without_the_scope_is_refused_before_its_body_is_read(counter: Counter) -> None:
    reader = counter.new_key("reader", "dossiers:read")
    reply = counter.post("/api/v1/dossiers", {"nonsense": 1}, key=reader)
    assert (reply.status, reply.code) == (403, "not-allowed")
    assert "dossiers:write" in str(reply.json["detail"])
    assert counter.get("/api/v1/work-items", key=reader).status == 403


def test_a_key_of_a_unit_sees_and_touches_only_that_units_dossiers(counter: Counter) -> None:
    code = counter.new_dossier()
    foreign = counter.new_key("foreign", "dossiers:read", "dossiers:write", unit="H98.01")
    assert counter.get("/api/v1/dossiers", key=foreign).json["items"] == []
    for path in ("", "/timeline", "/documents"):
        reply = counter.get(f"/api/v1/dossiers/{code}{path}", key=foreign)
        assert (reply.status, reply.code) == (404, "dossier-not-found")
    for path, body in (
        ("/withdrawal", {"reason": "x"}),
        ("/supplement", {"data": {"a": 1}}),
        ("/draft-confirmation", {"confirmed": True, "draft": 1}),
    ):
        assert counter.post(f"/api/v1/dossiers/{code}{path}", body, key=foreign).code == "dossier-not-found"
    assert counter.post("/api/v1/dossiers", dossier(), key=foreign).status == 403
    tried = "SELECT count(*) FROM audit WHERE what = 'denied' AND who = 'foreign'"
    assert counter.scalar(tried) == 7
    own = counter.new_key("own", "dossiers:read", unit="H99.14")
    assert len(counter.get("/api/v1/dossiers", key=own).json["items"]) == 1


def test_every_route_declares_what_it_needs(counter: Counter) -> None:
    app = create_app(counter.container)
    undeclared = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and not hasattr(app.view_functions[rule.endpoint], "needs")
    }
    assert undeclared == set()


def test_every_route_of_the_interface_refuses_strangers(counter: Counter) -> None:
    app = create_app(counter.container)
    for rule in app.url_map.iter_rules():
        if app.view_functions[rule.endpoint].__dict__.get("needs") in (OPEN, None):
            continue
        path = (
            rule.rule.replace("<string:code>", "x")
            .replace("<string:sha256>", "0" * 64)
            .replace("<int:id>", "1")
        )
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            reply = counter.request(method, path, b"{}" if method == "POST" else None)
            assert reply.status == 401, (method, path)


def test_every_answer_carries_its_trace_and_its_protection(counter: Counter) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    for path in ("/api/v1/dossiers", "/health/live", "/nowhere"):
        reply = counter.get(path, traceparent=f"00-{trace}-00f067aa0ba902b7-01")
        assert reply.headers["x-request-id"] == trace
        assert reply.headers["traceparent"].split("-")[1] == trace
        assert "default-src 'self'" in reply.headers["content-security-policy"]
        assert "unsafe" not in reply.headers["content-security-policy"]
        assert reply.headers["x-content-type-options"] == "nosniff"
    assert counter.get("/nowhere", traceparent="nonsense").headers["x-request-id"] != trace
    assert counter.get("/api/v1/nowhere").json["trace_id"]


def test_an_unknown_address_and_a_wrong_method_are_problems(counter: Counter) -> None:
    assert counter.get("/api/v1/nowhere").code == "not-found"
    reply = counter.request("DELETE", "/api/v1/dossiers", key=counter.desk)
    assert (reply.status, reply.code) == (405, "method-not-allowed")
    assert "GET" in reply.headers["allow"]


def test_a_crash_tells_no_inside(counter: Counter) -> None:
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE work_item RENAME TO elsewhere")
    reply = counter.get("/api/v1/work-items", key=counter.officer)
    assert (reply.status, reply.code) == (503, "store-failed")
    assert b"elsewhere" not in reply.body
    assert b"Traceback" not in reply.body
    assert b"SELECT" not in reply.body


def test_health_says_whether_the_database_is_ours(counter: Counter) -> None:
    assert counter.get("/health/live").json == {"status": "ok"}
    assert counter.get("/health/ready").status == 200
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert counter.get("/health/ready").status == 503


def test_startup_is_over_once_a_database_of_our_schema_was_met(counter: Counter) -> None:
    schema = counter.scalar("SELECT version_num FROM alembic_version")

    def become(version: object) -> None:
        with counter.store.transaction() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = %s", (version,))

    become("0000")
    early = counter.get("/health/startup")
    assert (early.status, early.json["status"]) == (503, "starting")
    assert "0000" in str(early.json["database"])
    become(schema)
    assert counter.get("/health/startup").json == {"status": "ok", "schema": schema}
    become("0000")
    assert counter.get("/health/startup").status == 200, "what is wrong by now is for /health/ready"
    assert counter.get("/health/ready").status == 503


def test_metrics_count_for_keys_that_may_read_them(counter: Counter) -> None:
    counter.new_dossier()
    assert counter.get("/metrics").status == 401
    assert counter.get("/metrics", key=counter.desk).status == 403
    text = counter.get("/metrics", key=counter.new_key("watch", "metrics")).body.decode()
    assert 'lienthong_dossiers{procedure="1.000001",state="2"} 1.0' in text
    assert 'lienthong_work_items_open{unit="H99.14"} 1.0' in text
    assert "lienthong_events_pending 0.0" in text
    assert "lienthong_workers 0.0" in text
    assert "lienthong_worker_heartbeat_age_seconds" not in re.findall(r"(?m)^\w+", text), (
        "no worker ever lived"
    )
    (offset,) = re.findall(r"(?m)^lienthong_clock_offset_seconds (\S+)$", text)
    assert abs(float(offset)) < 5


def test_metrics_tell_how_long_evidence_is_not_anchored(counter: Counter) -> None:
    key = counter.new_key("watch", "metrics")

    def age() -> list[str]:
        told = counter.get("/metrics", key=key).body.decode()
        return re.findall(r"(?m)^lienthong_evidence_unstamped_age_seconds (\S+)$", told)

    counter.new_dossier()
    assert age() == []
    anchor.anchor_heads(counter.store)
    assert age() == ["0.0"]
    counter.new_dossier()
    assert float(age()[0]) > 0


def test_metrics_tell_what_was_counted_over_time(counter: Counter) -> None:
    rows = [("attempts", "post", "ok", 0, 3), ("steps-sum", "1.000001", "user", 0, 7.5)]
    rows += [
        ("steps", "1.000001", "user", bound, value) for bound, value in ((1, 1), (10, 2), ("infinity", 2))
    ]
    with counter.store.transaction() as connection:
        for row in rows:
            connection.exec_driver_sql("INSERT INTO tally VALUES (%s, %s, %s, %s, %s)", row)
    text = counter.get("/metrics", key=counter.new_key("watch", "metrics")).body.decode()
    assert 'lienthong_delivery_attempts_total{outcome="ok",partner="post"} 3.0' in text
    step = 'lienthong_step_duration_seconds_bucket{kind="user",le="%s",procedure="1.000001"} %s'
    assert all(step % pair in text for pair in (("1.0", "1.0"), ("10.0", "2.0"), ("+Inf", "2.0")))
    assert 'lienthong_step_duration_seconds_sum{kind="user",procedure="1.000001"} 7.5' in text


class Echo:
    """Takes whatever a partner sends."""

    def receive(self, partner: str, operation: str, headers: object, body: bytes) -> Receipt:
        return Receipt(
            status=200, content_type="text/xml", body=b"<" + body + b"/>", headers={"X-Partner": partner}
        )


def test_a_partner_comes_in_with_its_own_key_only(database: object) -> None:
    with open_counter(database.url, inbound=Echo()) as counter:  # type: ignore[attr-defined]
        mine = counter.new_key("residence", "messages", partner="residence")
        path = "/partners/residence/ketqua"
        reply = counter.request("POST", path, b"a", key=mine)
        assert (reply.status, reply.body, reply.headers["x-partner"]) == (200, b"<a/>", "residence")
        basic = base64.b64encode(f"residence:{mine}".encode()).decode()
        assert counter.request("POST", path, b"a", headers={"Authorization": f"Basic {basic}"}).status == 200
        assert counter.request("POST", path, b"a").code == "not-authenticated"
        assert counter.request("POST", "/partners/portal/x", b"a", key=mine).code == "not-allowed"
        assert counter.request("POST", path, b"a", key=counter.desk).code == "not-allowed"


def test_partners_need_no_key_where_the_setting_says_so(database: object) -> None:
    with open_counter(database.url, inbound=Echo(), partner_keys=False) as counter:  # type: ignore[attr-defined]
        assert counter.request("POST", "/partners/residence/ketqua", b"a").status == 200


def test_a_failing_statement_tells_the_log_nothing_of_people(
    counter: Counter, capfd: pytest.CaptureFixture[str]
) -> None:
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE dossier RENAME COLUMN phase TO elsewhere")
        connection.exec_driver_sql(
            "ALTER TABLE dossier ADD CONSTRAINT never CHECK (applicant ->> 'name' = '')"
        )
    assert counter.hand_in().code == "store-conflict"
    told = capfd.readouterr()
    assert "Nguyễn" not in told.out + told.err


def test_a_caller_that_asks_too_often_waits_and_others_do_not(database: object) -> None:
    slow = {"rate": Rate(per_s=0.001, burst=2), "stranger_rate": Rate(per_s=0.001, burst=2)}
    with open_counter(database.url, **slow) as counter:  # type: ignore[attr-defined]
        statuses = [counter.get("/api/v1/dossiers", key=counter.desk).status for _ in range(3)]
        assert statuses == [200, 200, 429]
        reply = counter.get("/api/v1/dossiers", key=counter.desk)
        assert (reply.code, int(reply.headers["retry-after"]) > 900) == ("rate-exceeded", True)
        assert counter.get("/api/v1/work-items", key=counter.officer).status == 200
        wrong = [counter.get("/api/v1/dossiers", key=f"lt_a_{n}").status for n in range(3)]
        assert wrong == [401, 401, 429]
        assert counter.get("/health/live").status == 200


def test_a_request_that_trickles_in_is_given_up(counter: Counter) -> None:
    app = create_app(counter.container)
    with (
        serving(app, threads=1, max_body_bytes=1000, arrival_s=0.0) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as slow,
    ):
        slow.sendall(b"POST /api/v1/dossiers HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
        slow.sendall(b"{")
        assert slow.recv(4000).startswith(b"HTTP/1.1 408 Request Timeout")


def test_what_a_request_causes_carries_its_trace(counter: Counter) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": "a",
        "Authorization": f"Bearer {counter.desk}",
    }
    headers["traceparent"] = f"00-{trace}-00f067aa0ba902b7-01"
    counter.request("POST", "/api/v1/dossiers", json.dumps(dossier()).encode(), headers=headers)
    assert str(counter.scalar("SELECT trace FROM event WHERE kind = 'submitted'")).split("-")[1] == trace


def test_the_log_names_the_dossier_and_the_trace_and_no_person(counter: Counter) -> None:
    code = counter.new_dossier()
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as told:
        counter.get(f"/api/v1/dossiers/{code}?include=data", key=counter.desk)
        counter.get("/api/v1/dossiers?name=Nguy%E1%BB%85n", key=counter.desk)
    (one, other) = [line for line in told if line["event"] == "request_answered"]
    assert (one["dossier"], one["route"], one["status"]) == (code, "/api/v1/dossiers/<string:code>", 200)
    assert len(one["trace"]) == 32
    assert one["caller"].startswith("key:")
    assert "guy" not in json.dumps([one, other])
