"""Of many who saw the same thing and change it at once, one is first and each of the others is told so."""

from collections import Counter as Tally
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.console_rows import add_call, add_incident, add_message
from tests.support.counter import Counter

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


@pytest.mark.parametrize("thing", [a_call, a_message, a_batch, an_incident, a_cause])
def test_one_is_first_and_the_others_are_told_that_it_changed(counter: Counter, thing: Thing) -> None:
    key = counter.new_key("senior", "admin")
    path, what, body = thing(counter, key)
    seen = counter.get(path, key=key).headers["etag"]

    def change(at: int) -> int:
        return counter.post(f"{path}/{what}", body(at), key=key, match=seen).status

    with ThreadPoolExecutor(MANY) as crowd:
        assert Tally(crowd.map(change, range(MANY))) == {200: 1, 412: MANY - 1}
    assert counter.get(path, key=key).headers["etag"] != seen
