"""Agencies that want to be told: signed as Standard Webhooks says, in a lane like every other call, each status once."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.registry import ContractPartners, PartnerSettings, load
from engine.actions import send
from engine.actions.apply import Applier, ApplyPolicy
from engine.actions.deploy import DeploymentShelf
from engine.clock import FixedClock
from engine.errors import ContractInvalid
from engine.runtime.interpreter import SpiffInterpreter
from engine.storage import partners as partner_rows
from engine.storage.partners import BreakerPolicy
from tests.support.counter import Counter, open_counter
from tests.support.procedures import NOON

DATA = Path(__file__).parents[2] / "data"
FOLDER = DATA / "subscribers"
OLD = b"the secret before, of some length"
NEW = b"the secret from now on, longer still"
SECRETS = " ".join(f"whsec_{base64.b64encode(one).decode()}" for one in (OLD, NEW))


@dataclass
class Subscriber:
    """The agency's side: keeps what came, answers as it is told to."""

    statuses: list[int] = field(default_factory=list)
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        subscriber = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told = {name.lower(): value for name, value in self.headers.items()}
                subscriber.came.append((told, body))
                self.send_response(subscriber.statuses.pop(0) if subscriber.statuses else 200)
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b"thanks")

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


@dataclass
class Office:
    """The web with a worker that goes one step at a time."""

    counter: Counter
    port: ContractPartners
    subscriber: Subscriber

    def __post_init__(self) -> None:
        shelf = DeploymentShelf(self.counter.store)
        self._applier = Applier(
            self.counter.store, SpiffInterpreter(shelf), self.port, shelf, FixedClock(NOON), worker="w", policy=ApplyPolicy()
        )  # fmt: skip

    def apply_all(self) -> None:
        while self._applier.apply_waiting():
            pass

    def send_all(self) -> int:
        """Send what may be sent now; how many attempts."""
        policy = BreakerPolicy(failures=50, open_s=1)
        claimed = send.claim(self.counter.store, {"hook": 8}, worker="w", margin_s=1, breaker=policy)
        for call in claimed:
            send.settle(self.counter.store, self.port, call, send.send(self.port, call))
        return len(claimed)


@pytest.fixture
def office(database: object) -> Iterator[Office]:
    subscriber = Subscriber()
    said = {"hook": PartnerSettings(url=subscriber.url, secret=SECRETS, private=True)}
    port = load([FOLDER], said, built_in=None)
    with open_counter(database.url) as counter:  # type: ignore[attr-defined]
        with counter.store.transaction() as connection:
            partner_rows.ensure(connection, ["hook"])
        yield Office(counter, port, subscriber)
    port.close()
    subscriber.server.shutdown()
    subscriber.server.server_close()


def signed_with(secret: bytes, headers: dict[str, str], body: bytes) -> str:
    """The signature as the specification has it, computed here on its own."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()


def test_a_subscriber_is_told_of_a_status_with_a_signature_of_every_secret(office: Office) -> None:
    code = str(office.counter.hand_in().json["code"])
    office.apply_all()
    assert office.send_all() == 1
    ((headers, body),) = office.subscriber.came
    event = json.loads(body)
    assert (event["specversion"], event["subject"], event["data"]["status"]) == ("1.0", code, 2)
    assert event["type"] == "vn.lienthong.dossier.status"
    assert headers["content-type"] == "application/cloudevents+json"
    assert event["id"] == headers["webhook-id"]
    assert headers["webhook-signature"].split(" ") == [signed_with(one, headers, body) for one in (OLD, NEW)]
    assert office.counter.scalar("SELECT status FROM call") == "done"


def test_a_subscriber_that_fails_is_told_again_under_the_same_id(office: Office) -> None:
    office.subscriber.statuses = [500, 503]
    office.counter.hand_in()
    office.apply_all()
    for _ in range(3):
        assert office.send_all() == 1
    names = {headers["webhook-id"] for headers, _ in office.subscriber.came}
    assert (len(office.subscriber.came), len(names)) == (3, 1)
    assert len({body for _, body in office.subscriber.came}) == 1
    assert office.counter.scalar("SELECT status FROM call") == "done"


def test_what_comes_later_waits_for_what_came_before(office: Office) -> None:
    office.subscriber.statuses = [500]
    code = str(office.counter.hand_in().json["code"])
    office.apply_all()
    item = office.counter.open_item(code)
    office.counter.post(
        f"/api/v1/work-items/{item}/complete", {"data": {"decision": "accept"}}, key=office.counter.officer
    )
    office.apply_all()
    for _ in range(3):
        office.send_all()
        office.apply_all()
    statuses = [json.loads(body)["data"]["status"] for _, body in office.subscriber.came]
    assert len(statuses) == 3
    assert statuses[0] == statuses[1] != statuses[2]


def test_who_subscribed_to_other_units_or_procedures_is_told_nothing(office: Office) -> None:
    wanted = office.port.subscribers
    assert wanted("1.000001", frozenset({"H99.14"})) == ["hook"]
    assert wanted("1.000001", frozenset({"H98.01"})) == []


def test_without_a_secret_nothing_leaves(database: object) -> None:
    subscriber = Subscriber()
    port = load([FOLDER], {"hook": PartnerSettings(url=subscriber.url, private=True)}, built_in=None)
    with open_counter(database.url) as counter:  # type: ignore[attr-defined]
        with counter.store.transaction() as connection:
            partner_rows.ensure(connection, ["hook"])
        office = Office(counter, port, subscriber)
        counter.hand_in()
        office.apply_all()
        office.send_all()
        assert counter.scalar("SELECT detail FROM call") == "its secret is not set"
    port.close()
    assert subscriber.came == []
    subscriber.server.shutdown()
    subscriber.server.server_close()


def test_a_subscription_without_a_way_to_report_is_refused(tmp_path: Path) -> None:
    text = (DATA / "partners" / "archive" / "contract.yaml").read_text(encoding="utf-8")
    (tmp_path / "archive").mkdir()
    broken = f"{text}\nsubscribes: {{}}\n"
    (tmp_path / "archive" / "contract.yaml").write_text(broken, encoding="utf-8")
    with pytest.raises(ContractInvalid, match="needs an exchange"):
        load([tmp_path], built_in=None)
