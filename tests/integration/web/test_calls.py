"""Calls over REST: narrowed as on their page, shown without personal data, and acted on as they were seen."""

import pytest
from sqlalchemy import text

from tests.support.console_rows import add_call, add_incident
from tests.support.counter import Counter, Reply
from tests.support.procedures import UNIT
from tests.support.statements import counting

CALLS = "/api/v1/calls"
STALE = f'"{"0" * 32}"'


@pytest.fixture
def key(counter: Counter) -> str:
    return counter.new_key("operator", "calls")


def ids(counter: Counter, key: str, query: str) -> list[object]:
    reply = counter.get(f"{CALLS}?{query}", key=key)
    assert reply.status == 200, reply.body
    return [row["id"] for row in reply.json["items"]]  # type: ignore[attr-defined]


def act(counter: Counter, key: str, call: int, action: str, **more: object) -> Reply:
    """Done as the call stands now."""
    seen = counter.get(f"{CALLS}/{call}", key=key).headers["etag"]
    body = {"action": action, "reason": "they asked us to", **more}
    return counter.post(f"{CALLS}/{call}/act", body, key=key, match=seen)


def refuse(counter: Counter, call: int) -> None:
    """What the partner says no to: certain to have had no effect."""
    with counter.store.transaction() as connection:
        connection.execute(text("UPDATE call SET status = 'refused' WHERE id = :id"), {"id": call})
        connection.execute(text("UPDATE attempt SET outcome = 'refused' WHERE call_id = :id"), {"id": call})


def test_a_list_is_narrowed_by_every_filter_and_pages_go_on(counter: Counter, key: str) -> None:
    code, other = counter.new_dossier(), counter.new_dossier()
    calls = [add_call(counter, code, "unknown"), add_call(counter, code, "pending")]
    calls.append(add_call(counter, other, "incident"))
    assert act(counter, key, calls[1], "hold").status == 200
    assert ids(counter, key, "") == calls[::-1]
    for query, wanted in (
        ("status=unknown", calls[:1]), ("status=held", calls[1:2]), (f"dossier={other}", calls[2:]),
        ("partner=agency&operation=ask", calls[::-1]), ("partner=post", []), ("key=k1&attempts=1", calls[::-1]),
        ("answer=502&outcome=unknown&size_bytes=10", calls[::-1]), ("answer=200", []), ("size_bytes=9999", []),
        (f"unit={UNIT}&procedure=1.000001", calls[::-1]), ("unit=H98.01", []),
        ("created_from=2020-01-01T00:00:00Z", calls[::-1]), ("created_before=2020-01-01T00:00:00Z", []),
        ("due_from=2020-01-01T00:00:00Z", calls[:1]), ("due_before=2020-01-01T00:00:00Z", []),
    ):  # fmt: skip
        assert ids(counter, key, query) == wanted, query
    first = counter.get(f"{CALLS}?limit=2&partner=agency", key=key)
    cursor = str(first.json["next"])
    assert ids(counter, key, f"limit=2&partner=agency&cursor={cursor}") == calls[:1]
    assert counter.get(f"{CALLS}?partner=post&cursor={cursor}", key=key).code == "cursor-invalid"
    for wrong in ("status=odd", "colour=red", "attempts=0"):
        assert counter.get(f"{CALLS}?{wrong}", key=key).status == 400


def test_one_of_a_unit_sees_that_units_only(counter: Counter) -> None:
    call = add_call(counter, counter.new_dossier(), "pending")
    here, there = (counter.new_key(unit, "calls", unit=unit) for unit in (UNIT, "H98.01"))
    assert (ids(counter, here, ""), ids(counter, there, "")) == ([call], [])
    assert counter.get(f"{CALLS}?unit={UNIT}", key=there).code == "not-allowed"
    assert counter.get(f"{CALLS}/{call}", key=there).code == "call-not-found"


def test_a_call_shows_its_attempts_and_no_value_of_what_it_carried(counter: Counter, key: str) -> None:
    call = add_call(counter, counter.new_dossier(), "unknown")
    reply = counter.get(f"{CALLS}/{call}", key=key)
    assert reply.json["actions"] == ["ask"]
    assert reply.json["inputs"] == {"inputs": {"name": "•••"}}
    (tried,) = reply.json["attempts"]  # type: ignore[misc]
    assert (tried["outcome"], tried["http_status"]) == ("unknown", 502)
    assert "HoTen" in tried["request"]
    assert "HoTen" in tried["reply"]
    for hidden in ("Nguyễn", "Trần"):
        assert hidden not in reply.body.decode()
        assert hidden.encode("unicode_escape").decode() not in reply.body.decode()
    assert counter.get(f"{CALLS}/{call}", key=key, **{"If-None-Match": reply.headers["etag"]}).status == 304
    assert counter.get(f"{CALLS}/999", key=key).code == "call-not-found"


def test_a_call_is_acted_on_as_it_was_seen_and_no_other_way(counter: Counter, key: str) -> None:
    call = add_call(counter, counter.new_dossier(), "pending")
    path, body = f"{CALLS}/{call}/act", {"action": "hold", "reason": "they move house"}
    assert counter.post(path, body, key=key).code == "precondition-missing"
    assert counter.post(path, body, key=key, match=STALE).code == "precondition-failed"
    seen = counter.get(f"{CALLS}/{call}", key=key).headers["etag"]
    held = counter.post(path, body, key=key, match=seen, once="one")
    assert (held.status, held.json["status"], held.json["held_reason"]) == (200, "held", "they move house")
    assert held.json["actions"] == ["release"]
    again = counter.post(path, body, key=key, match=seen, once="one")
    assert (again.status, again.json) == (200, held.json)
    assert counter.post(path, {**body, "action": "now"}, key=key, match=seen).status == 412
    assert act(counter, key, call, "now").code == "action-not-now"
    assert act(counter, key, call, "release").json["status"] == "pending"
    assert act(counter, key, call, "explode").status == 422
    assert counter.post(path, {"action": "hold", "reason": ""}, key=key, match=STALE).status == 422
    with counter.store.reading() as connection:
        told = connection.execute(
            text("SELECT what, who, reason FROM audit WHERE what LIKE 'call-%' ORDER BY id")
        )
        assert [tuple(row) for row in told] == [
            ("call-hold", "operator", "they move house"),
            ("call-release", "operator", "they asked us to"),
        ]


def test_what_an_incident_asks_about_is_not_done_here(counter: Counter, key: str) -> None:
    code = counter.new_dossier()
    call = add_call(counter, code, "unknown")
    add_incident(counter, code, call=call)
    assert counter.get(f"{CALLS}/{call}", key=key).json["actions"] == []
    assert act(counter, key, call, "ask").code == "action-not-now"


def test_a_new_key_takes_a_scope_of_its_own_and_the_dossiers_code(counter: Counter, key: str) -> None:
    code = counter.new_dossier()
    call = add_call(counter, code, "incident")
    may = counter.new_key("senior", "calls", "calls:renew")
    assert "renew" not in counter.get(f"{CALLS}/{call}", key=may).json["actions"]  # type: ignore[operator]
    refuse(counter, call)
    assert counter.get(f"{CALLS}/{call}", key=may).json["actions"] == ["renew"]
    assert act(counter, key, call, "renew", dossier=code).code == "not-allowed"
    assert act(counter, may, call, "renew").code == "body-invalid"
    assert act(counter, may, call, "renew", dossier="H99.14-0").code == "body-invalid"
    assert counter.scalar("SELECT status FROM call") == "refused"
    renewed = act(counter, may, call, "renew", dossier=code)
    assert (renewed.status, renewed.json["status"]) == (200, "withdrawn")
    assert counter.scalar("SELECT payload ->> 'act' FROM event WHERE kind = 'resolved'") == "retry"
    assert act(counter, may, call, "renew", dossier=code).code == "action-not-now"


def test_a_list_asks_the_database_as_often_for_many_rows_as_for_few(counter: Counter, key: str) -> None:
    def asked() -> int:
        with counting(counter.store) as seen:
            ids(counter, key, "outcome=unknown")
        return len(seen)

    add_call(counter, counter.new_dossier())
    asked()  # notes the key's use
    few = asked()
    for _ in range(3):
        add_call(counter, counter.new_dossier())
    assert asked() == few <= 6
