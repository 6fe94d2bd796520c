"""Messages over REST: those that nobody took, given to a dossier, offered again or rejected as they were seen."""

import json

import pytest
from sqlalchemy import text

from tests.support.console import Visitor
from tests.support.console_rows import add_message
from tests.support.counter import Counter, Reply
from tests.support.procedures import UNIT
from tests.support.statements import counting

MESSAGES = "/api/v1/messages"
OTHER = "H98.01"


@pytest.fixture
def key(counter: Counter) -> str:
    return counter.new_key("operator", "messages:handle")


@pytest.fixture
def waiting(counter: Counter) -> str:
    return counter.waiting_dossier()


def ids(counter: Counter, key: str, query: str) -> list[object]:
    reply = counter.get(f"{MESSAGES}?{query}", key=key)
    assert reply.status == 200, reply.body
    return [row["id"] for row in reply.json["items"]]  # type: ignore[attr-defined]


def act(counter: Counter, key: str, message: int, action: str, **more: object) -> Reply:
    """Done as the message stands now."""
    seen = counter.get(f"{MESSAGES}/{message}", key=key).headers["etag"]
    body = {"action": action, "reason": "asked the agency", **more}
    return counter.post(f"{MESSAGES}/{message}/act", body, key=key, match=seen)


def test_a_list_is_narrowed_by_every_filter(counter: Counter, key: str) -> None:
    code = counter.new_dossier()
    lost, taken = (
        add_message(counter, "supplement", "x"),
        add_message(counter, "paid", "y", "delivered", of=code),
    )
    with counter.store.transaction() as connection:
        connection.execute(text("UPDATE message SET repeats = 2 WHERE id = :id"), {"id": taken})
    for query, wanted in (
        ("", [taken, lost]), ("status=untaken", [lost]), ("status=delivered&name=paid", [taken]), ("source=post", []),
        (f"dossier={code}", [taken]), ("repeated=true", [taken]), ("repeated=false", [lost]),
        ("received_from=2020-01-01T00:00:00Z", [taken, lost]), ("received_before=2020-01-01T00:00:00Z", []),
    ):  # fmt: skip
        assert ids(counter, key, query) == wanted, query
    cursor = str(counter.get(f"{MESSAGES}?limit=1", key=key).json["next"])
    assert ids(counter, key, f"limit=1&cursor={cursor}") == [lost]
    assert counter.get(f"{MESSAGES}?status=kept&cursor={cursor}", key=key).code == "cursor-invalid"
    assert counter.get(f"{MESSAGES}?status=odd", key=key).code == "request-invalid"


def test_a_message_shows_whose_it_may_be_and_no_value_of_what_it_says(
    counter: Counter, key: str, waiting: str
) -> None:
    reply = counter.get(f"{MESSAGES}/{add_message(counter, 'supplement', f'{waiting}x')}", key=key)
    assert reply.json["actions"] == ["deliver", "offer", "reject"]
    assert reply.json["payload"] == {"who": "•••"}
    assert "Giấu" not in reply.body.decode()
    (near,) = reply.json["near"]  # type: ignore[misc]
    assert (near["dossier"], near["element"]) == (waiting, "wait")
    assert counter.get(f"{MESSAGES}/999", key=key).code == "message-not-found"


def test_a_message_is_given_to_a_dossier_once_and_as_it_was_seen(
    counter: Counter, key: str, waiting: str
) -> None:
    message = add_message(counter, "supplement", "a misspelt code")
    path, body = (
        f"{MESSAGES}/{message}/act",
        {"action": "deliver", "reason": "they said so", "dossier": waiting},
    )
    assert counter.post(path, body, key=key).code == "precondition-missing"
    stale = counter.post(path, body, key=key, match=f'"{"0" * 32}"')
    assert stale.code == "precondition-failed"
    assert counter.scalar("SELECT status FROM message") == "unclaimed"
    assert act(counter, key, message, "deliver").code == "body-invalid"
    assert act(counter, key, message, "deliver", dossier="H99.14-0").code == "dossier-not-found"
    given = counter.post(path, body, key=key, match=stale.headers["etag"], once="one")
    assert (given.status, given.json["status"], given.json["actions"]) == (200, "met", [])
    again = counter.post(path, body, key=key, match=stale.headers["etag"], once="one")
    assert again.json == given.json
    counter.apply_all()
    assert counter.scalar("SELECT status FROM dossier") == 8
    assert act(counter, key, message, "deliver", dossier=waiting).code == "action-not-now"
    assert counter.scalar("SELECT count(*) FROM event WHERE kind = 'message'") == 1
    assert counter.scalar("SELECT reason FROM audit WHERE what = 'message-delivered'") == "they said so"


def test_a_message_is_rejected_and_that_is_taken_back(counter: Counter, key: str, waiting: str) -> None:
    message = add_message(counter, "supplement", waiting)
    assert act(counter, key, message, "reject").json["status"] == "rejected"
    assert act(counter, key, message, "reject").code == "action-not-now"
    assert act(counter, key, message, "offer").json["status"] == "met"
    assert counter.scalar("SELECT who FROM audit WHERE what = 'message-offered'") == "operator"


def test_whoever_is_of_a_unit_gives_no_message_to_another_units_dossier(counter: Counter) -> None:
    code = counter.new_dossier()
    message = add_message(counter, "supplement", "x", of=code)
    with counter.store.transaction() as connection:
        connection.execute(
            text("UPDATE dossier SET receiving_unit = :u, competent_unit = :u, returning_unit = :u"),
            {"u": OTHER},
        )
    own, theirs = counter.new_dossier(), code
    here = counter.new_key("here", "messages:handle", unit=UNIT)
    there = counter.new_key("there", "messages:handle", unit=OTHER)
    assert counter.get(f"{MESSAGES}/{message}", key=here).code == "message-not-found"
    assert act(counter, there, message, "deliver", dossier=own).code == "dossier-not-found"
    assert act(counter, there, message, "deliver", dossier=theirs).json["status"] == "kept"


def test_a_list_asks_the_database_as_often_for_many_rows_as_for_few(counter: Counter, key: str) -> None:
    def asked() -> int:
        with counting(counter.store) as seen:
            ids(counter, key, "status=untaken")
        return len(seen)

    add_message(counter, "supplement", "x")
    asked()  # notes the key's use
    few = asked()
    for number in range(3):
        add_message(counter, "supplement", f"x{number}")
    assert asked() == few <= 6


def test_the_trace_that_a_message_came_under_is_shown(counter: Counter) -> None:
    code, trace = counter.new_dossier(), "1" * 32
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": "traced",
        "traceparent": f"00-{trace}-{'2' * 16}-01",
    }
    body = json.dumps({"data": {"note": "x"}}).encode()
    path = f"/api/v1/dossiers/{code}/supplement"
    assert counter.request("POST", path, body, key=counter.desk, headers=headers).status == 202
    (listed,) = counter.get("/api/v1/messages", key=counter.new_key("a", "admin")).json["items"]
    assert trace in listed["trace"]
    assert trace in Visitor(counter, "admin").page(f"/thong-diep/{listed['id']}")
