"""Incidents over REST beside their acts: who looks after one, what is noted, where it is followed; causes that are muted."""

from datetime import datetime, timedelta

import pytest

from engine.actions import accounts
from tests.support.console import PASSWORD
from tests.support.console_rows import add_incident
from tests.support.counter import Counter, Reply
from tests.support.procedures import UNIT
from tests.support.statements import counting

INCIDENTS = "/api/v1/incidents"
CAUSES = "/api/v1/incident-causes"
CAUSE = f"{CAUSES}/poison-event"
NONE = {"owner": None, "note": None, "ticket": None}


@pytest.fixture
def key(counter: Counter) -> str:
    accounts.create(counter.store, "lan", PASSWORD, roles=("operator",), unit=None, by="test")
    return counter.new_key("operator", "incidents")


def change(counter: Counter, key: str, path: str, what: str, body: object) -> Reply:
    """Done as the thing at *path* stands now."""
    seen = counter.get(path, key=key).headers["etag"]
    return counter.post(f"{path}/{what}", body, key=key, match=seen)


def test_an_incident_is_looked_after_as_it_was_seen(counter: Counter, key: str) -> None:
    path = f"{INCIDENTS}/{add_incident(counter, counter.new_dossier())}"
    body = {"owner": "lan", "note": "asked the agency", "ticket": "https://tickets.example/7"}
    seen = counter.get(path, key=key)
    assert {name: seen.json[name] for name in NONE} == NONE
    assert counter.post(f"{path}/care", body, key=key).code == "precondition-missing"
    taken = counter.post(f"{path}/care", body, key=key, match=seen.headers["etag"])
    assert (taken.status, {name: taken.json[name] for name in body}) == (200, body)
    late = counter.post(f"{path}/care", NONE, key=key, match=seen.headers["etag"])
    assert (late.code, late.headers["etag"]) == ("precondition-failed", taken.headers["etag"])
    assert counter.get(path, key=key, **{"If-None-Match": taken.headers["etag"]}).status == 304
    assert change(counter, key, path, "care", {**body, "owner": "nobody"}).code == "request-invalid"
    assert change(counter, key, path, "care", {"note": "x"}).code == "body-invalid"
    assert counter.scalar("SELECT owner FROM incident") == "lan"
    assert change(counter, key, path, "care", NONE).json["owner"] is None
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'incident-looked-after'") == 2


def test_incidents_are_found_by_who_looks_after_them_by_unit_and_by_step(counter: Counter, key: str) -> None:
    first, second = (add_incident(counter, counter.new_dossier()) for _ in range(2))
    change(counter, key, f"{INCIDENTS}/{first}", "care", {**NONE, "owner": "lan"})
    for query, wanted in (
        ("owner=lan", [first]), ("owner=-", [second]), (f"unit={UNIT}", [second, first]), ("unit=H98.01", []),
        ("element=nowhere", []),
    ):  # fmt: skip
        items = counter.get(f"{INCIDENTS}?{query}", key=key).json["items"]
        assert [one["id"] for one in items] == wanted, query  # type: ignore[attr-defined]
    own = counter.new_key("own", "incidents", unit=UNIT)
    assert counter.get(f"{INCIDENTS}?unit=H98.01", key=own).code == "not-allowed"


def test_a_cause_is_muted_for_a_time_stays_in_every_count_and_is_unmuted(counter: Counter, key: str) -> None:
    incident = add_incident(counter, counter.new_dossier())
    body = {"hours": 24, "reason": "they mend it tonight"}
    seen = counter.get(CAUSE, key=key)
    assert seen.json == {"cause": "poison-event", "open": 1, "muted": None}
    assert counter.post(f"{CAUSE}/mute", body, key=key).code == "precondition-missing"
    muted = counter.post(f"{CAUSE}/mute", body, key=key, match=seen.headers["etag"])
    told = muted.json["muted"]
    assert (muted.status, muted.json["open"], told["who"], told["reason"]) == (
        200,
        1,
        "operator",
        body["reason"],
    )  # type: ignore[index]
    left = datetime.fromisoformat(told["until"]) - counter.scalar("SELECT now()")  # type: ignore[index, operator]
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
    assert (
        counter.post(f"{CAUSE}/mute", body, key=key, match=seen.headers["etag"]).code == "precondition-failed"
    )
    assert counter.get(CAUSES, key=key).json["items"] == [muted.json]
    items = counter.get(INCIDENTS, key=key).json["items"]
    assert [one["id"] for one in items] == [incident]  # type: ignore[attr-defined]
    assert change(counter, key, CAUSE, "unmute", {"reason": "mended"}).json["muted"] is None
    assert counter.scalar(
        "SELECT string_agg(what || ': ' || reason, ', ' ORDER BY id) FROM audit WHERE what ~ '^cause'"
    ) == ("cause-muted: they mend it tonight, cause-unmuted: mended")


def test_a_cause_that_never_was_is_not_muted_nor_is_any_for_ever_or_by_one_unit(
    counter: Counter, key: str
) -> None:
    add_incident(counter, counter.new_dossier())
    body = {"hours": 24, "reason": "x"}
    assert change(counter, key, f"{CAUSES}/poison-evnt", "mute", body).code == "request-invalid"
    assert change(counter, key, CAUSE, "mute", {**body, "hours": 721}).code == "body-invalid"
    own = counter.new_key("own", "incidents", unit=UNIT)
    assert counter.get(CAUSE, key=own).json["open"] == 1
    assert change(counter, own, CAUSE, "mute", body).code == "not-allowed"
    assert counter.scalar("SELECT count(*) FROM snooze") == 0
    assert change(counter, key, CAUSE, "mute", {**body, "hours": 720}).status == 200


def test_lists_ask_the_database_as_often_for_many_rows_as_for_few(counter: Counter, key: str) -> None:
    def asked(path: str) -> int:
        with counting(counter.store) as seen:
            assert counter.get(path, key=key).status == 200
        return len(seen)

    add_incident(counter, counter.new_dossier())
    asked(CAUSES)  # notes the key's use
    few = {path: asked(path) for path in (INCIDENTS, CAUSES)}
    for number in range(3):
        add_incident(counter, counter.new_dossier(), cause=f"cause-{number}")
    for path, count in few.items():
        assert asked(path) == count <= 6
