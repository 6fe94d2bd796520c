"""The portal's report as an exchange: which call follows which answer."""

import pytest
from partners import DOSSIER, REPORT

from adapters import registry
from adapters.registry import ContractPartners
from engine.errors import OperationUnknown
from engine.exchange.ports import Answer, Json, NextCall, Outcome

OK = Answer(outcome=Outcome.OK, reply={"error_code": 0, "result": []})
KNOWN = Answer(outcome=Outcome.OK, reply={"error_code": 0, "result": [{"TrangThaiHoSo": "1"}]})
EXISTS = Answer(outcome=Outcome.FAULT, fault="EXISTS")
FOUND = Answer(outcome=Outcome.FOUND, reply={})


@pytest.fixture(scope="module")
def partners() -> ContractPartners:
    return registry.load()


def after(
    partners: ContractPartners, step: str | None, answer: Answer | None, **report: Json
) -> NextCall | None:
    name = partners.reports_to("portal")
    said = {**REPORT, **report}
    return partners.exchange("portal", name, step=step, answer=answer, report=said, dossier=DOSSIER)


@pytest.mark.parametrize(
    ("step", "answer", "report", "following"),
    [
        pytest.param(None, None, {}, "look-up", id="a-status-is-looked-up-first"),
        pytest.param(None, None, {"kind": "step"}, "progress", id="a-step-goes-out-alone"),
        pytest.param("look-up", OK, {"status": 1}, "insert", id="unknown-in-1"),
        pytest.param("look-up", OK, {"status": 2}, "insert", id="unknown-in-2"),
        pytest.param("look-up", OK, {"status": 4}, "update", id="unknown-later-is-for-the-portal-to-refuse"),
        pytest.param("look-up", KNOWN, {"status": 2}, "update", id="known"),
        pytest.param("insert", OK, {}, "progress", id="inserted"),
        pytest.param("insert", EXISTS, {}, "update", id="exists-becomes-an-update"),
        pytest.param("insert", FOUND, {}, "progress", id="found-after-an-unknown-outcome"),
        pytest.param("update", OK, {}, "progress", id="updated"),
        pytest.param("progress", OK, {}, None, id="over"),
    ],
)
def test_each_answer_leads_to_its_step(
    partners: ContractPartners,
    step: str | None,
    answer: Answer | None,
    report: dict[str, Json],
    following: str | None,
) -> None:
    found = after(partners, step, answer, **report)
    assert (found.step if found else None) == following


def test_a_step_carries_its_operation_and_what_its_mapping_reads(partners: ContractPartners) -> None:
    found = after(partners, "insert", EXISTS)
    assert found is not None
    assert found.operation == "DongBoHoSoMC"
    assert found.inputs["isUpdating"] == "True"
    assert found.inputs["report"] == REPORT


def test_exchanges_and_steps_that_nobody_declared_are_refused(partners: ContractPartners) -> None:
    with pytest.raises(OperationUnknown):
        partners.exchange("portal", "none", step=None, answer=None, report=REPORT, dossier=DOSSIER)
    with pytest.raises(OperationUnknown):
        after(partners, "none", OK)
    with pytest.raises(OperationUnknown):
        partners.reports_to("post")


def test_a_dossier_born_on_the_portal_is_told_of_once_more(partners: ContractPartners) -> None:
    born = {**DOSSIER, "national_code": "G22.99-261121-0001"}
    found = partners.exchange("portal", "report", step="progress", answer=OK, report=REPORT, dossier=born)
    assert found is not None
    assert (found.operation, found.inputs["national_code"]) == ("DongBoTrangThaiHoSo", "G22.99-261121-0001")
    step = {**REPORT, "kind": "step"}
    assert (
        partners.exchange("portal", "report", step="progress", answer=OK, report=step, dossier=born) is None
    )
