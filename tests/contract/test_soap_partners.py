"""The three partners that speak SOAP, from their shipped folders, over real HTTP against their simulators."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters import registry
from adapters.outbound import Door
from adapters.simulator import Simulators, serve
from adapters.simulator.faults import Fault, FaultRule
from adapters.simulator.journal import read
from engine import xml
from engine.exchange.ports import Answer, Composed, Dispatch, Json, Outcome

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
DOSSIER: dict[str, Json] = {
    "code": "H99.14-261122-0001",
    "competent_unit": "000.00.14.H99",
    "applicant": {"name": "Nguyễn Văn A", "identity": "001099000001", "phone": "0900000000", "email": ""},
}
CHILD: Json = {"name": "NGUYỄN THỊ BÉ", "birth_date": "2026-11-15", "sex": "2", "personal_id": None}
ADDRESS: Json = {"maTinh": "01", "maXa": "00001", "dcChiTiet": "Số 1"}
INPUTS: dict[tuple[str, str], dict[str, Json]] = {
    ("population", "TraCuuThongTinCongDan"): {
        "procedure": "1.004873.000.00.00.H99",
        "identity": "001099000001",
        "name": "Nguyễn Văn A",
        "birth_date": "1999-01-01",
    },
    ("residence", "DangKyThuongTru"): {
        "child": CHILD,
        "household": {
            "relation": "Con",
            "head_name": "NGUYỄN VĂN A",
            "head_identity": "001099000001",
            "address": ADDRESS,
        },
        "certificate": {"number": 12},
    },
    ("social_insurance", "CapTheBHYT"): {
        "child": CHILD,
        "address": ADDRESS,
        "guardian": {"name": "NGUYỄN VĂN A", "identity": "001099000001", "phone": ""},
        "facility": "01001",
    },
}
IDENTITY, ISSUE = ("population", "TraCuuThongTinCongDan"), ("social_insurance", "CapTheBHYT")


@pytest.fixture
def simulators(tmp_path: Path) -> Iterator[Simulators]:
    running = serve(registry.load().contracts(), journal_dir=tmp_path)
    yield running
    running.close()


@pytest.fixture
def partners(simulators: Simulators) -> Iterator[registry.ContractPartners]:
    door = Door()
    yield registry.ContractPartners([registry.BUILT_IN], {}, simulators=simulators.url, door=door)
    door.close()


def compose(partners: registry.ContractPartners, called: tuple[str, str], **change: Json) -> Composed:
    inputs = {**INPUTS[called], **change}
    return partners.compose(*called, inputs, dossier=DOSSIER, call_key="k-1", now=NOW)


def send(
    partners: registry.ContractPartners, called: tuple[str, str], composed: Composed, *, ask: bool = False
) -> Answer:
    partner, operation = called
    return partners.send(
        Dispatch(
            call=1,
            partner=partner,
            operation=operation,
            key=composed.key,
            body=composed.body,
            attempt=1,
            ask=ask,
        )
    )


@pytest.mark.parametrize("called", INPUTS, ids=lambda called: called[0])
def test_each_partner_answers_what_its_contract_maps(
    partners: registry.ContractPartners, called: tuple[str, str]
) -> None:
    answer = send(partners, called, compose(partners, called))
    assert answer.outcome is Outcome.OK, answer.detail
    assert isinstance(answer.reply, dict)
    assert all(value is not None for value in answer.reply.values())


def test_the_population_request_is_the_documented_one_field_by_field(
    partners: registry.ContractPartners,
) -> None:
    answer = send(partners, IDENTITY, compose(partners, IDENTITY))
    [asked] = xml.parse(answer.request_bytes).iterfind("{*}Body/*")
    assert [(str(child.tag).rpartition("}")[2], child.text) for child in asked] == [
        ("MaYeuCau", "k-1"),
        ("MaDVC", "1.004873"),
        ("MaTichHop", "037"),
        ("MaCanBo", "cb01"),
        ("SoDinhDanh", "001099000001"),
        ("HoVaTen", "NGUYỄN VĂN A"),
        ("NgayThangNamSinh", None),
    ]
    assert asked.findtext("{*}NgayThangNamSinh/{*}NgayThangNam") == "19990101"


def test_nine_digits_are_asked_for_as_the_old_number(partners: registry.ContractPartners) -> None:
    composed = compose(partners, IDENTITY, identity="123456789")
    answer = send(partners, IDENTITY, composed)
    assert b"SoCMND>123456789<" in answer.request_bytes
    assert answer.outcome is Outcome.OK


def test_nobody_found_is_told_and_no_error(partners: registry.ContractPartners) -> None:
    answer = send(partners, IDENTITY, compose(partners, IDENTITY, name="Không Khớp"))
    assert answer.outcome is Outcome.OK
    assert answer.reply == {"matched": False, "citizen": None}


def test_a_fault_of_the_population_service_leaves_the_outcome_unknown(
    partners: registry.ContractPartners, simulators: Simulators
) -> None:
    simulators.faults.add(FaultRule(fault=Fault.CHOOSE, partner="population", choice="fault", times=1))
    assert send(partners, IDENTITY, compose(partners, IDENTITY)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("fault", "effects", "asked"),
    [(Fault.DROP_AFTER, 1, Outcome.FOUND), (Fault.DROP_BEFORE, 0, Outcome.ABSENT)],
    ids=["after", "before"],
)
def test_the_social_insurance_can_be_asked_what_became_of_a_card(
    partners: registry.ContractPartners, simulators: Simulators, fault: Fault, effects: int, asked: Outcome
) -> None:
    simulators.faults.add(FaultRule(fault=fault, operation="CapTheBHYT", times=1))
    composed = compose(partners, ISSUE)
    assert send(partners, ISSUE, composed).outcome is Outcome.UNKNOWN
    answer = send(partners, ISSUE, composed, ask=True)
    assert answer.outcome is asked, answer.detail
    lines = list(read(simulators.journal.parent))
    assert sum(bool(line.get("effect")) for line in lines if line.get("operation") == "CapTheBHYT") == effects


@pytest.mark.parametrize("called", [("residence", "DangKyThuongTru"), ISSUE], ids=lambda called: called[0])
def test_a_partner_that_rejects_says_so_by_a_fault_that_the_model_can_catch(
    partners: registry.ContractPartners, simulators: Simulators, called: tuple[str, str]
) -> None:
    choice = "fault" if called[0] == "residence" else "reject"
    simulators.faults.add(FaultRule(fault=Fault.CHOOSE, partner=called[0], choice=choice, times=1))
    answer = send(partners, called, compose(partners, called))
    assert (answer.outcome, answer.fault) == (Outcome.FAULT, "REJECTED")
