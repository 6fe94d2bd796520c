"""Batches over REST: seen before they are done, confirmed by their number, and honest about what became of every item."""

import pytest
from sqlalchemy import text

from engine.actions import batches
from tests.support.console_rows import add_call, add_incident, set_aside
from tests.support.counter import Counter, Reply
from tests.support.procedures import UNIT
from tests.support.statements import counting

BATCHES = "/api/v1/batches"


@pytest.fixture
def key(counter: Counter) -> str:
    return counter.new_key("operator", "batches", "calls", "incidents")


def preview(counter: Counter, key: str, subject: str, action: str, **asked: object) -> Reply:
    body = {"subject": subject, "action": action, **asked}
    return counter.post(f"{BATCHES}/preview", body, key=key)


def confirm(counter: Counter, key: str, seen: Reply, **changes: object) -> Reply:
    body = {"frozen": seen.json["frozen"], "count": seen.json["count"], "reason": "mended", **changes}
    return counter.post(BATCHES, body, key=key)


def act(counter: Counter, key: str, batch: object, action: str) -> Reply:
    """Done as the batch stands now."""
    seen = counter.get(f"{BATCHES}/{batch}", key=key).headers["etag"]
    return counter.post(f"{BATCHES}/{batch}/act", {"action": action, "reason": "x"}, key=key, match=seen)


def calls(counter: Counter, *states: str) -> list[int]:
    return [add_call(counter, counter.new_dossier(), state) for state in states]


def run(counter: Counter, *, limit: int = 1_000) -> None:
    batches.run_waiting(counter.store, counter.clock, limit=limit)


def totals(told: dict[str, object]) -> tuple[object, ...]:
    assert told["total"] == sum(told[one] for one in ("done", "skipped", "failed", "waiting"))  # type: ignore[misc]
    return told["done"], told["skipped"], told["failed"], told["waiting"]


def test_what_is_seen_is_what_is_done_and_nothing_that_came_after(counter: Counter, key: str) -> None:
    wanted = calls(counter, "pending", "pending", "unknown")
    seen = preview(counter, key, "call", "hold", filter={"partner": "agency"})
    assert seen.status == 200, seen.body
    told = seen.json
    assert (told["count"], told["ignored"], told["matched"], told["cut"]) == (2, 1, 3, False)
    assert (told["by_state"], told["by_partner"]) == ({"pending": 2}, {"agency": 2})
    assert [one["id"] for one in told["samples"]] == wanted[:2]  # type: ignore[attr-defined]
    calls(counter, "pending")
    assert counter.scalar("SELECT count(*) FROM batch") == 0
    made = confirm(counter, key, seen)
    assert (made.status, made.headers["location"]) == (202, f"{BATCHES}/{made.json['id']}")
    assert (made.json["target"], made.json["reason"]) == ("/api/v1/calls?partner=agency", "mended")
    assert totals(made.json) == (0, 0, 0, 2)
    run(counter)
    told = counter.get(made.headers["location"], key=key).json
    assert totals(told) == (2, 0, 0, 0)
    assert (told["standing"], told["percent"], told["actions"], told["outcomes"]) == (
        "finished",
        100,
        [],
        {"verified": 2},
    )
    assert counter.scalar("SELECT count(*) FROM call_hold") == 2


def test_only_what_this_key_saw_can_be_confirmed_and_only_with_its_number(counter: Counter, key: str) -> None:
    calls(counter, "pending")
    seen = preview(counter, key, "call", "hold", filter={})
    assert confirm(counter, key, seen, count=2).code == "body-invalid"
    assert confirm(counter, key, seen, reason="").code == "body-invalid"
    frozen = str(seen.json["frozen"])
    for wrong in ("call.", "odd", frozen.replace("call.", "incident.", 1), f"{frozen[:-3]}xxx"):
        assert confirm(counter, key, seen, frozen=wrong).code == "body-invalid", wrong
    other = counter.new_key("other", "batches", "calls")
    assert confirm(counter, other, seen).code == "body-invalid"
    assert counter.scalar("SELECT count(*) FROM batch") == 0
    assert confirm(counter, key, seen).status == 202


def test_a_list_is_confirmed_once_and_the_same_list_seen_again_is_another(counter: Counter, key: str) -> None:
    calls(counter, "pending")
    seen = preview(counter, key, "call", "now", filter={})
    first, again = confirm(counter, key, seen), confirm(counter, key, seen)
    assert (again.status, again.json["id"]) == (202, first.json["id"])
    another = confirm(counter, key, preview(counter, key, "call", "now", filter={}))
    assert another.json["id"] != first.json["id"]
    assert counter.scalar("SELECT count(*) FROM batch_item") == 2
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'batch-created'") == 2


def test_an_act_about_many_takes_the_scope_of_the_act_about_one(counter: Counter) -> None:
    call = calls(counter, "pending")[0]
    code = counter.new_dossier()
    bare = counter.new_key("bare", "batches")
    assert preview(counter, bare, "call", "hold", items=[call]).code == "not-allowed"
    assert preview(counter, bare, "incident", "close", filter={}).code == "not-allowed"
    for action in ("suspend", "cancel", "retry", "resume"):
        assert preview(counter, bare, "dossier", action, items=[code]).code == "not-allowed"
    may = counter.new_key("may", "batches", "calls")
    seen = preview(counter, may, "call", "hold", items=[call])
    lesser = counter.new_key("unit", "batches", "calls", unit=UNIT)
    assert preview(counter, lesser, "call", "hold", items=[call]).code == "not-allowed"
    assert confirm(counter, lesser, seen).code == "not-allowed"


def test_a_choice_that_is_none_is_refused_at_the_place_that_is_wrong(counter: Counter, key: str) -> None:
    for subject, action, asked, pointer in (
        ("call", "explode", {"items": [1]}, "/action"),
        ("incident", "deliver", {"items": [1]}, "/action"),
        ("call", "hold", {"items": ["H99.14-1"]}, "/items/0"),
        ("call", "hold", {"filter": {"colour": "red"}}, "/filter/colour"),
        ("call", "hold", {"filter": {"limit": 5}}, "/filter/limit"),
        ("incident", "close", {"filter": {"status": "odd"}}, "/filter/status"),
        ("call", "hold", {"items": []}, "/items"),
    ):
        reply = preview(counter, key, subject, action, **asked)  # type: ignore[arg-type]
        assert (reply.status, reply.code) == (422, "body-invalid"), (subject, action, asked)
        assert reply.json["errors"][0]["pointer"] == pointer  # type: ignore[index]
    for both in ({}, {"items": [1], "filter": {}}):
        assert preview(counter, key, "call", "hold", **both).code == "body-invalid"
    nothing = preview(counter, key, "call", "hold", items=[99])
    assert (nothing.json["count"], nothing.json["ignored"], nothing.json["frozen"]) == (0, 1, None)


def test_dossiers_are_named_by_their_codes_and_a_name_is_not_kept(counter: Counter) -> None:
    codes = [counter.new_dossier() for _ in range(2)]
    key = counter.new_key("senior", "batches", "dossiers:suspend", "dossiers:write")
    seen = preview(counter, key, "dossier", "suspend", items=[codes[1], "H99.14-0"])
    assert (seen.json["count"], seen.json["ignored"], seen.json["cannot_be_undone"]) == (1, 1, False)
    assert seen.json["samples"][0]["dossier"] == codes[1]  # type: ignore[index]
    assert confirm(counter, key, seen).status == 202
    run(counter)
    assert counter.scalar("SELECT code FROM dossier d JOIN suspension s ON s.dossier_id = d.id") == codes[1]
    seen = preview(counter, key, "dossier", "cancel", filter={"name": "nguyen van", "is_suspended": False})
    assert (seen.json["count"], seen.json["cannot_be_undone"]) == (1, True)
    target = confirm(counter, key, seen).json["target"]
    assert "nguyen" not in str(target)
    assert "is_suspended=False" in str(target)


def test_a_batch_is_paused_goes_on_and_is_given_up_as_it_was_seen(counter: Counter, key: str) -> None:
    calls(counter, "pending", "pending", "pending")
    batch = confirm(counter, key, preview(counter, key, "call", "hold", filter={})).json["id"]
    path, body = f"{BATCHES}/{batch}/act", {"action": "pause", "reason": "let us see"}
    seen = counter.get(f"{BATCHES}/{batch}", key=key).headers["etag"]
    assert counter.post(path, body, key=key).code == "precondition-missing"
    paused = counter.post(path, body, key=key, match=seen)
    assert (paused.status, paused.json["standing"], paused.json["actions"]) == (
        200,
        "paused",
        ["resume", "cancel"],
    )
    assert counter.post(path, body, key=key, match=seen).code == "precondition-failed"
    assert act(counter, key, batch, "pause").code == "action-not-now"
    run(counter)
    assert counter.scalar("SELECT count(*) FROM call_hold") == 0
    assert act(counter, key, batch, "resume").json["standing"] == "running"
    run(counter, limit=1)
    given_up = act(counter, key, batch, "cancel")
    assert given_up.json["standing"] == "cancelled"
    assert totals(given_up.json) == (1, 2, 0, 0)
    assert act(counter, key, batch, "again").code == "action-not-now"
    assert counter.get(f"{BATCHES}/999", key=key).code == "batch-not-found"


def test_items_are_listed_in_their_order_with_what_became_of_each(counter: Counter, key: str) -> None:
    code = counter.new_dossier()
    chosen = [add_incident(counter, code, event=set_aside(counter, code)) for _ in range(3)]
    seen = preview(counter, key, "incident", "retry", filter={"cause": "poison-event"})
    assert seen.json["by_state"] == {"poison-event": 3}
    batch = confirm(counter, key, seen).json["id"]
    with counter.store.transaction() as connection:  # somebody was faster
        connection.execute(
            text("UPDATE incident SET status = 'closed', closed_by = 'lan' WHERE id = :id"), {"id": chosen[1]}
        )
    run(counter)
    first = counter.get(f"{BATCHES}/{batch}/items?limit=2", key=key).json
    rest = counter.get(f"{BATCHES}/{batch}/items?limit=2&cursor={first['next']}", key=key).json
    told = [*first["items"], *rest["items"]]  # type: ignore[misc]
    assert [(one["item"], one["status"], one["dossier"]) for one in told] == [
        (chosen[0], "done", code), (chosen[1], "skipped", code), (chosen[2], "done", code)
    ]  # fmt: skip
    assert "lan" in told[1]["detail"]
    assert rest["next"] is None
    assert totals(counter.get(f"{BATCHES}/{batch}", key=key).json) == (2, 1, 0, 0)


def test_a_list_is_narrowed_and_asks_the_database_as_often_for_many_rows_as_for_few(
    counter: Counter, key: str
) -> None:
    def ids(query: str) -> list[object]:
        reply = counter.get(f"{BATCHES}?{query}", key=key)
        assert reply.status == 200, reply.body
        return [row["id"] for row in reply.json["items"]]  # type: ignore[attr-defined]

    def asked() -> int:
        with counting(counter.store) as seen:
            ids("standing=running")
        return len(seen)

    calls(counter, "pending")
    made = [confirm(counter, key, preview(counter, key, "call", "hold", filter={})).json["id"]]
    asked()  # notes the key's use
    few = asked()
    made += [
        confirm(counter, key, preview(counter, key, "call", "now", filter={})).json["id"] for _ in range(3)
    ]
    assert asked() == few <= 6
    assert ids("action=now&subject=call&who=operator&standing=running") == made[:0:-1]
    assert ids("created_before=2020-01-01T00:00:00Z") == ids("subject=dossier") == []
    assert counter.get(f"{BATCHES}?standing=odd", key=key).code == "request-invalid"
