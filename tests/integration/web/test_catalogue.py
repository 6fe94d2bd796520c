"""Procedures, partners, incidents and the description over HTTP."""

import re

from engine.storage import incidents, partners
from tests.support.console_rows import add_incident
from tests.support.counter import Counter, open_counter
from tests.support.procedures import UNIT
from web.app import create_app
from web.container import PartnerCard


class Two:
    def cards(self) -> tuple[PartnerCard, ...]:
        return (
            PartnerCard(
                name="portal", title="Cổng", label="real", transport="session", operations=("DongBoHoSoMC",)
            ),
            PartnerCard(name="residence", title="Cư trú", label="sample", transport="plain"),
        )


def test_procedures_say_what_they_ask_for(counter: Counter) -> None:
    (one,) = counter.get("/api/v1/procedures", key=counter.desk).json["items"]
    assert one["name"] == {"vi": "Thủ tục thử", "en": "A test procedure"}
    assert one["rules"]["documents"][0]["code"] == "GT"
    assert one["version"] == 1
    assert counter.get("/api/v1/procedures/1.000001", key=counter.desk).json["process"] == "walk"
    missing = counter.get("/api/v1/procedures/1.000002", key=counter.desk)
    assert (missing.status, missing.code) == (404, "procedure-not-found")


def test_partners_are_shown_with_their_label_and_state(database: object) -> None:
    with open_counter(database.url, partners=Two()) as counter:  # type: ignore[attr-defined]
        with counter.store.transaction() as connection:
            partners.ensure(connection, ["portal"])
            for _ in range(2):
                partners.record_failure(connection, "portal", partners.BreakerPolicy(failures=2, open_s=9))
        told = counter.get("/api/v1/partners", key=counter.desk).json["items"]
    assert [(one["name"], one["label"], one["state"]) for one in told] == [
        ("portal", "real", "down"),
        ("residence", "sample", "unused"),
    ]


def test_an_incident_is_listed_and_acted_on_once(counter: Counter) -> None:
    operator = counter.new_key("operator", "incidents")
    with counter.store.transaction() as connection:
        number = incidents.open_incident(connection, "message-conflict", "twice", actions=["close"])
    (listed,) = counter.get("/api/v1/incidents?cause=message-conflict", key=operator).json["items"]
    assert (listed["id"], listed["actions"]) == (number, ["close"])
    path = f"/api/v1/incidents/{number}/act"
    wrong = counter.post(path, {"action": "explode", "reason": "why"}, key=operator)
    assert (wrong.status, wrong.code) == (409, "action-refused")
    assert counter.post(path, {"action": "close"}, key=operator).code == "body-invalid"
    assert counter.post(path, {"action": "close", "reason": "seen"}, key=operator).status == 202
    again = counter.post(path, {"action": "close", "reason": "seen"}, key=operator)
    assert (again.status, again.code) == (409, "incident-closed")
    assert counter.get("/api/v1/incidents", key=operator).json["items"] == []
    assert counter.get(f"/api/v1/incidents/{number}", key=operator).json["closed_by"] == "operator"
    assert counter.get("/api/v1/incidents/999", key=operator).code == "incident-not-found"


def test_a_message_is_not_given_to_another_units_dossier_by_way_of_an_incident(counter: Counter) -> None:
    here, there = counter.new_dossier(), counter.new_dossier()
    counter.scalar("UPDATE dossier SET receiving_unit = 'H98.01', competent_unit = 'H98.01', returning_unit = 'H98.01'"
                   " WHERE code = :code RETURNING 1", code=there)  # fmt: skip
    incident = add_incident(counter, here)
    counter.scalar("UPDATE incident SET actions = '[\"deliver\"]' WHERE id = :id RETURNING 1", id=incident)
    key = counter.new_key("own", "incidents", unit=UNIT)
    for target in (there, "H99.14-000000-0000"):
        asked = {"action": "deliver", "reason": "x", "data": {"dossier": target}}
        reply = counter.post(f"/api/v1/incidents/{incident}/act", asked, key=key)
        assert (reply.status, reply.code) == (404, "dossier-not-found")


def test_the_description_names_every_route_of_the_interface(counter: Counter) -> None:
    told = counter.get("/api/v1/openapi.json").json
    assert told["openapi"].startswith("3.1")
    app = create_app(counter.container)
    wanted = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.endpoint not in ("openapi", "api_docs")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, methods in told["paths"].items() for method in methods}
    assert described == wanted
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            names = [one["name"] for one in operation.get("parameters", [])]
            assert ("Idempotency-Key" in names) == (
                method == "post" and path != "/api/v1/keys/self/rotate"
            ), path
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            assert any(status.startswith("2") for status in operation["responses"]), path
    assert references(told) <= set(told["components"]["schemas"])


def references(node: object) -> set[str]:
    """Every schema that the description points to."""
    if isinstance(node, dict):
        own = {node["$ref"].rsplit("/", 1)[1]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(references, node.values()))
    return set().union(*map(references, node)) if isinstance(node, list) else set()
