"""The description is true: its examples get what it promises, every answer fits its schema, whatever is sent never crashes."""

import copy
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from adapters.registry import load
from engine.actions import deploy
from engine.models.deployment import from_files
from engine.storage import incidents, schedules
from engine.storage.schedules import Planned
from schedules.timetable import next_fire
from tests.support.console_rows import add_call, add_message
from tests.support.counter import FORM, MODEL, PDF, PROCEDURE, Counter, Reply, open_counter, paper
from web.api import examples
from web.conditions import HONOURED, REQUIRED

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
FUZZED = 6
BATCHES = "/api/v1/batches"
FOLDER = Path(__file__).parents[2] / "data" / "partners"
CALL = (
    "INSERT INTO call (dossier_id, partner, operation, key, body, repeat, timeout_s)"
    " SELECT id, 'box', 'Giao', code, '{}', 'idempotent', 60 FROM dossier WHERE code = :code RETURNING id"
)
PARTNER = "/api/v1/partners/{name}"
HELD = (
    "INSERT INTO presence (name, role, host, pid, version, contracts)"
    " VALUES ('w', 'worker', 'h', 1, '1', jsonb_build_object('post', CAST(:hash AS text)))"
    " ON CONFLICT (name) DO UPDATE SET seen_at = now() RETURNING 1"
)
STALE = f'"{"0" * 32}"'
UNMATCHED = {  # changes that have no ETag to hold If-Match against, which is refused there
    "/dossiers": "makes something new",
    "/batches": "makes something new",
    "/batches/preview": "changes nothing",
    "/deployments": "makes something new",
    "/deployments/check": "changes nothing",
    "/keys/self/rotate": "makes something new",
    "/mailbox/{id}/fetch": "guarded by the lease",
    "/mailbox/{id}/acknowledge": "guarded by the attempt",
}


@schemathesis.serializer("application/zip")
def as_it_is(_context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


def exactly(document: dict[str, object]) -> dict[str, object]:
    """*document* without the answer that allows every status: only those that are named are promised."""
    named = copy.deepcopy(document)
    for methods in named["paths"].values():  # type: ignore[attr-defined]
        for operation in methods.values():
            del operation["responses"]["default"]
    return named


@dataclass
class World:
    """A running web with an admin's key, the description that it serves, and what is there to be asked for."""

    counter: Counter
    document: dict[str, object] = field(init=False)
    key: str = field(init=False)

    def __post_init__(self) -> None:
        self.key = self.counter.new_key("admin", "admin", partner="box")
        self.document = self.counter.get("/api/v1/openapi.json").json
        self.schema = schemathesis.openapi.from_dict(exactly(self.document))

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.counter.port}"

    def operations(self) -> list[object]:
        return [one.ok() for one in self.schema.get_all_operations()]

    def dossier(self, *, held: bool, calling: bool) -> str:
        code = self.counter.new_dossier(documents=[paper(PDF)])
        if calling:
            add_call(self.counter, code, "pending")
        if held:
            path = f"/api/v1/dossiers/{code}/suspension"
            self.counter.post(path, {"reason": "so that it can go on"}, key=self.key)
        return code

    def deployment(self, label: str) -> int:
        """A version that can be retired, or that is."""
        files = {"procedure.yaml": f"{PROCEDURE}# {uuid4()}\n".encode(), "walk.bpmn": MODEL}
        stored = deploy.keep(self.counter.store, from_files(files), by="test")
        if "bring-back" in label:
            deploy.retire(self.counter.store, stored, by="test", reason="so that it can come back")
        return stored

    def handled(self, label: str) -> dict[str, object]:
        """What an operator can act on just now."""
        if "calls/{id}" in label:
            return {"id": add_call(self.counter, self.counter.new_dossier(), "pending")}
        if "messages/{id}" in label:
            return {"id": add_message(self.counter, "supplement", "nobody")}
        if "{cause}" in label:
            with self.counter.store.transaction() as connection:
                incidents.open_incident(connection, "odd", "Odd", actions=["close"])
            return {"cause": "odd"}
        if "batches/{id}" in label:
            return {"id": self.post_batch(self.previewed()).json["id"]}
        if label.endswith("/accept"):
            self.counter.scalar(HELD, hash=examples.BODIES["post", f"{PARTNER}/accept"]["hash"])
        return {}

    def previewed(self) -> dict[str, object]:
        """A list that was seen and can be confirmed."""
        with self.counter.store.transaction() as connection:
            incidents.open_incident(connection, "odd", "Odd", actions=["close"])
        asked = examples.BODIES["post", f"{BATCHES}/preview"]
        seen = self.counter.post(f"{BATCHES}/preview", asked, key=self.key).json
        return {"frozen": seen["frozen"], "count": seen["count"]}

    def post_batch(self, seen: dict[str, object]) -> Reply:
        return self.counter.post(BATCHES, {**seen, "reason": "x"}, key=self.key)

    def body(self, method: str, path: str) -> dict[str, object]:
        """What is sent to an operation: its example, with the list of a preview where it is to confirm one."""
        if (method, path) in examples.BODIES:
            example = examples.BODIES[method, path]
            body = {**example, **self.previewed()} if path == BATCHES else example
            return {"body": body, "media_type": "application/json"}
        return {"body": package(), "media_type": "application/zip"} if method == "post" else {}

    def fresh(self, label: str) -> dict[str, object]:
        """What the places of an operation's path name just now; made anew, since acts use things up."""
        counter = self.counter
        places = self.handled(label)
        if "procedures/{code}" in label:
            places["code"] = "1.000001"
        elif "{code}" in label:
            places["code"] = self.dossier(held="resumption" in label, calling=label.endswith("/retry"))
        if "{sha256}" in label:
            places["sha256"] = counter.scalar("SELECT sha256 FROM document ORDER BY id DESC LIMIT 1")
        if "work-items/{id}" in label:
            places["id"] = counter.open_item(counter.new_dossier())
        if "incidents/{id}" in label:
            with counter.store.transaction() as connection:
                places["id"] = incidents.open_incident(connection, "odd", "Odd", actions=["close"])
        if "mailbox/{id}" in label:
            code = counter.new_dossier()
            places["id"] = counter.scalar(CALL, code=code)
            if "acknowledge" in label:
                counter.post(f"/api/v1/mailbox/{places['id']}/fetch", {}, key=self.key)
        if "deployments/{id}" in label:
            places["id"] = self.deployment(label) if "retire" in label or "bring-back" in label else 1
        if "{name}" in label:
            places["name"] = "timers" if "schedules" in label else "box" if "/check" in label else "post"
        return places


@pytest.fixture(scope="module")
def world(new_database: object) -> Iterator[World]:
    port = load([FOLDER], built_in=None)
    with open_counter(new_database().url, next_fire=next_fire, mailboxes=port, checking=port) as counter:  # type: ignore[operator]
        with counter.store.transaction() as connection:
            schedules.ensure(connection, [Planned(name="timers", job="timers", trigger="every 10 s")])
        counter.scalar("INSERT INTO partner (name) VALUES ('post'), ('box') RETURNING 1")
        yield World(counter)


def package() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as folder:
        folder.writestr("procedure.yaml", PROCEDURE.replace('code: "1.000001"', 'code: "1.000009"'))
        folder.writestr("walk.bpmn", MODEL)
        folder.writestr("check.form", json.dumps(FORM))
    return out.getvalue()


def test_the_example_of_every_operation_gets_what_is_promised(world: World) -> None:
    for operation in world.operations():
        method, path = operation.method.lower(), operation.path
        places = world.fresh(path)
        headers = {"Authorization": f"Bearer {world.key}"}
        if method == "post":
            headers["Idempotency-Key"] = f"example {operation.label}"
        if condition(operation.definition.raw) == REQUIRED:
            address = "/".join(path.format(**places).split("/")[:5])
            headers["If-Match"] = world.counter.get(address, key=world.key).headers["etag"]
        body = world.body(method, path)
        case = operation.Case(path_parameters=places, headers=headers, **body)
        response = case.call(base_url=world.base)
        assert 200 <= response.status_code < 300, (operation.label, response.status_code, response.content)
        case.validate_response(response, checks=CHECKS)


def condition(operation: dict[str, object]) -> str:
    """Whether an operation takes If-Match, by its description."""
    found = [one for one in operation.get("parameters", []) if one["name"] == "If-Match"]  # type: ignore[attr-defined]
    return (REQUIRED if found[0]["required"] else HONOURED) if found else ""


def test_no_change_is_made_under_a_condition_that_does_not_hold(world: World) -> None:
    unmatched = set()
    for operation in world.operations():
        method, path = operation.method.lower(), operation.path
        if method == "get":
            continue
        how, headers = condition(operation.definition.raw), {"Authorization": f"Bearer {world.key}"}
        case = operation.Case(path_parameters=world.fresh(path), headers=headers, **world.body(method, path))
        case.headers["Idempotency-Key"] = f"stale {operation.label}"
        if how == REQUIRED:
            assert case.call(base_url=world.base).status_code == 428, operation.label
        case.headers["If-Match"] = STALE
        refused = case.call(base_url=world.base)
        told = (412, "precondition-failed") if how else (400, "request-invalid")
        assert (refused.status_code, refused.json()["code"]) == told, (operation.label, refused.content)
        if not how:
            assert "If-Match" in refused.json()["detail"]
            unmatched.add(path.removeprefix("/api/v1"))
    assert unmatched == set(UNMATCHED)


def test_every_body_that_is_asked_for_has_its_example(world: World) -> None:
    for path, methods in world.document["paths"].items():  # type: ignore[attr-defined]
        for method, operation in methods.items():
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                assert kind != "application/json" or "example" in content, (method, path)
    described = {(method, path) for path, methods in world.document["paths"].items() for method in methods}  # type: ignore[attr-defined]
    assert set(examples.BODIES) <= described


def test_whatever_fits_the_description_is_answered_as_it_says(world: World) -> None:
    for operation in world.operations():
        places = world.fresh(operation.path)
        fuzz(world, operation, places)


def fuzz(world: World, operation: object, places: dict[str, object]) -> None:
    """Send cases of *operation*, each also to things that are there."""

    @settings(
        max_examples=FUZZED,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())  # type: ignore[attr-defined]
    def send(case: object) -> None:
        for there in (False, True):
            if there and not places:
                return
            if there:
                case.path_parameters = places  # type: ignore[attr-defined]
            case.headers["Authorization"] = f"Bearer {world.key}"  # type: ignore[attr-defined]
            case.call_and_validate(base_url=world.base, checks=CHECKS)  # type: ignore[attr-defined]

    send()


def test_people_read_the_same_description_without_the_world(world: World) -> None:
    reply = world.counter.get("/api/v1/docs")
    page = reply.body.decode()
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/html")
    for path in world.document["paths"]:  # type: ignore[attr-defined]
        assert str(path) in page
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page
    assert "style=" not in page
