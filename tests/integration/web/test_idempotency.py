"""The Idempotency-Key over HTTP: one request, one effect, one answer, whoever dies and however often it comes."""

from concurrent.futures import ThreadPoolExecutor

from tests.support.counter import PROCEDURE, Counter, Reply, dossier, version
from tests.support.procedures import settle_in


def test_the_same_submission_twice_is_one_dossier_and_one_answer(counter: Counter) -> None:
    first = counter.post("/api/v1/dossiers", dossier(), key=counter.desk, once="same")
    again = counter.post("/api/v1/dossiers", dossier(), key=counter.desk, once="same")
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert counter.scalar("SELECT count(*) FROM dossier") == 1


def test_the_same_submission_again_is_not_asked_what_a_newer_version_asks(counter: Counter) -> None:
    asked = dossier(data={"place": "Hà Nội"})
    first = counter.post("/api/v1/dossiers", asked, key=counter.desk, once="same")
    stricter = PROCEDURE.replace(
        "name: note, type: string, required: false", "name: note, type: string, required: true"
    )
    settle_in(counter.store, version(stricter))
    assert counter.post("/api/v1/dossiers", asked, key=counter.desk).status == 422
    again = counter.post("/api/v1/dossiers", asked, key=counter.desk, once="same")
    assert (again.status, again.body) == (201, first.body)
    other = counter.post("/api/v1/dossiers", dossier(data={}), key=counter.desk, once="same")
    assert (other.status, other.code) == (422, "idempotency-key-reused")


def test_the_same_key_with_another_body_is_refused(counter: Counter) -> None:
    counter.post("/api/v1/dossiers", dossier(), key=counter.desk, once="same")
    other = counter.post("/api/v1/dossiers", dossier(data={}), key=counter.desk, once="same")
    assert (other.status, other.code) == (422, "idempotency-key-reused")
    assert counter.scalar("SELECT count(*) FROM dossier") == 1


def test_a_key_whose_answer_was_purged_still_stands_for_what_it_made(counter: Counter) -> None:
    first = counter.post("/api/v1/dossiers", dossier(), key=counter.desk, once="same")
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM idempotency")
    other = counter.post("/api/v1/dossiers", dossier(data={}), key=counter.desk, once="same")
    assert (other.status, other.code) == (422, "idempotency-key-reused")
    code = first.json["code"]
    taken_back = counter.post(
        f"/api/v1/dossiers/{code}/withdrawal", {"reason": "moved"}, key=counter.desk, once="same"
    )
    assert (taken_back.status, taken_back.code) == (422, "idempotency-key-reused")
    again = counter.post("/api/v1/dossiers", dossier(), key=counter.desk, once="same")
    assert (again.status, again.json["code"]) == (201, code)
    assert counter.scalar("SELECT count(*) FROM event") == 1


def test_another_caller_may_use_the_same_key(counter: Counter) -> None:
    other = counter.new_key("another desk", "dossiers:write")
    assert counter.post("/api/v1/dossiers", dossier(), key=counter.desk, once="same").status == 201
    assert counter.post("/api/v1/dossiers", dossier(), key=other, once="same").status == 201
    assert counter.scalar("SELECT count(*) FROM dossier") == 2


def test_a_refused_request_may_come_again_corrected_under_its_key(counter: Counter) -> None:
    wrong = counter.post("/api/v1/dossiers", dossier(channel="pigeon"), key=counter.desk, once="same")
    right = counter.post("/api/v1/dossiers", dossier(), key=counter.desk, once="same")
    assert (wrong.status, right.status) == (422, 201)


def test_many_at_once_with_one_key_make_one_dossier_and_get_one_answer(counter: Counter) -> None:
    def send(_: int) -> tuple[int, bytes]:
        reply = counter.post("/api/v1/dossiers", dossier(), key=counter.desk, once="same")
        return reply.status, reply.body

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(16)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 201
    assert counter.scalar("SELECT count(*) FROM dossier") == 1
    assert counter.scalar("SELECT last FROM dossier_counter") == 1


def withdraw(counter: Counter, code: str) -> Reply:
    path = f"/api/v1/dossiers/{code}/withdrawal"
    return counter.post(path, {"reason": "moved"}, key=counter.desk, once="withdrawal")


def test_a_request_still_running_is_told_so(counter: Counter) -> None:
    code = str(counter.hand_in().json["code"])
    assert withdraw(counter, code).status == 202
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE idempotency SET http_status = NULL")
    again = withdraw(counter, code)
    assert (again.status, again.code) == (409, "idempotency-key-busy")


def test_a_request_whose_web_died_after_its_commit_finds_what_it_did(counter: Counter) -> None:
    code = str(counter.hand_in().json["code"])
    assert withdraw(counter, code).status == 202
    with counter.store.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE idempotency SET http_status = NULL, response = NULL, created_at = now() - interval '2 minutes'"
        )
    assert withdraw(counter, code).status == 202
    assert counter.scalar("SELECT count(*) FROM event WHERE kind = 'withdrawn'") == 1


def test_a_hand_in_that_only_began_before_is_done_now(counter: Counter) -> None:
    """As a web of an older version, that died between its commits, leaves it."""
    first = counter.post("/api/v1/dossiers", dossier(), key=counter.desk, once="same")
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE idempotency SET http_status = NULL, response = NULL")
    again = counter.post("/api/v1/dossiers", dossier(), key=counter.desk, once="same")
    assert (again.status, again.json["code"]) == (201, first.json["code"])
    other = counter.post("/api/v1/dossiers", dossier(data={}), key=counter.desk, once="same")
    assert (other.status, other.code) == (422, "idempotency-key-reused")
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE idempotency SET key = 'begun'")
        connection.exec_driver_sql("UPDATE event SET external_id = NULL")
    begun = counter.post("/api/v1/dossiers", dossier(), key=counter.desk, once="begun")
    assert (begun.status, begun.json["code"] == first.json["code"]) == (201, False)
    assert counter.scalar("SELECT http_status FROM idempotency WHERE key = 'begun'") == 201


def test_a_key_that_was_used_for_something_else_takes_no_dossier_in(counter: Counter) -> None:
    code = str(counter.hand_in().json["code"])
    assert withdraw(counter, code).status == 202
    reused = counter.post("/api/v1/dossiers", dossier(), key=counter.desk, once="withdrawal")
    assert (reused.status, reused.code) == (422, "idempotency-key-reused")
    assert counter.scalar("SELECT count(*) FROM dossier") == 1
    assert counter.hand_in().json["code"].endswith("-0002")


def test_a_dossier_and_its_answer_are_committed_together(counter: Counter) -> None:
    """So that a web that dies after the commit cannot take the access code with it, which is nowhere else."""
    handed = counter.post("/api/v1/dossiers", dossier(), key=counter.desk, once="same")
    with counter.store.reading() as connection:
        kept = connection.exec_driver_sql(
            "SELECT i.http_status, i.response, i.location, i.xmin::text = d.xmin::text FROM idempotency i, dossier d"
        ).one()
    assert tuple(kept) == (201, handed.body, handed.headers["location"], True)


def test_a_refused_hand_in_takes_no_number_of_the_day(counter: Counter) -> None:
    for wrong in ({"receiving_unit": "H99.99"}, {"competent_unit": "H99.99"}, {"procedure": "9.999999"}):
        assert counter.post("/api/v1/dossiers", dossier(**wrong), key=counter.desk).status == 422
    assert counter.hand_in().json["code"].endswith("-0001")


def test_a_post_without_its_key_is_refused(counter: Counter) -> None:
    headers = {"Content-Type": "application/json"}
    reply = counter.request("POST", "/api/v1/dossiers", b"{}", key=counter.desk, headers=headers)
    assert reply.status in (400, 422)
    missing = counter.post("/api/v1/dossiers", dossier(), key=counter.desk, once=" ")
    assert (missing.status, missing.code) == (400, "idempotency-key-missing")
