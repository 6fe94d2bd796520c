"""An agency that cannot be called: fetching is a claim, acknowledging a settlement, and nothing is done twice or lost."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.registry import ContractPartners, load
from engine.actions import send, suspend
from engine.actions.apply import Applier, ApplyPolicy
from engine.actions.deploy import DeploymentShelf
from engine.clock import FixedClock
from engine.errors import ContractInvalid
from engine.exchange.ports import Repeat
from engine.runtime.interpreter import SpiffInterpreter
from engine.storage import partners as partner_rows
from engine.storage.partners import BreakerPolicy
from tests.support.counter import Counter, Reply, open_counter
from tests.support.procedures import NOON, bpmn, chain, procedure, settle_in

FOLDER = Path(__file__).parents[2] / "data" / "partners"
MODEL = bpmn(
    '<bpmn:startEvent id="start"/><bpmn:serviceTask id="hand" name="Giao việc"><bpmn:extensionElements>'
    '<zeebe:taskDefinition type="box.Giao"/><zeebe:ioMapping><zeebe:input source="=1" target="so"/>'
    '<zeebe:output source="=reply.ma" target="ma"/></zeebe:ioMapping></bpmn:extensionElements></bpmn:serviceTask>'
    '<bpmn:endEvent id="end"/>' + chain("start", "hand", "end")
)


class Agency:
    """The agency's program: it knows the interface and its key, nothing else."""

    def __init__(self, counter: Counter, port: ContractPartners) -> None:
        self.counter, self.port = counter, port
        self.key = counter.new_key("box", "mailbox", partner="box")
        shelf = DeploymentShelf(counter.store)
        self._applier = Applier(
            counter.store, SpiffInterpreter(shelf), port, shelf, FixedClock(NOON), worker="w", policy=ApplyPolicy()
        )  # fmt: skip

    def apply_all(self) -> None:
        while self._applier.apply_waiting():
            pass

    def new_call(self) -> int:
        assert self.counter.hand_in().status == 201
        self.apply_all()
        return int(str(self.counter.scalar("SELECT max(id) FROM call")))

    def waiting(self) -> list[int]:
        return [one["id"] for one in self.counter.get("/api/v1/mailbox", key=self.key).json["items"]]  # type: ignore[attr-defined]

    def fetch(self, call: int, key: str | None = None) -> Reply:
        return self.counter.post(f"/api/v1/mailbox/{call}/fetch", {}, key=key or self.key)

    def acknowledge(self, call: int, **said: object) -> Reply:
        body = {"attempt": 1, **said}
        return self.counter.post(f"/api/v1/mailbox/{call}/acknowledge", body, key=self.key)

    def let_the_lease_run_out(self) -> None:
        self.counter.scalar("UPDATE call SET lease_until = now() - interval '1 s' RETURNING 1")
        send.sweep_leases(self.counter.store, self.port)

    def status(self, call: int) -> object:
        return self.counter.scalar("SELECT status FROM call WHERE id = :id", id=call)


@pytest.fixture
def agency(database: object) -> Iterator[Agency]:
    port = load([FOLDER], built_in=None)
    with open_counter(database.url, mailboxes=port) as counter:  # type: ignore[attr-defined]
        settle_in(counter.store, procedure(MODEL))
        with counter.store.transaction() as connection:
            partner_rows.ensure(connection, ["box", "archive"])
        yield Agency(counter, port)


def test_a_call_is_fetched_acknowledged_and_the_dossier_goes_on(agency: Agency) -> None:
    call = agency.new_call()
    assert agency.waiting() == [call]
    fetched = agency.fetch(call).json
    assert (fetched["attempt"], fetched["operation"], fetched["body"]["so"]) == (1, "Giao", 1)
    assert fetched["key"] == f"{fetched['dossier']}/1"
    assert agency.waiting() == []
    assert agency.status(call) == "sending"
    assert agency.acknowledge(call, reply={"ma": 0}).json["status"] == "done"
    agency.apply_all()
    assert agency.counter.scalar("SELECT status FROM instance") == "ended"


def test_no_sender_takes_what_a_partner_fetches(agency: Agency) -> None:
    agency.new_call()
    free = {name: agency.port.window(name) for name in agency.port.names()}
    assert free["box"] == 0
    policy = BreakerPolicy(failures=5, open_s=1)
    assert send.claim(agency.counter.store, free, worker="w", margin_s=1, breaker=policy) == []


def test_the_same_acknowledgement_again_changes_nothing_and_another_is_refused(agency: Agency) -> None:
    call = agency.new_call()
    agency.fetch(call)
    for _ in range(3):
        assert agency.acknowledge(call, reply={"ma": 0}).json == {"id": call, "status": "done"}
    other = agency.acknowledge(call, refused="no")
    assert (other.status, other.code) == (409, "call-not-waiting")
    assert agency.counter.scalar("SELECT count(*) FROM event WHERE kind = 'call-settled'") == 1


def test_what_was_never_fetched_cannot_be_acknowledged(agency: Agency) -> None:
    call = agency.new_call()
    assert agency.acknowledge(call, reply={"ma": 0}).code == "call-not-waiting"
    assert agency.acknowledge(call, attempt=0, reply={"ma": 0}).code == "body-invalid"
    assert agency.status(call) == "pending"


def test_the_holder_may_fetch_again_and_nobody_else(agency: Agency) -> None:
    call = agency.new_call()
    first = agency.fetch(call)
    assert agency.fetch(call).json == first.json
    colleague = agency.counter.new_key("another of box", "mailbox", partner="box")
    reply = agency.fetch(call, colleague)
    assert (reply.status, reply.code) == (409, "call-not-waiting")
    assert agency.counter.scalar("SELECT count(*) FROM attempt") == 1


def test_a_call_of_another_partner_is_not_found(agency: Agency) -> None:
    call = agency.new_call()
    agency.counter.scalar("UPDATE call SET partner = 'archive' WHERE id = :id RETURNING 1", id=call)
    assert (agency.fetch(call).status, agency.fetch(call).code) == (404, "call-not-found")
    assert agency.acknowledge(call, reply={"ma": 0}).code == "call-not-found"
    assert agency.waiting() == []
    called = agency.counter.new_key("archive", "mailbox", partner="archive")
    assert agency.fetch(call, called).code == "not-allowed"
    assert agency.counter.scalar("UPDATE api_key SET partner = NULL WHERE name = 'archive' RETURNING 1") == 1
    assert agency.fetch(call, called).code == "not-allowed"


def test_a_call_whose_lease_ran_out_is_offered_again_under_the_same_key(agency: Agency) -> None:
    call = agency.new_call()
    first = agency.fetch(call).json
    agency.let_the_lease_run_out()
    assert agency.status(call) == "unknown"
    assert agency.waiting() == [call]
    second = agency.fetch(call).json
    assert (second["attempt"], second["key"], second["body"]) == (2, first["key"], first["body"])
    assert agency.acknowledge(call, reply={"ma": 0}).code == "call-not-waiting"
    assert agency.acknowledge(call, attempt=2, reply={"ma": 0}).json["status"] == "done"


def test_a_late_acknowledgement_still_settles(agency: Agency) -> None:
    call = agency.new_call()
    agency.fetch(call)
    agency.let_the_lease_run_out()
    assert agency.acknowledge(call, reply={"ma": 0}).json["status"] == "done"
    assert agency.waiting() == []


def test_a_late_acknowledgement_closes_the_incident_of_one_that_knows_no_repeats(agency: Agency) -> None:
    terms = agency.port.terms("box", "Giao")
    contract = agency.port.contract("box")
    contract.operations["Giao"] = replace(  # type: ignore[index]
        contract.operations["Giao"], terms=replace(terms, repeat=Repeat.NEITHER)
    )
    call = agency.new_call()
    agency.fetch(call)
    agency.let_the_lease_run_out()
    assert agency.status(call) == "incident"
    assert agency.waiting() == []
    assert agency.acknowledge(call, reply={"ma": 0}).json["status"] == "done"
    assert agency.counter.scalar("SELECT status FROM incident") == "closed"


def test_a_reply_outside_the_contract_is_refused_and_may_be_corrected(agency: Agency) -> None:
    call = agency.new_call()
    agency.fetch(call)
    wrong = agency.acknowledge(call, reply={"ma": "không"})
    assert (wrong.status, wrong.code) == (422, "body-invalid")
    assert agency.acknowledge(call, reply={"ma": 0}, refused="both").code == "body-invalid"
    assert agency.status(call) == "sending"
    assert agency.acknowledge(call, reply={"ma": 0}).json["status"] == "done"


def test_a_refusal_is_an_incident_for_an_admin(agency: Agency) -> None:
    call = agency.new_call()
    agency.fetch(call)
    assert agency.acknowledge(call, refused="Hồ sơ không thuộc thẩm quyền").json["status"] == "refused"
    assert agency.counter.scalar("SELECT cause FROM incident") == "call-refused"


def test_a_paused_partner_and_a_system_that_sends_nothing_offer_nothing(agency: Agency) -> None:
    call = agency.new_call()
    agency.counter.scalar("UPDATE partner SET paused = true WHERE name = 'box' RETURNING 1")
    assert agency.waiting() == []
    assert agency.fetch(call).code == "call-not-waiting"


def test_a_restored_copy_hands_nothing_out(database: object) -> None:
    port = load([FOLDER], built_in=None)
    with open_counter(database.url, mailboxes=port, may_send=lambda: False) as counter:  # type: ignore[attr-defined]
        settle_in(counter.store, procedure(MODEL))
        agency = Agency(counter, port)
        assert agency.fetch(agency.new_call()).code == "call-not-waiting"


def test_a_contract_whose_mailbox_would_be_asked_is_refused(tmp_path: Path) -> None:
    text = (FOLDER / "archive" / "contract.yaml").read_text(encoding="utf-8")
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "contract.yaml").write_text(
        text.replace("kind: plain", "kind: mailbox"), encoding="utf-8"
    )
    with pytest.raises(ContractInvalid, match="neither asked after"):
        load([tmp_path], built_in=None)


def test_a_call_of_a_suspended_dossier_is_not_to_be_had_until_it_goes_on(agency: Agency) -> None:
    call = agency.new_call()
    code = str(agency.counter.scalar("SELECT code FROM dossier"))
    suspend.suspend(agency.counter.store, code, by="lan", reason="x", now=NOON)
    assert agency.waiting() == []
    assert agency.fetch(call).status == 409
    suspend.resume(agency.counter.store, code, by="lan", reason="x", now=NOON)
    assert agency.waiting() == [call]
    assert agency.fetch(call).status == 200
