"""Who may use what, route by route: made from the URL map, so that a route without a rule fails here."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from adapters.registry import load
from engine.actions import keys
from engine.storage import incidents
from tests.support.console_rows import add_call, add_message
from tests.support.counter import Counter, open_counter
from tests.support.procedures import UNIT
from web.api import examples
from web.app import create_app
from web.auth import ANY, OPEN, PAGES

OTHER = "H98.01"
FOLDER = Path(__file__).parents[2] / "data" / "partners"

# scope that opens the route; how a key of another unit is met: as if there were no such thing, refused, shown an empty list,
# or treated alike; or that keys of any unit are refused
HIDDEN, REFUSED, EMPTY, ALIKE, NO_UNIT = "hidden", "refused", "empty", "alike", "no unit"
RULES = {
    ("GET", "/api/v1/dossiers"): ("dossiers:read", EMPTY),
    ("POST", "/api/v1/dossiers"): ("dossiers:write", REFUSED),
    ("GET", "/api/v1/dossiers/{code}"): ("dossiers:read", HIDDEN),
    ("GET", "/api/v1/dossiers/{code}/timeline"): ("dossiers:read", HIDDEN),
    ("GET", "/api/v1/dossiers/{code}/evidence"): ("dossiers:read", HIDDEN),
    ("GET", "/api/v1/dossiers/{code}/documents"): ("dossiers:read", HIDDEN),
    ("GET", "/api/v1/dossiers/{code}/documents/{sha256}"): ("dossiers:read", HIDDEN),
    ("POST", "/api/v1/dossiers/{code}/documents"): ("dossiers:write", HIDDEN),
    ("POST", "/api/v1/dossiers/{code}/supplement"): ("dossiers:write", HIDDEN),
    ("POST", "/api/v1/dossiers/{code}/draft-confirmation"): ("dossiers:write", HIDDEN),
    ("POST", "/api/v1/dossiers/{code}/withdrawal"): ("dossiers:write", HIDDEN),
    ("POST", "/api/v1/dossiers/{code}/suspension"): ("dossiers:suspend", HIDDEN),
    ("POST", "/api/v1/dossiers/{code}/resumption"): ("dossiers:suspend", HIDDEN),
    ("POST", "/api/v1/dossiers/{code}/retry"): ("calls", HIDDEN),
    ("POST", "/api/v1/dossiers/{code}/correction"): ("dossiers:amend", HIDDEN),
    ("POST", "/api/v1/dossiers/{code}/extension"): ("dossiers:amend", HIDDEN),
    ("GET", "/api/v1/dossiers/{code}/places"): ("dossiers:move", HIDDEN),
    ("POST", "/api/v1/dossiers/{code}/move"): ("dossiers:move", HIDDEN),
    ("GET", "/api/v1/work-items"): ("work-items", EMPTY),
    ("GET", "/api/v1/work-items/{id}"): ("work-items", HIDDEN),
    ("POST", "/api/v1/work-items/{id}/claim"): ("work-items", HIDDEN),
    ("POST", "/api/v1/work-items/{id}/release"): ("work-items", HIDDEN),
    ("POST", "/api/v1/work-items/{id}/complete"): ("work-items", HIDDEN),
    ("GET", "/api/v1/incidents"): ("incidents", EMPTY),
    ("GET", "/api/v1/incidents/{id}"): ("incidents", HIDDEN),
    ("POST", "/api/v1/incidents/{id}/act"): ("incidents", HIDDEN),
    ("GET", "/api/v1/calls"): ("calls", EMPTY),
    ("GET", "/api/v1/calls/{id}"): ("calls", HIDDEN),
    ("POST", "/api/v1/calls/{id}/act"): ("calls", HIDDEN),
    ("GET", "/api/v1/messages"): ("messages:handle", EMPTY),
    ("GET", "/api/v1/messages/{id}"): ("messages:handle", HIDDEN),
    ("POST", "/api/v1/messages/{id}/act"): ("messages:handle", HIDDEN),
    ("POST", "/api/v1/batches/preview"): ("batches", NO_UNIT),
    ("POST", "/api/v1/batches"): ("batches", NO_UNIT),
    ("GET", "/api/v1/batches"): ("batches", NO_UNIT),
    ("GET", "/api/v1/batches/{id}"): ("batches", NO_UNIT),
    ("GET", "/api/v1/batches/{id}/items"): ("batches", NO_UNIT),
    ("POST", "/api/v1/batches/{id}/act"): ("batches", NO_UNIT),
    ("POST", "/api/v1/incidents/{id}/care"): ("incidents", HIDDEN),
    ("GET", "/api/v1/incident-causes"): ("incidents", EMPTY),
    ("GET", "/api/v1/incident-causes/{cause}"): ("incidents", ALIKE),
    ("POST", "/api/v1/incident-causes/{cause}/mute"): ("incidents", NO_UNIT),
    ("POST", "/api/v1/incident-causes/{cause}/unmute"): ("incidents", NO_UNIT),
    ("GET", "/api/v1/procedures"): ("dossiers:read", ALIKE),
    ("GET", "/api/v1/procedures/{code}"): ("dossiers:read", ALIKE),
    ("GET", "/api/v1/partners"): ("dossiers:read", ALIKE),
    ("GET", "/api/v1/partners/{name}"): ("dossiers:read", ALIKE),
    ("POST", "/api/v1/partners/{name}/pause"): ("partners", NO_UNIT),
    ("POST", "/api/v1/partners/{name}/check"): ("partners", NO_UNIT),
    ("POST", "/api/v1/partners/{name}/resume"): ("partners", NO_UNIT),
    ("POST", "/api/v1/partners/{name}/open"): ("partners", NO_UNIT),
    ("POST", "/api/v1/partners/{name}/close"): ("partners", NO_UNIT),
    ("POST", "/api/v1/partners/{name}/accept"): ("partners", NO_UNIT),
    ("POST", "/api/v1/partners/{name}/limits"): ("partners", NO_UNIT),
    ("GET", "/api/v1/schedules"): ("schedules", ALIKE),
    ("GET", "/api/v1/firings"): ("schedules", ALIKE),
    ("GET", "/api/v1/schedules/{name}"): ("schedules", ALIKE),
    ("POST", "/api/v1/schedules/{name}/run"): ("schedules", NO_UNIT),
    ("PATCH", "/api/v1/schedules/{name}"): ("schedules", NO_UNIT),
    ("GET", "/api/v1/keys/self"): (ANY, ALIKE),
    ("POST", "/api/v1/keys/self/rotate"): (ANY, ALIKE),
    ("GET", "/api/v1/mailbox"): ("mailbox", ALIKE),
    ("POST", "/api/v1/mailbox/{id}/fetch"): ("mailbox", ALIKE),
    ("POST", "/api/v1/mailbox/{id}/acknowledge"): ("mailbox", ALIKE),
    ("GET", "/api/v1/deployments"): ("deployments", ALIKE),
    ("GET", "/api/v1/deployments/{id}"): ("deployments", ALIKE),
    ("POST", "/api/v1/deployments"): ("deployments", NO_UNIT),
    ("POST", "/api/v1/deployments/check"): ("deployments", ALIKE),
    ("GET", "/api/v1/deployments/{id}/changes"): ("deployments", ALIKE),
    ("POST", "/api/v1/deployments/{id}/retire"): ("deployments", NO_UNIT),
    ("POST", "/api/v1/deployments/{id}/bring-back"): ("deployments", NO_UNIT),
    ("POST", "/api/v1/deployments/{id}/activate"): ("deployments", NO_UNIT),
}
NOWHERE = {"code": "000.00.00.H99-260105-0000", "sha256": "0" * 64, "id": 999_999}
# routes that let everybody in, or that look at the key themselves
OPEN_ROUTES = {
    "/api/v1/openapi.json", "/api/v1/docs", "/health/live", "/health/startup", "/health/ready", "/metrics", "/errors/{code}",
    "/partners/{partner}/{operation}",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Door:
    """The application in this process, a key for each scope and unit, and what is there to be asked for."""

    counter: Counter
    client: FlaskClient
    places: dict[str, object]

    def ask(
        self, method: str, path: str, key: str | None, body: object, *, there: bool = True
    ) -> TestResponse:
        """The answer; *there*: about what there is, else about what there is not."""
        address = path.format(**(self.places_of(path) if there else NOWHERE))
        headers = {"Idempotency-Key": f"{there}{len(body or '')}{method}{path}{key}"[:200]}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        sent = json.dumps(body) if method != "GET" else None
        return self.client.open(
            address, method=method, headers=headers, data=sent, content_type="application/json"
        )

    def places_of(self, path: str) -> dict[str, object]:
        kind = path.split("/")[3]
        return {**self.places, "id": self.places.get(kind, 1)}


def told(reply: TestResponse, asked: dict[str, object]) -> dict[str, object]:
    """What a problem tells but for the trace, with what was *asked* for blotted out of its sentence."""
    problem = {name: value for name, value in reply.json.items() if name not in ("instance", "trace_id")}
    sought = rf"\b({re.escape(str(asked['code']))}|{asked['id']})\b"
    return problem | {"detail": re.sub(sought, "…", problem["detail"])}


@pytest.fixture(scope="module")
def door(new_database: object) -> Iterator[Door]:
    port = load([FOLDER], built_in=None)
    with open_counter(new_database().url, mailboxes=port) as counter:  # type: ignore[operator]
        code = counter.new_dossier()
        dossier = counter.scalar("SELECT id FROM dossier")
        with counter.store.transaction() as connection:
            number = incidents.open_incident(connection, "odd", "Odd", dossier=dossier, actions=["close"])  # type: ignore[arg-type]
        places = {
            "code": code,
            "sha256": "0" * 64,
            "name": "post",
            "cause": "odd",
            "work-items": counter.open_item(code),
            "incidents": number,
            "calls": add_call(counter, code, "pending"),
            "messages": add_message(counter, "supplement", code, of=code),
        }
        yield Door(counter=counter, client=create_app(counter.container).test_client(), places=places)


@pytest.fixture(scope="module")
def issued(door: Door) -> dict[tuple[str, str | None], str]:
    return {
        (scope, unit): door.counter.new_key(f"{scope} {unit}", scope, unit=unit, partner="box")
        for scope in keys.SCOPES
        for unit in (None, UNIT, OTHER)
    }


def routes(door: Door) -> dict[tuple[str, str], str]:
    app = door.client.application
    return {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)): getattr(
            app.view_functions[rule.endpoint], "needs", ""
        )
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_has_a_rule_and_every_rule_a_route(door: Door) -> None:
    found = routes(door)
    ruled = {route for route, scope in found.items() if scope not in (OPEN, PAGES)}
    assert ruled == set(RULES)
    assert {
        path for (_, path), scope in found.items() if scope == OPEN and path.startswith("/api/")
    } <= OPEN_ROUTES
    assert {route: found[route] for route in RULES} == {route: scope for route, (scope, _) in RULES.items()}


@pytest.mark.parametrize("route", RULES, ids=" ".join)
def test_a_route_opens_for_its_scope_and_its_unit_only(
    door: Door, issued: dict[tuple[str, str | None], str], route: tuple[str, str]
) -> None:
    method, path = route
    scope, elsewhere = RULES[route]
    assert door.ask(method, path, None, {}).status_code == 401
    if scope == ANY:
        statuses = {door.ask(method, path, key, {"odd": 1}).status_code for key in issued.values()}
        assert not statuses & {401, 403}
        return
    for other in keys.SCOPES.keys() - {scope, "admin"}:
        reply = door.ask(method, path, issued[other, None], {})
        assert (reply.status_code, reply.json["code"]) == (403, "not-allowed"), other
    units = (None,) if elsewhere == NO_UNIT else (None, UNIT)
    for allowed in (issued[one, unit] for one in (scope, "admin") for unit in units):
        assert door.ask(method, path, allowed, {}).status_code not in (401, 403)
    for foreign in (issued[one, unit] for one in (scope, "admin") for unit in {UNIT, OTHER} - set(units)):
        body = examples.BODIES.get((method.lower(), path), {})
        reply = door.ask(method, path, foreign, body)
        if elsewhere in (REFUSED, NO_UNIT):
            assert (reply.status_code, reply.json["code"]) == (403, "not-allowed")
        elif elsewhere == HIDDEN:
            assert reply.status_code == 404
            nothing = door.ask(method, path, foreign, body, there=False)
            assert told(reply, door.places_of(path)) == told(nothing, NOWHERE)
        elif elsewhere == EMPTY:
            assert (reply.status_code, reply.json["items"]) == (200, [])
        else:
            assert reply.status_code not in (401, 403)
