"""Model and contracts were written by different hands: what the one passes, the others must be able to send."""

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import orjson
import pytest
from partners import DOSSIER, NOW

from adapters import registry
from adapters.registry import ContractPartners
from engine.dossiers import submission
from engine.exchange.ports import Json
from engine.models.deployment import Deployment, read_folder
from engine.models.graph import Node
from engine.runtime.progress import CallOpened
from engine.runtime.simulation import Letter, Simulation, World

FOLDER = Path(str(resources.files("bpmn"))) / "khai-sinh-lien-thong"
OURS = {"supplement"}  # messages that come through our own API
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


@pytest.fixture(scope="module")
def shipped() -> Deployment:
    return read_folder(FOLDER)


def handed_in(shipped: Deployment) -> dict[str, Json]:
    """The example as a dossier, as far as a walk and the contracts read it."""
    raw = orjson.loads((FOLDER / "example.json").read_bytes())
    assert shipped.procedure is not None
    checked = submission.validate(raw, shipped.procedure)
    return {
        **DOSSIER,
        "code": "H99.14-261123-0001",
        "procedure": raw["procedure"],
        "delivery": raw["delivery"],
        "channel": checked.channel.value,
        "applicant": dict(checked.applicant),
        "data": dict(checked.data),
        "documents": [
            {"code": paper.code, "name": paper.name, "sha256": "0" * 64} for paper in checked.papers
        ],
    }


def calls_of(shipped: Deployment, dossier: dict[str, Json]) -> list[CallOpened]:
    """The calls of a life in which all goes well."""
    world = World(
        replies={
            "Task_CheckIdentity": [{"matched": True}],
            "Task_RegisterResidence": [{"request_number": "1"}],
            "Task_IssueInsurance": [{"card_number": "TE1"}],
        },
        forms={"Task_Examine": [{"decision": "accept"}]},
        letters=[
            Letter(name="civil-status-result", data={"trangThai": 4, "ketQuaXuLy": RESULT}),
            Letter(name="residence-result", data={"registered": True}),
            Letter(name="post-tracking", data={"state": "delivered"}),
        ],
    )
    walked = Simulation(shipped, shipped.main, dossier=dossier, variables={}, world=world).run()
    assert walked.ended, walked
    return walked.calls


def services(shipped: Deployment) -> Iterator[tuple[Node, str, str]]:
    for node in shipped.drawn[shipped.main].nodes():
        if node.binding.service:
            partner, _, operation = node.binding.service.partition(".")
            yield node, partner, operation


def test_every_call_of_the_example_can_be_composed_for_the_wire(
    partners: ContractPartners,
    shipped: Deployment,
) -> None:
    dossier = handed_in(shipped)
    calls = calls_of(shipped, dossier)
    assert [f"{call.partner}.{call.operation}" for call in calls] == [
        "population.TraCuuThongTinCongDan",
        "civil_status.NhanDKHT",
        "residence.DangKyThuongTru",
        "social_insurance.CapTheBHYT",
        "post.TaoDon",
    ]
    for call in calls:
        composed = partners.compose(
            call.partner, call.operation, call.inputs, dossier=dossier, call_key=f"k-{call.element}", now=NOW
        )
        assert composed.key
        assert composed.body


def test_every_fault_that_the_model_catches_is_one_that_the_contract_names(
    partners: ContractPartners,
    shipped: Deployment,
) -> None:
    scope = shipped.drawn[shipped.main].scope
    caught = 0
    for node, partner, operation in services(shipped):
        for boundary in scope.boundaries(node.id):
            assert boundary.trigger is not None
            assert boundary.trigger.code in partners.terms(partner, operation).faults
            caught += 1
    assert caught == 3


def test_every_message_that_the_model_waits_for_is_sent_by_somebody(
    partners: ContractPartners,
    shipped: Deployment,
) -> None:
    waited = {
        node.trigger.name
        for node in shipped.drawn[shipped.main].nodes()
        if node.type == "receiveTask" and node.trigger
    }
    fed = {feed.message for feed in partners.feeds()}
    received = {one.message for contract in partners.contracts() for one in contract.inbound.values()}
    assert waited - OURS <= fed | received
    assert waited >= OURS
