"""Model and contracts were written by different hands: what the one passes, the others must be able to send."""

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import orjson
import pytest
from partners import DOSSIER, NOW

from adapters import registry
from adapters.registry import ContractPartners
from engine.dossiers import submission
from engine.exchange.ports import Json
from engine.models.deployment import Deployment, read_folder
from engine.models.graph import Node
from engine.runtime.simulation import Letter, Simulation, Walked, World

SHIPPED = Path(str(resources.files("bpmn")))
BIRTH, EXTRACT = SHIPPED / "khai-sinh-lien-thong", SHIPPED / "trich-luc-ho-tich"
OURS = {BIRTH.name: {"supplement"}, EXTRACT.name: {"draft-confirmation"}}  # messages through our own API
CAUGHT = {BIRTH.name: 3, EXTRACT.name: 0}  # business faults
RESULT: Json = {
    "soDinhDanh": "001326000001",
    "soDangKy": "12",
    "quyenSo": "01/2026",
    "trangSo": "3",
    "ngayDangKy": "23/11/2026",
}


@pytest.fixture(scope="module")
def partners() -> ContractPartners:
    return registry.load()


@pytest.fixture(params=[BIRTH, EXTRACT], ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture
def shipped(folder: Path) -> Deployment:
    return read_folder(folder)


def handed_in(folder: Path, shipped: Deployment) -> dict[str, Json]:
    """The example as a dossier, as far as a walk and the contracts read it."""
    raw = orjson.loads((folder / "example.json").read_bytes())
    assert shipped.procedure is not None
    checked = submission.validate(raw, shipped.procedure)
    return {
        **DOSSIER,
        "code": "H99.14-261123-0001",
        "procedure": raw["procedure"],
        "procedure_name": shipped.procedure.name.vi,
        "delivery": raw["delivery"],
        "channel": checked.channel.value,
        "applicant": dict(checked.applicant),
        "data": dict(checked.data),
        "documents": [
            {"code": paper.code, "name": paper.name, "sha256": "0" * 64} for paper in checked.papers
        ],
    }


def life_of(shipped: Deployment, dossier: dict[str, Json]) -> Walked:
    """A life in which all goes well."""
    world = World(
        replies={
            "Task_CheckIdentity": [{"matched": True}],
            "Task_RegisterResidence": [{"request_number": "1"}],
            "Task_IssueInsurance": [{"card_number": "TE1"}],
        },
        forms={
            "Task_Examine": [{"decision": "accept"}],
            "Task_Draft": [
                {"decision": "issue", "number": "125/TLKS-BS", "url": "https://hotich.example.vn/125"}
            ],
        },
        letters=[
            Letter(name="civil-status-result", data={"trangThai": 4, "ketQuaXuLy": RESULT}),
            Letter(name="residence-result", data={"registered": True}),
            Letter(name="post-tracking", data={"state": "delivered"}),
            Letter(name="draft-confirmation", data={"confirmed": True, "draft": 1}),
        ],
    )
    walked = Simulation(shipped, shipped.main, dossier=dossier, variables={}, world=world).run()
    assert walked.ended, walked
    return walked


def services(shipped: Deployment) -> Iterator[tuple[Node, str, str]]:
    for node in shipped.drawn[shipped.main].nodes():
        if node.binding.service:
            partner, _, operation = node.binding.service.partition(".")
            yield node, partner, operation


@pytest.mark.parametrize(
    ("folder", "operations"),
    [
        (
            BIRTH,
            [
                "population.TraCuuThongTinCongDan",
                "civil_status.NhanDKHT",
                "residence.DangKyThuongTru",
                "social_insurance.CapTheBHYT",
                "post.TaoDon",
            ],
        ),
        (EXTRACT, []),
    ],
    indirect=["folder"],
)
def test_every_call_of_the_example_can_be_composed_for_the_wire(
    partners: ContractPartners, folder: Path, shipped: Deployment, operations: list[str]
) -> None:
    dossier = handed_in(folder, shipped)
    calls = life_of(shipped, dossier).calls
    assert [f"{call.partner}.{call.operation}" for call in calls] == operations
    for call in calls:
        composed = partners.compose(
            call.partner, call.operation, call.inputs, dossier=dossier, call_key=f"k-{call.element}", now=NOW
        )
        assert composed.key
        assert composed.body


def test_every_status_of_the_example_can_be_reported_with_the_papers_that_result(
    partners: ContractPartners, folder: Path, shipped: Deployment
) -> None:
    dossier = handed_in(folder, shipped)
    walked = life_of(shipped, dossier)
    assert walked.statuses == [1, 2, 4, 9, 10]
    dossier |= {"data": walked.data, "results": walked.data["results"], "finished_at": dossier["due_at"]}
    assert shipped.procedure is not None
    assert shipped.procedure.result is not None
    for status in walked.statuses:
        put = told(
            partners, "DongBoHoSoMC", dossier, status, {"isUpdating": "True" if status > 1 else "False"}
        )
        papers = [paper["MaGiayToKetQua"] for paper in put["DanhSachGiayToKetQua"]]
        assert put["TrangThaiHoSo"] == str(status)
        assert papers == ([shipped.procedure.result.code] if status >= 9 else [])
        assert told(partners, "CapNhatTienDoHoSoMC", dossier, status, {})["TrangThai"] == str(status)


def told(
    partners: ContractPartners, operation: str, dossier: dict[str, Json], status: int, inputs: dict[str, Json]
) -> dict[str, Any]:
    """What the portal is told of the dossier in one report."""
    report: Json = {"kind": "status", "status": status, "text": "…", "at": dossier["due_at"], "unit": "H99"}
    composed = partners.compose(
        "portal", operation, {**inputs, "report": report}, dossier=dossier, call_key="k", now=NOW
    )
    body: Any = composed.body
    (entry,) = body["data"]
    assert entry["MaHoSo"] == dossier["code"]
    return dict(entry)


def test_every_fault_that_the_model_catches_is_one_that_the_contract_names(
    partners: ContractPartners, folder: Path, shipped: Deployment
) -> None:
    scope = shipped.drawn[shipped.main].scope
    caught = 0
    for node, partner, operation in services(shipped):
        for boundary in scope.boundaries(node.id):
            assert boundary.trigger is not None
            assert boundary.trigger.code in partners.terms(partner, operation).faults
            caught += 1
    assert caught == CAUGHT[folder.name]


def test_every_message_that_the_model_waits_for_is_sent_by_somebody(
    partners: ContractPartners, folder: Path, shipped: Deployment
) -> None:
    waited = {
        node.trigger.name
        for node in shipped.drawn[shipped.main].nodes()
        if node.type == "receiveTask" and node.trigger
    }
    fed = {feed.message for feed in partners.feeds()}
    received = {one.message for contract in partners.contracts() for one in contract.inbound.values()}
    ours = OURS[folder.name]
    assert waited - ours <= fed | received
    assert waited >= ours
