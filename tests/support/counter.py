"""The web over a real database and a real HTTP server on loopback, with one small procedure and an applier at hand."""

import base64
import http.client
import itertools
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from flask import Flask
from sqlalchemy import text

from adapters.registry import load
from engine.actions import keys
from engine.actions.apply import Applier, ApplyPolicy
from engine.actions.deploy import DeploymentShelf
from engine.clock import FixedClock
from engine.exchange.ports import Json
from engine.models.deployment import Deployment, from_files
from engine.runtime.interpreter import SpiffInterpreter
from engine.storage import calendars, units
from engine.storage.database import Store
from tests.support.procedures import NOON, UNIT, bpmn, chain, settle_in
from web.app import create_app
from web.container import Container
from web.server import WebServer

PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
SECRET = b"a secret for tests only"

PROCEDURE = """\
code: "1.000001"
name: {vi: Thủ tục thử, en: A test procedure}
process: walk
field: {code: G00-XX00, name: {vi: Thử, en: Test}}
deadline: {counter: {days: 3}, online: {days: 2}}
documents:
  - {code: GT, name: {vi: Giấy tờ, en: Paper}, required: false, media_types: [application/pdf, application/xml]}
data:
  fields:
    - {name: note, type: string, required: false, label: {vi: Ghi chú, en: Note}}
    - {name: proposal, type: string, required: false, label: {vi: Đề xuất, en: Proposal}}
    - {name: born, type: date, required: false, label: {vi: Ngày sinh, en: Born}}
    - {name: place, type: string, required: false, label: {vi: Nơi, en: Place}}
    - {name: paid, type: boolean, required: false, label: {vi: Đã trả, en: Paid}}
    - name: deed
      type: object
      required: false
      label: {vi: Văn bản, en: Deed}
      fields:
        - {name: kind, type: code, codes: [KS, KH], label: {vi: Loại, en: Kind}}
        - {name: signed_on, type: date, label: {vi: Ngày ký, en: Signed on}}
        - {name: copies, type: integer, label: {vi: Số bản, en: Copies}}
indexed:
  - {path: place, label: {vi: Nơi đăng ký, en: Registered at}}
  - {path: paid, label: {vi: Đã trả, en: Paid}}
  - {path: deed.kind, label: {vi: Loại văn bản, en: Kind of deed}}
  - {path: deed.signed_on, label: {vi: Ngày ký, en: Signed on}}
  - {path: deed.copies, label: {vi: Số bản, en: Copies}}
"""
FORM = {
    "id": "check",
    "type": "default",
    "components": [
        {"key": "decision", "type": "radio", "validate": {"required": True}, "values": [
            {"label": "Đồng ý", "value": "accept"}, {"label": "Từ chối", "value": "refuse"}]},
        {"key": "reason", "type": "textarea", "validate": {"required": True},
         "conditional": {"hide": '=decision = "accept"'}},
    ],
}  # fmt: skip
MESSAGES = (
    '<bpmn:message id="m" name="supplement"><bpmn:extensionElements>'
    '<zeebe:subscription correlationKey="=dossier.code" /></bpmn:extensionElements></bpmn:message>'
)
WANTED = '=if dossier.data.note = "papers" then ["GT", "XX"] else null'.replace('"', "&quot;")
FEE = (
    '=if dossier.data.note = "fee" then {amount: 8000, link: "https://pay.example/?so=1&amp;x=2"} else null'
).replace('"', "&quot;")
MODEL = bpmn(
    '<bpmn:startEvent id="start"/>'
    '<bpmn:userTask id="check" name="Kiểm tra"><bpmn:extensionElements>'
    '<zeebe:assignmentDefinition candidateGroups="officer"/><zeebe:formDefinition formId="check"/>'
    '<zeebe:ioMapping><zeebe:input source="=dossier.data.proposal" target="reason"/></zeebe:ioMapping>'
    '<zeebe:properties><zeebe:property name="status" value="2"/><zeebe:property name="phase" value="Tiếp nhận"/>'
    "</zeebe:properties></bpmn:extensionElements></bpmn:userTask>"
    '<bpmn:receiveTask id="wait" name="Chờ bổ sung" messageRef="m"><bpmn:extensionElements><zeebe:properties>'
    '<zeebe:property name="status" value="5"/>'
    f'<zeebe:property name="papers" value="{WANTED}"/>'
    f'<zeebe:property name="fee" value="{FEE}"/></zeebe:properties></bpmn:extensionElements></bpmn:receiveTask>'
    '<bpmn:endEvent id="end"><bpmn:extensionElements><zeebe:properties><zeebe:property name="status" value="8"/>'
    "</zeebe:properties></bpmn:extensionElements></bpmn:endEvent>" + chain("start", "check", "wait", "end"),
    messages=MESSAGES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()  # every Set-Cookie

    @property
    def json(self) -> dict[str, object]:
        return json.loads(self.body)

    @property
    def code(self) -> object:
        """A problem's stable code."""
        assert self.headers["content-type"] == "application/problem+json", self.body
        return self.json["code"]


class Counter:
    """A running web with keys for a desk, an officer, an operator and a partner."""

    def __init__(self, container: Container, port: int) -> None:
        self.container, self.port = container, port
        self.store, self.clock = container.store, container.clock
        self.desk = self.new_key("desk", "dossiers:read", "dossiers:write")
        self.officer = self.new_key("officer", "work-items", unit=UNIT)
        self._numbers = itertools.count(1)
        shelf = DeploymentShelf(self.store)
        self._applier = Applier(
            self.store,
            SpiffInterpreter(shelf),
            load(()),
            shelf,
            self.clock,
            worker="w1",
            policy=ApplyPolicy(),
        )

    def has_unit(self, unit: str | None) -> None:
        """Have an office of this code, if one is named."""
        if unit is not None:
            with self.store.transaction() as connection:
                units.ensure(connection, unit, f"Đơn vị {unit}", calendar=calendars.DEFAULT)

    def new_key(self, name: str, *scopes: str, unit: str | None = None, partner: str | None = None) -> str:
        self.has_unit(unit)
        return keys.create(self.store, name, scopes=scopes, unit=unit, partner=partner).text

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request over a fresh connection; *key* is an API key."""
        sent = {"Authorization": f"Bearer {key}"} if key else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, sent | dict(headers or {}))
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            cookies = tuple(value for name, value in answer.getheaders() if name.lower() == "set-cookie")
            return Reply(status=answer.status, headers=told, body=answer.read(), cookies=cookies)
        finally:
            connection.close()

    def get(self, path: str, *, key: str | None = None, **headers: str) -> Reply:
        return self.request("GET", path, key=key, headers=headers)

    def post(
        self, path: str, body: object, *, key: str | None, once: str | None = None, match: str | None = None
    ) -> Reply:
        """POST JSON with an Idempotency-Key of its own unless *once* gives one; *match* is an ETag that was seen."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": once or f"k{next(self._numbers)}"}
        headers |= {"If-Match": match} if match else {}
        return self.request("POST", path, json.dumps(body).encode(), key=key, headers=headers)

    def hand_in(self, **changes: object) -> Reply:
        return self.post("/api/v1/dossiers", dossier(**changes), key=self.desk)

    def new_dossier(self, **changes: object) -> str:
        """The code of a dossier that an officer now has to look at."""
        reply = self.hand_in(**changes)
        assert reply.status == 201, reply.body
        self.apply_all()
        return str(reply.json["code"])

    def open_item(self, code: str) -> int:
        items = self.get(f"/api/v1/work-items?dossier={code}", key=self.officer).json["items"]
        return items[0]["id"]  # type: ignore[index]

    def waiting_dossier(self) -> str:
        """The code of a dossier whose officer has decided: it waits for a supplement."""
        code = self.new_dossier()
        body = {"data": {"decision": "accept"}}
        self.post(f"/api/v1/work-items/{self.open_item(code)}/complete", body, key=self.officer)
        self.apply_all()
        return code

    def apply_all(self) -> None:
        while self._applier.apply_waiting():
            pass

    def scalar(self, sql: str, **parameters: object) -> object:
        with self.store.reading() as connection:
            return connection.scalar(text(sql), parameters)


def dossier(**changes: object) -> dict[str, object]:
    """An invented applicant's dossier."""
    return {
        "procedure": "1.000001",
        "channel": "counter",
        "receiving_unit": UNIT,
        "applicant": {"name": "Nguyễn Văn Thử", "identity": "001099000001"},
        "data": {"note": "lần đầu"},
        **changes,
    }


def paper(content: bytes = PDF, **changes: Json) -> dict[str, Json]:
    return {
        "code": "GT",
        "name": "giấy.pdf",
        "media_type": "application/pdf",
        "content": base64.b64encode(content).decode(),
        **changes,
    }


@contextmanager
def open_counter(url: str, **changes: object) -> Iterator[Counter]:
    """The web over the database at *url*; *changes* are fields of the container."""
    store = Store(url)
    try:
        with _serving(store, changes) as counter:
            yield counter
    finally:
        store.close()


def version(procedure: str = PROCEDURE) -> Deployment:
    """The counter's procedure, with other rules where they are given."""
    files = {
        "procedure.yaml": procedure.encode(),
        "walk.bpmn": MODEL,
        "check.form": json.dumps(FORM).encode(),
    }
    return from_files(files)


@contextmanager
def _serving(store: Store, changes: Mapping[str, object]) -> Iterator[Counter]:
    settle_in(store, version())
    plain = Container(store=store, clock=FixedClock(NOON), secret=SECRET)
    container = replace(plain, **changes)  # type: ignore[arg-type]
    with serving(create_app(container), max_body_bytes=container.max_body_bytes) as port:
        yield Counter(container, port)


@contextmanager
def serving(
    app: Flask,
    *,
    threads: int = 4,
    max_body_bytes: int = 100_000,
    arrival_s: float = 60.0,
    trusted_proxy: str = "",
) -> Iterator[int]:
    """The port of loopback at which *app* is served meanwhile."""
    server = WebServer(
        app,
        host="127.0.0.1",
        port=0,
        threads=threads,
        max_body_bytes=max_body_bytes,
        arrival_s=arrival_s,
        trusted_proxy=trusted_proxy,
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.port
    finally:
        server.close()
        thread.join(timeout=5)
