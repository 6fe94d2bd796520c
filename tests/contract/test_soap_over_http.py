"""SOAP end to end over real HTTP: a partner folder with a WSDL, the simulator, and what stands on the wire.

The partner is written here, as an engineer would add one: a folder with a contract and a WSDL, and no Python.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

import adapters
from adapters import registry
from adapters.outbound import Door
from adapters.simulator import Simulators, serve
from adapters.simulator.faults import Fault, FaultRule
from adapters.simulator.http import HttpReply, HttpRequest, HttpServer
from adapters.simulator.journal import read
from adapters.soap.service import open_service
from engine.errors import ComposeFailed
from engine.exchange.ports import Answer, Dispatch, Json, Outcome

BUILT_IN = Path(adapters.__file__).parent / "partners"
LOOK_UP = "TraCuuThongTinCongDan"
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
CITIZEN: dict[str, Json] = {"identity": "001099000001", "name": "NGUYỄN VĂN A", "born": "19990101"}
CONTRACT = """
partner: register
title: { vi: Sổ dân cư, en: Register }
label: sample
basis: Written in this test, over the population WSDL.
operations:
  look-up:
    title: { vi: Tra cứu, en: Look up }
    protocol: soap
    path: /037
    soap: { wsdl: register.wsdl, operation: TraCuuThongTinCongDan, content_type: application/xml }
    request:
      MaYeuCau: "=call.key"
      MaDVC: "1.004873"
      MaTichHop: "037"
      MaCanBo: cb01
      SoDinhDanh: "=inputs.identity"
      HoVaTen: "=inputs.name"
      NgayThangNamSinh: { NgayThangNam: "=inputs.born" }
    classify:
      - { soap_fault: true, when: 'fault.code = "Client"', outcome: refused, detail: fault.text }
      - { when: count(reply.CongDan) = 0, outcome: fault, fault: no-match }
      - { when: count(reply.CongDan) = 1, outcome: ok }
    faults: { no-match: No such citizen }
    repeat: idempotent
    key: body.MaYeuCau
    total_timeout_s: 5
simulator:
  operations:
    look-up:
      answers:
        - when: body.HoVaTen = "AI ĐÓ"
          effect: never
          body: { CongDan: [] }
        - when: body.HoVaTen = "BỊ CẤM"
          effect: never
          soap_fault: { code: Client, text: '"không được phép"' }
        - when: body.HoVaTen = "SAI LỆCH"
          effect: never
          body: { CongDan: [{ GioiTinh: Nam }] }
        - effect: never
          body: { CongDan: [{ SoDinhDanh: "=body.SoDinhDanh", HoVaTen: { Ten: "=body.HoVaTen" } }] }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "partners" / "register"
    place.mkdir(parents=True)
    (place / "contract.yaml").write_text(CONTRACT)
    shutil.copy(BUILT_IN / "population" / "population.wsdl", place / "register.wsdl")
    return place


@pytest.fixture
def simulators(folder: Path, tmp_path: Path) -> Iterator[Simulators]:
    contracts = registry.load([folder.parent], built_in=None).contracts()
    running = serve(contracts, journal_dir=tmp_path / "journal")
    yield running
    running.close()


@pytest.fixture
def door() -> Iterator[Door]:
    opened = Door()
    yield opened
    opened.close()


@pytest.fixture
def partners(folder: Path, simulators: Simulators, door: Door) -> registry.ContractPartners:
    return registry.ContractPartners([folder.parent], {}, simulators=simulators.url, door=door)


def call(partners: registry.ContractPartners, inputs: dict[str, Json], key: str = "k-1") -> Answer:
    composed = partners.compose("register", "look-up", inputs, dossier={}, call_key=key, now=NOW)
    return partners.send(
        Dispatch(
            call=1, partner="register", operation="look-up", key=composed.key, body=composed.body, attempt=1
        )
    )


def test_a_citizen_is_looked_up_over_soap(
    partners: registry.ContractPartners, simulators: Simulators
) -> None:
    answer = call(partners, CITIZEN)
    assert answer.outcome is Outcome.OK
    assert isinstance(answer.reply, dict)
    [citizen] = answer.reply["CongDan"] if isinstance(answer.reply["CongDan"], list) else []
    assert isinstance(citizen, dict)
    assert citizen["SoDinhDanh"] == "001099000001"
    assert b"<ns0:MaYeuCau>k-1</ns0:MaYeuCau>" in answer.request_bytes
    [line] = [line for line in read(simulators.journal.parent) if line.get("operation") == "look-up"]
    assert line["partner"] == "register"


@pytest.mark.parametrize(
    ("name", "outcome", "fault"),
    [
        ("AI ĐÓ", Outcome.FAULT, "no-match"),
        ("BỊ CẤM", Outcome.REFUSED, None),
        ("SAI LỆCH", Outcome.UNKNOWN, None),
    ],
)
def test_each_kind_of_answer_is_classified(
    partners: registry.ContractPartners, name: str, outcome: Outcome, fault: str | None
) -> None:
    answer = call(partners, {**CITIZEN, "name": name})
    assert (answer.outcome, answer.fault) == (outcome, fault)


@pytest.mark.parametrize("fault", [Fault.HTML, Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.GARBAGE])
def test_what_may_have_arrived_is_unknown(
    partners: registry.ContractPartners, simulators: Simulators, fault: Fault
) -> None:
    simulators.faults.add(FaultRule(fault=fault, times=1))
    assert call(partners, CITIZEN).outcome is Outcome.UNKNOWN
    assert call(partners, CITIZEN).outcome is Outcome.OK


def test_a_request_that_breaks_the_wsdl_never_leaves(
    partners: registry.ContractPartners, simulators: Simulators
) -> None:
    with pytest.raises(ComposeFailed, match="SoDinhDanh"):
        call(partners, {**CITIZEN, "identity": "12"})
    assert not list(read(simulators.journal.parent))


def test_many_calls_at_once_are_not_mixed_up(partners: registry.ContractPartners) -> None:
    def one(number: int) -> bool:
        identity = f"{number:012d}"
        answer = call(partners, {**CITIZEN, "identity": identity}, key=f"k-{number}")
        return answer.outcome is Outcome.OK and identity.encode() in answer.reply_bytes

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(200)))


@pytest.fixture
def wire(folder: Path) -> Iterator[tuple[int, list[HttpRequest]]]:
    """A server that keeps what it gets, bytes and headers, and knows nobody: its port, and what came."""
    service, seen = open_service(folder / "register.wsdl"), list[HttpRequest]()

    def answer(request: HttpRequest) -> HttpReply:
        seen.append(request)
        return HttpReply(body=service.reply(LOOK_UP, {"CongDan": []}), content_type="text/xml")

    server = HttpServer("127.0.0.1", 0, answer)
    server.start()
    yield server.port, seen
    server.close()


def test_what_stands_on_the_wire_is_what_the_population_service_asks_for(
    folder: Path, door: Door, wire: tuple[int, list[HttpRequest]]
) -> None:
    port, seen = wire
    settings = {"register": registry.PartnerSettings(url=f"http://127.0.0.1:{port}/c06", private=True)}
    partners = registry.ContractPartners([folder.parent], settings, door=door)
    assert call(partners, CITIZEN).fault == "no-match"
    [request] = seen
    assert (request.method, request.path) == ("POST", "/c06/037")
    assert request.headers["content-type"] == "application/xml"
    assert request.headers["soapaction"] == '""'
    assert b"<ns0:MaTichHop>037</ns0:MaTichHop>" in request.body


def test_the_other_side_refuses_what_is_no_request_with_a_fault(
    simulators: Simulators, folder: Path, door: Door
) -> None:
    loose = (folder / "register.wsdl").read_text().replace('"[0-9]{12}"', '".*"')
    (folder / "register.wsdl").write_text(loose)
    lax = registry.ContractPartners([folder.parent], {}, simulators=simulators.url, door=door)
    answer = call(lax, {**CITIZEN, "identity": "12"})
    assert answer.outcome is Outcome.REFUSED
    assert b"SoDinhDanh" in answer.reply_bytes
