"""An operator's acts about one dossier, by a program: as at the console, with reason and audit line, once for what was seen."""

import pytest

from engine.exchange.ports import Json
from tests.support.console_rows import add_call
from tests.support.counter import Counter, Reply

GROUND = "Khoản 2 Điều 19 NĐ 61/2018/NĐ-CP"


@pytest.fixture
def key(counter: Counter) -> str:
    return counter.new_key("operator", "dossiers:read", "dossiers:amend", "dossiers:move", "calls")


def tag(counter: Counter, key: str, code: str) -> str:
    return counter.get(f"/api/v1/dossiers/{code}", key=key).headers["etag"]


def act(counter: Counter, key: str, code: str, what: str, **body: Json) -> Reply:
    """Do it to the dossier as it is now; applied at once."""
    reply = counter.post(
        f"/api/v1/dossiers/{code}/{what}",
        {"reason": "asked for", **body},
        key=key,
        match=tag(counter, key, code),
    )
    counter.apply_all()
    return reply


def audited(counter: Counter, what: str) -> object:
    return counter.scalar("SELECT who || ': ' || reason FROM audit WHERE what = :what", what=what)


def elements(counter: Counter, key: str, code: str) -> set[str]:
    held = counter.get(f"/api/v1/dossiers/{code}", key=key).json["held_by"]
    return {one["element"] for one in held if one["kind"] in ("work-item", "wait")}  # type: ignore[index,attr-defined]


def test_waiting_calls_go_on_at_once(counter: Counter, key: str) -> None:
    code = counter.new_dossier()
    assert act(counter, key, code, "retry").code == "action-not-now"
    call = add_call(counter, code, "pending")
    counter.scalar("UPDATE call SET due_at = now() + interval '1 hour' WHERE id = :id RETURNING 1", id=call)
    assert act(counter, key, code, "retry").status == 200
    assert counter.scalar("SELECT due_at <= now() FROM call WHERE id = :id", id=call)
    assert audited(counter, "dossier-retried") == "operator: asked for"


def test_a_value_is_corrected_and_told_nowhere(counter: Counter, key: str) -> None:
    code = counter.new_dossier(data={"note": "lần đầu", "deed": {"kind": "KS", "copies": 1}})
    assert act(counter, key, code, "correction", field="deed.copies", value=2).status == 202
    assert act(counter, key, code, "correction", field="note", value=" lần hai ").status == 202
    stored = counter.scalar("SELECT data FROM dossier WHERE code = :code", code=code)
    assert stored == {"note": "lần hai", "deed": {"kind": "KS", "copies": 2}}
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'dossier-corrected'") == 2
    told = counter.scalar("SELECT string_agg(convert_from(body, 'UTF8'), '') FROM timeline")
    assert "corrected" in str(told)
    assert "lần hai" not in str(told)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"field": "deed.kind", "value": "XX"}, "dossier-invalid"),
        ({"field": "note.inside", "value": "x"}, "dossier-invalid"),
        ({"field": "", "value": "x"}, "body-invalid"),
        ({"field": "note"}, "body-invalid"),
        ({"field": "note", "value": "x" * 20_001}, "body-invalid"),
        ({"field": "note", "value": "lần đầu"}, "action-not-now"),
    ],
)
def test_a_value_that_cannot_be_is_refused(
    counter: Counter, key: str, body: dict[str, Json], code: str
) -> None:
    dossier = counter.new_dossier(data={"note": "lần đầu", "deed": {"kind": "KS"}})
    assert act(counter, key, dossier, "correction", **body).code == code
    assert counter.scalar("SELECT count(*) FROM event WHERE kind = 'corrected'") == 0


def test_a_due_date_is_extended_with_its_ground(counter: Counter, key: str) -> None:
    code = counter.new_dossier()
    reply = act(counter, key, code, "extension", day="2026-03-14", ground=GROUND)
    assert (reply.status, reply.json) == (
        202, {"due_before": "2026-03-06T10:00:00Z", "due_after": "2026-03-16T10:00:00Z"},
    )  # fmt: skip
    assert counter.get(f"/api/v1/dossiers/{code}", key=key).json["due_at"] == "2026-03-16T10:00:00Z"
    assert counter.scalar("SELECT ground FROM ledger_entry WHERE kind = 'extend'") == GROUND
    assert audited(counter, "dossier-extended") == "operator: asked for"
    sooner = act(counter, key, code, "extension", day="2026-03-10", ground=GROUND)
    assert (sooner.code, sooner.json["errors"][0]["pointer"]) == ("body-invalid", "/day")  # type: ignore[index]
    assert act(counter, key, code, "extension", day="2026-03-20").code == "body-invalid"


def test_a_token_is_moved_from_where_it_stands(counter: Counter, key: str) -> None:
    code = counter.new_dossier()
    places = counter.get(f"/api/v1/dossiers/{code}/places", key=key).json["items"]
    assert [(one["element"], one["name"]) for one in places] == [("check", "Kiểm tra")]  # type: ignore[attr-defined,index]
    assert "wait" in {one["element"] for one in places[0]["targets"]}  # type: ignore[index]
    assert act(counter, key, code, "move", origin="check", target="nowhere").code == "body-invalid"
    assert act(counter, key, code, "move", origin="wait", target="check").code == "action-not-now"
    task = str(places[0]["task"])  # type: ignore[index]
    assert act(counter, key, code, "move", origin="check", target="wait", task="x").code == "action-not-now"
    assert act(counter, key, code, "move", origin="check", target="wait", task=task).status == 202
    assert elements(counter, key, code) == {"wait"}
    assert audited(counter, "dossier-moved") == "operator: asked for"


ACTS: list[tuple[str, dict[str, Json]]] = [
    ("retry", {}),
    ("correction", {"field": "note", "value": "x"}),
    ("extension", {"day": "2026-03-20", "ground": GROUND}),
    ("move", {"origin": "check", "target": "wait"}),
]


@pytest.mark.parametrize(("what", "body"), ACTS, ids=[one[0] for one in ACTS])
def test_what_was_not_seen_is_not_changed(
    counter: Counter, key: str, what: str, body: dict[str, Json]
) -> None:
    code = counter.new_dossier()
    add_call(counter, code, "pending")
    path, asked = f"/api/v1/dossiers/{code}/{what}", {"reason": "x", **body}
    seen = tag(counter, key, code)
    assert counter.post(path, asked, key=key).code == "precondition-missing"
    assert counter.post(path, asked, key=key, match='"' + "0" * 32 + '"').code == "precondition-failed"
    assert counter.post(path, {**asked, "reason": ""}, key=key, match=seen).code == "body-invalid"
    assert counter.scalar("SELECT count(*) FROM audit WHERE who = 'operator'") == 0
    done = counter.post(path, asked, key=key, match=seen, once="one")
    assert done.status in (200, 202)
    again = counter.post(path, asked, key=key, match=seen, once="one")
    assert (again.status, again.body, again.headers["idempotency-replayed"]) == (
        done.status,
        done.body,
        "true",
    )
    late = counter.post(path, asked, key=key, match=seen)
    assert (late.status, late.code) == (412, "precondition-failed")
    assert late.headers["etag"] == tag(counter, key, code)
    assert counter.scalar("SELECT count(*) FROM audit WHERE who = 'operator'") == 1


@pytest.mark.parametrize(("what", "body"), ACTS, ids=[one[0] for one in ACTS])
def test_what_is_over_is_left_as_it_is(counter: Counter, key: str, what: str, body: dict[str, Json]) -> None:
    code = counter.new_dossier()
    counter.post(f"/api/v1/dossiers/{code}/withdrawal", {"reason": "x"}, key=counter.desk)
    counter.apply_all()
    assert act(counter, key, code, what, **body).code == "action-not-now"
    assert act(counter, counter.new_key("reader", "dossiers:read"), code, what, **body).code == "not-allowed"
