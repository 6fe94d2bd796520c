"""What officers do over HTTP: a decision is checked, taken once, and brings the dossier on."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.counter import Counter, paper


def test_a_work_item_shows_its_form_and_its_completion_moves_the_dossier(counter: Counter) -> None:
    code = counter.new_dossier()
    item = counter.open_item(code)
    told = counter.get(f"/api/v1/work-items/{item}", key=counter.officer).json
    assert (told["dossier"], told["groups"], told["form"]) == (code, ["officer"], "check")
    assert told["form_schema"]["id"] == "check"
    done = counter.post(
        f"/api/v1/work-items/{item}/complete", {"data": {"decision": "accept"}}, key=counter.officer
    )
    assert done.status == 202
    assert counter.get("/api/v1/work-items", key=counter.officer).json["items"] == []
    counter.apply_all()
    held = counter.get(f"/api/v1/dossiers/{code}", key=counter.desk).json["held_by"]
    assert [(one["kind"], one["element"]) for one in held] == [("wait", "wait")]
    assert counter.get(f"/api/v1/work-items/{item}", key=counter.officer).json["status"] == "done"


def test_a_decision_is_taken_once(counter: Counter) -> None:
    item = counter.open_item(counter.new_dossier())

    def send(_: int) -> int:
        body = {"data": {"decision": "accept"}}
        return counter.post(f"/api/v1/work-items/{item}/complete", body, key=counter.officer).status

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(send, range(8)))
    assert statuses == [202] + [409] * 7
    assert counter.scalar("SELECT count(*) FROM event WHERE kind = 'work-item'") == 1
    late = counter.post(
        f"/api/v1/work-items/{item}/complete", {"data": {"decision": "refuse"}}, key=counter.officer
    )
    assert (late.status, late.code) == (409, "work-item-taken")


def test_the_same_completion_again_is_answered_alike(counter: Counter) -> None:
    item = counter.open_item(counter.new_dossier())
    body = {"data": {"decision": "accept"}}
    for _ in range(2):
        reply = counter.post(f"/api/v1/work-items/{item}/complete", body, key=counter.officer, once="same")
        assert reply.status == 202
    with counter.store.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE idempotency SET http_status = NULL, created_at = now() - interval '2 minutes' WHERE key = 'same'"
        )
    lost = counter.post(f"/api/v1/work-items/{item}/complete", body, key=counter.officer, once="same")
    assert lost.status == 202
    assert counter.scalar("SELECT count(*) FROM event WHERE kind = 'work-item'") == 1


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        ({}, "/decision"),
        ({"decision": "perhaps"}, "/decision"),
        ({"decision": "refuse"}, "/reason"),
        ({"decision": "accept", "colour": "red"}, "/colour"),
    ],
)
def test_data_that_the_form_does_not_allow_is_refused(
    counter: Counter, data: dict[str, str], pointer: str
) -> None:
    item = counter.open_item(counter.new_dossier())
    reply = counter.post(f"/api/v1/work-items/{item}/complete", {"data": data}, key=counter.officer)
    assert (reply.status, reply.code) == (422, "form-invalid")
    assert reply.json["errors"][0]["pointer"] == pointer
    assert counter.get(f"/api/v1/work-items/{item}", key=counter.officer).json["status"] == "open"


def test_a_claimed_item_is_its_claimers(counter: Counter) -> None:
    item = counter.open_item(counter.new_dossier())
    other = counter.new_key("other", "work-items")
    assert counter.post(f"/api/v1/work-items/{item}/claim", {}, key=counter.officer).status == 200
    body = {"data": {"decision": "accept"}}
    for act, sent in (("claim", {}), ("release", {}), ("complete", body)):
        reply = counter.post(f"/api/v1/work-items/{item}/{act}", sent, key=other)
        assert (reply.status, reply.code) == (409, "work-item-claimed")
    assert counter.post(f"/api/v1/work-items/{item}/release", {}, key=counter.officer).status == 200
    assert counter.post(f"/api/v1/work-items/{item}/complete", body, key=other).status == 202


def test_an_unknown_work_item_is_not_found(counter: Counter) -> None:
    for act in ("claim", "release", "complete"):
        reply = counter.post(f"/api/v1/work-items/999/{act}", {}, key=counter.officer)
        assert (reply.status, reply.code) == (404, "work-item-not-found")
    assert counter.post("/api/v1/work-items/0/claim", {}, key=counter.officer).status == 400


def test_items_of_another_unit_are_not_shown_and_not_taken(counter: Counter) -> None:
    item = counter.open_item(counter.new_dossier())
    foreign = counter.new_key("foreign officer", "work-items", unit="H98.01")
    assert counter.get("/api/v1/work-items", key=foreign).json["items"] == []
    assert counter.get("/api/v1/work-items?unit=H99.14", key=foreign).status == 403
    reply = counter.post(f"/api/v1/work-items/{item}/complete", {}, key=foreign)
    assert (reply.status, reply.code) == (404, "work-item-not-found")


def test_a_supplement_wakes_the_dossier_that_waits_for_it(counter: Counter) -> None:
    code = counter.new_dossier()
    body = {"data": {"decision": "accept"}}
    counter.post(f"/api/v1/work-items/{counter.open_item(code)}/complete", body, key=counter.officer)
    counter.apply_all()
    reply = counter.post(
        f"/api/v1/dossiers/{code}/supplement", {"documents": [paper()], "data": {"a": 1}}, key=counter.desk
    )
    assert reply.status == 202
    counter.apply_all()
    assert counter.get(f"/api/v1/dossiers/{code}", key=counter.desk).json["status"] == 8
    assert len(counter.get(f"/api/v1/dossiers/{code}/documents", key=counter.desk).json["items"]) == 1
    late = counter.post(f"/api/v1/dossiers/{code}/supplement", {"data": {"a": 1}}, key=counter.desk)
    assert (late.status, late.code) == (409, "dossier-over")


def test_a_supplement_that_nobody_waits_for_is_kept(counter: Counter) -> None:
    code = counter.new_dossier()
    reply = counter.post(f"/api/v1/dossiers/{code}/supplement", {"data": {"a": 1}}, key=counter.desk)
    assert reply.status == 202
    assert counter.scalar("SELECT status FROM message") == "kept"


def test_an_empty_supplement_is_refused(counter: Counter) -> None:
    reply = counter.post(f"/api/v1/dossiers/{counter.new_dossier()}/supplement", {}, key=counter.desk)
    assert (reply.status, reply.code) == (422, "body-invalid")
