"""Messages that their contract wants signed: taken with the right signature only, and each refusal can be read."""

import shutil
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from adapters import registry, signatures
from adapters.inbound import ContractInbound
from adapters.registry import ContractPartners, PartnerSettings
from adapters.simulator.serving import serve
from engine.actions import refusals
from engine.actions.receive import take_message
from engine.exchange.ports import Arrival
from engine.storage.database import Store
from tests.support.console import Visitor, text_of
from tests.support.counter import Counter, Reply, open_counter
from tests.support.procedures import NOON

ARCHIVE = Path(__file__).parents[2] / "data" / "partners" / "archive"
DOOR = "/partners/archive/TraLoi"
BODY = b'{"maHoSo": "H99.14-1", "ma": "one"}'
REFUSALS = "/thong-diep/tu-choi"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of one partner, which signs what it sends and sends something after every notice."""
    shutil.copytree(ARCHIVE, tmp_path / "partners" / "archive")
    file = tmp_path / "partners" / "archive" / "contract.yaml"
    signed = file.read_text().replace(
        "    message: answer", "    signature: standard-webhooks\n    message: answer"
    )
    again = "      repeat: again\n      answers: [{ body: { ma: 0 } }]\n"
    later = '      later: [{ after_s: 0, message: TraLoi, body: { maHoSo: =body.maHoSo, ma: "one" } }]\n'
    file.write_text(signed.replace(again, again + later))
    return tmp_path / "partners"


class Taking:
    """What the root makes of a message that came, and when it did."""

    def __init__(self, store: Store) -> None:
        self.store, self.came = store, threading.Event()

    def __call__(self, arrival: Arrival) -> bool:
        repeated = take_message(self.store, arrival, now=NOON)
        self.came.set()
        return repeated


class Agency:
    """The archive, with a key of its own."""

    def __init__(self, counter: Counter, taking: Taking) -> None:
        self.counter, self.taking = counter, taking
        self.key = counter.new_key("archive", "messages", partner="archive")

    def send(self, secret: str = "new", body: bytes = BODY, **changed: str) -> Reply:
        headers = signatures.signed([secret], "msg_1", str(int(time.time())), body) | changed
        return self.counter.request("POST", DOOR, body, key=self.key, headers=headers)

    def kept(self) -> object:
        return self.counter.scalar("SELECT string_agg(signature, ',') FROM message")


def opened(url: str, partners: ContractPartners) -> Iterator[Agency]:
    store = Store(url)
    taking = Taking(store)
    inbound = ContractInbound(partners, taking, partial(refusals.note, store))
    try:
        with open_counter(url, inbound=inbound) as counter:
            yield Agency(counter, taking)
    finally:
        store.close()
        partners.close()


@pytest.fixture
def agency(database: "object", folder: Path) -> Iterator[Agency]:
    said = {"archive": PartnerSettings(inbound_secret="old new")}
    yield from opened(database.url, registry.load([folder], said, built_in=None))  # type: ignore[attr-defined]


def test_a_signed_message_is_taken_and_its_signature_told(agency: Agency) -> None:
    assert [agency.send(secret).status for secret in ("new", "old")] == [200, 200]
    assert agency.kept() == "good"
    viewer, key = Visitor(agency.counter, "viewer"), agency.counter.new_key("o", "messages:handle")
    assert "Hợp lệ" in text_of(viewer.page("/thong-diep?signature=good"))
    assert "Không có gì khớp" in viewer.page("/thong-diep?signature=none")
    (told,) = agency.counter.get("/api/v1/messages?signature=good", key=key).json["items"]  # type: ignore[misc]
    assert told["signature"] == "good"
    assert agency.counter.get("/api/v1/messages?signature=none", key=key).json["items"] == []


def test_what_is_not_signed_rightly_is_refused_once_and_can_be_read(agency: Agency) -> None:
    wrong = [agency.send("guessed"), agency.send("guessed"), agency.send(body=b"{}", **{"webhook-id": "x"})]
    assert [(one.status, one.json["ma"]) for one in wrong] == [(401, -1)] * 3
    assert agency.kept() is None
    assert agency.counter.scalar("SELECT string_agg(repeats::text, ',' ORDER BY id) FROM refusal") == "1,0"
    viewer = Visitor(agency.counter, "viewer")
    shown = text_of(viewer.page(f"{REFUSALS}?source=archive"))
    assert "Chữ ký không hợp lệ không được ký bằng bí mật nào đã khai ở đây" in shown
    assert agency.send().status == 200  # nobody keeps the right one out by a wrong one under its id


def test_what_is_malformed_is_told_among_the_refusals_without_what_it_says(agency: Agency) -> None:
    assert agency.send(body=b'{"maHoSo": "Nguyen Van Giau", "ma": 7}').status == 400
    viewer = Visitor(agency.counter, "viewer")
    page, file = viewer.page(f"{REFUSALS}?code=message-refused"), viewer.get(f"{REFUSALS}.csv").body.decode()
    for shown in (page, file):
        assert "body.ma" in shown
        assert "Giau" not in shown
    assert "Không có gì khớp" in viewer.page(f"{REFUSALS}?code=signature-invalid")
    assert viewer.get(f"{REFUSALS}?until=yesterday").status == 400
    assert viewer.get(f"{REFUSALS}?sender=archive").status == 400
    near = Visitor(agency.counter, "viewer", unit="H99.14", name="near")
    assert "body.ma" not in near.page(REFUSALS) + near.get(f"{REFUSALS}.csv").body.decode()


def test_refusals_are_forgotten_after_a_month_and_one_sender_fills_only_so_many(agency: Agency) -> None:
    counter = agency.counter
    agency.send("guessed")
    assert refusals.purge(counter.store) == 0
    assert counter.scalar("UPDATE refusal SET at = now() - interval '31 days' RETURNING 1") == 1
    assert refusals.purge(counter.store) == 1
    fill = (
        "WITH many AS (INSERT INTO refusal (source, operation, code, reason, body_sha256, size_bytes) SELECT 'archive',"
        " 'o', 'c', 'r', n::text, 1 FROM generate_series(1, 10000) n RETURNING 1) SELECT count(*) FROM many"
    )
    assert counter.scalar(fill) == 10_000
    assert agency.send("guessed").status == 401
    assert counter.scalar("SELECT count(*) FROM refusal") == 10_000


def test_a_secret_that_holds_no_key_lets_nobody_in(database: "object", folder: Path) -> None:
    said = {"archive": PartnerSettings(inbound_secret="whsec_")}
    for agency in opened(database.url, registry.load([folder], said, built_in=None)):  # type: ignore[attr-defined]
        assert (agency.send("whsec_").status, agency.kept()) == (503, None)


def test_without_our_side_of_the_secret_nothing_is_judged(database: "object", folder: Path) -> None:
    for agency in opened(database.url, registry.load([folder], built_in=None)):  # type: ignore[attr-defined]
        refused = agency.send()
        assert (refused.status, refused.code) == (503, "signature-uncheckable")
        assert "LIENTHONG_PARTNER_ARCHIVE_INBOUND_SECRET" in str(refused.json["detail"])
        assert agency.kept() is None


def test_a_simulated_partner_signs_what_its_contract_wants_signed(
    database: "object", folder: Path, tmp_path: Path
) -> None:
    contracts = registry.load([folder], built_in=None)
    simulators = serve(contracts.contract, port=0, journal_dir=tmp_path)
    try:
        partners = registry.load([folder], simulators=simulators.url, built_in=None)
        for agency in opened(database.url, partners):  # type: ignore[attr-defined]
            simulators.call_back_to(f"http://127.0.0.1:{agency.counter.port}", {"archive": agency.key})
            notify = Counter(agency.counter.container, simulators.port)
            assert notify.request("POST", "/archive/bao", b'{"maHoSo": "H99.14-1", "so": 1}').status == 200
            assert agency.taking.came.wait(10)
            assert agency.kept() == "good"
    finally:
        simulators.close()
        contracts.close()
