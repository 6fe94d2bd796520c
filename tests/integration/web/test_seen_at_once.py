"""Of many who saw the same thing and change it at once, one is first and each of the others is told so."""

from collections import Counter as Tally
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.console_rows import add_call, add_incident, add_message
from tests.support.counter import PDF, Counter, paper

MANY = 6
Thing = Callable[[Counter, str], tuple[str, str, Callable[[int], object]]]


def a_call(counter: Counter, _key: str) -> tuple[str, str, Callable[[int], object]]:
    call = add_call(counter, counter.new_dossier(), "pending")
    return f"/api/v1/calls/{call}", "act", lambda _: {"action": "hold", "reason": "x"}


def a_message(counter: Counter, _key: str) -> tuple[str, str, Callable[[int], object]]:
    message = add_message(counter, "supplement", "nobody")
    return f"/api/v1/messages/{message}", "act", lambda _: {"action": "reject", "reason": "x"}


def a_batch(counter: Counter, key: str) -> tuple[str, str, Callable[[int], object]]:
    call = add_call(counter, counter.new_dossier(), "pending")
    asked = {"subject": "call", "action": "hold", "items": [call]}
    seen = counter.post("/api/v1/batches/preview", asked, key=key).json
    body = {"frozen": seen["frozen"], "count": 1, "reason": "x"}
    made = counter.post("/api/v1/batches", body, key=key)
    return str(made.headers["location"]), "act", lambda _: {"action": "pause", "reason": "x"}


def an_incident(counter: Counter, _key: str) -> tuple[str, str, Callable[[int], object]]:
    incident = add_incident(counter, counter.new_dossier())
    return (
        f"/api/v1/incidents/{incident}",
        "care",
        lambda at: {"owner": None, "note": f"n{at}", "ticket": None},
    )


def a_cause(counter: Counter, _key: str) -> tuple[str, str, Callable[[int], object]]:
    add_incident(counter, counter.new_dossier())
    return "/api/v1/incident-causes/poison-event", "mute", lambda at: {"hours": at + 1, "reason": "x"}


def an_incident_to_close(counter: Counter, _key: str) -> tuple[str, str, Callable[[int], object]]:
    incident = add_incident(counter, counter.new_dossier())
    return f"/api/v1/incidents/{incident}", "act", lambda _: {"action": "close", "reason": "x"}


def on_dossier(what: str, body: Callable[[int], object]) -> Thing:
    def thing(counter: Counter, _key: str) -> tuple[str, str, Callable[[int], object]]:
        return f"/api/v1/dossiers/{counter.new_dossier()}", what, body

    thing.__name__ = what
    return thing


def on_work_item(what: str, body: object) -> Thing:
    def thing(counter: Counter, key: str) -> tuple[str, str, Callable[[int], object]]:
        path = f"/api/v1/work-items/{counter.open_item(counter.new_dossier())}"
        if what == "release":
            counter.post(f"{path}/claim", {}, key=key)
        return path, what, lambda _: body

    thing.__name__ = what
    return thing


def a_retry(counter: Counter, _key: str) -> tuple[str, str, Callable[[int], object]]:
    code = counter.new_dossier()
    add_call(counter, code, "pending")
    return f"/api/v1/dossiers/{code}", "retry", lambda at: {"reason": f"r{at}"}


THINGS = [
    a_call,
    a_message,
    a_batch,
    an_incident,
    an_incident_to_close,
    a_cause,
    on_dossier("withdrawal", lambda at: {"reason": f"r{at}"}),
    on_dossier("suspension", lambda at: {"reason": f"r{at}"}),
    on_dossier("correction", lambda at: {"field": "note", "value": f"n{at}", "reason": "x"}),
    on_dossier("extension", lambda at: {"day": f"2026-03-{at + 16}", "ground": "x", "reason": "x"}),
    on_dossier("move", lambda _: {"origin": "check", "target": "wait", "reason": "x"}),
    on_dossier("supplement", lambda at: {"data": {"note": f"n{at}"}}),
    on_dossier("draft-confirmation", lambda at: {"confirmed": True, "draft": at + 1}),
    on_dossier("documents", lambda at: {"documents": [paper(PDF + bytes([at]))]}),
    a_retry,
    on_work_item("claim", {}),
    on_work_item("release", {}),
    on_work_item("complete", {"data": {"decision": "accept"}}),
]


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.__name__)
def test_one_is_first_and_the_others_are_told_that_it_changed(counter: Counter, thing: Thing) -> None:
    key = counter.new_key("senior", "admin")
    path, what, body = thing(counter, key)
    seen = counter.get(path, key=key).headers["etag"]

    def change(at: int) -> int:
        return counter.post(f"{path}/{what}", body(at), key=key, match=seen).status

    with ThreadPoolExecutor(MANY) as crowd:
        told = Tally(crowd.map(change, range(MANY)))
    assert told[412] == MANY - 1, told
    assert sum(told[done] for done in (200, 201, 202)) == 1, told
    assert counter.get(path, key=key).headers["etag"] != seen
