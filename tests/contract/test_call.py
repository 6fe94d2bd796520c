"""What every call must keep to, whatever its protocol and transport: one body of tests, each operation of each class."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from partners import DOSSIER, Bench, bench

from engine.exchange.ports import Outcome, Repeat

WRITES = [
    pytest.param("civil_status", "NhanDKHT", id="rest-wso2-idempotent"),
    pytest.param("post", "TaoDon", id="rest-wso2-order"),
    pytest.param("residence", "DangKyThuongTru", id="soap11-neither"),
    pytest.param("social_insurance", "CapTheBHYT", id="soap12-queryable"),
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("simulators")) as both:
        yield both


@pytest.fixture
def both(tmp_path: Path, shared: Bench) -> Iterator[Bench]:
    """The shared bench with no fault standing; a fresh folder would cost a server per test."""
    shared.simulators.faults.clear()
    yield shared
    shared.simulators.faults.clear()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Bench]:
    """For a test whose partner is still at work when it ends: closing cuts that short, and nobody else sees of it."""
    with bench(tmp_path) as alone:
        yield alone


def effects(both: Bench, operation: str) -> int:
    return len(both.effects(operation))


@pytest.mark.parametrize(("partner", "operation"), WRITES)
def test_an_answer_is_ok_with_its_bytes_kept(both: Bench, partner: str, operation: str) -> None:
    before = effects(both, operation)
    answer = both.send(partner, operation)
    assert answer.outcome is Outcome.OK, answer.detail
    assert answer.request_bytes
    assert answer.reply_bytes
    assert answer.contract_hash == both.partners.contract(partner).hash
    if partner in (
        "civil_status",
        "post",
    ):  # all tests here send the same dossier, which these know by its key
        once = Counter(line["key"] for line in both.effects(operation))
        assert set(once.values()) == {1}
    else:
        assert effects(both, operation) - before == 1


@pytest.mark.parametrize(("partner", "operation"), WRITES)
@pytest.mark.parametrize(
    ("fault", "outcome", "happened"),
    [
        pytest.param({"fault": "html"}, Outcome.UNKNOWN, False, id="502-html"),
        pytest.param({"fault": "html", "after": True}, Outcome.UNKNOWN, True, id="502-after-the-effect"),
        pytest.param({"fault": "html", "status": 504}, Outcome.UNKNOWN, False, id="504"),
        pytest.param({"fault": "drop-before"}, Outcome.UNKNOWN, False, id="dropped-before"),
        pytest.param({"fault": "drop-after"}, Outcome.UNKNOWN, True, id="dropped-after"),
        pytest.param({"fault": "garbage"}, Outcome.UNKNOWN, True, id="garbage"),
        pytest.param({"fault": "down", "seconds": 60}, Outcome.NOT_SENT, False, id="down"),
        pytest.param({"fault": "refuse", "status": 429}, Outcome.NOT_SENT, False, id="429"),
        pytest.param({"fault": "twice"}, Outcome.OK, True, id="answered-twice"),
    ],
)
def test_a_fault_is_told_apart_by_whether_something_may_have_happened(
    both: Bench, partner: str, operation: str, fault: dict[str, object], outcome: Outcome, happened: bool
) -> None:
    dossier = {"code": f"H99.14-261121-{abs(hash((partner, str(fault)))) % 10**8:08d}"}
    dispatch = both.dispatch(partner, operation, dossier={**DOSSIER, **dossier})
    before = effects(both, operation)
    both.fault(partner=partner, operation="" if fault["fault"] == "down" else operation, times=1, **fault)
    assert both.partners.send(dispatch).outcome is outcome
    assert effects(both, operation) - before == int(happened)
    again = both.partners.send(dispatch)
    assert again.outcome is Outcome.OK, (
        "the next call is clean: nothing of the broken answer is left on the connection"
    )


@pytest.mark.parametrize(("partner", "operation"), WRITES)
def test_a_slow_answer_ends_at_the_total_time_and_is_unknown(
    own: Bench, partner: str, operation: str
) -> None:
    declared = own.partners.contract(partner).operations[operation]
    hasty = replace(declared, form=declared.form.model_copy(update={"total_timeout_s": 1.0}))
    caller = own.partners._caller(partner)
    own.send(partner, operation)  # logged in and connected
    dispatch = own.dispatch(partner, operation)
    own.fault(partner=partner, operation=operation, fault="slow", seconds=30, times=1)
    answer = caller.call(hasty, dispatch.body, dispatch.key)
    assert (answer.outcome, answer.reply_bytes) == (Outcome.UNKNOWN, b"")


def test_only_a_queryable_call_can_be_asked_about(both: Bench) -> None:
    for partner, operation in [param.values for param in WRITES]:
        terms = both.partners.terms(str(partner), str(operation))
        assert terms.ask == (terms.repeat is Repeat.QUERYABLE)


def test_asking_finds_what_happened_and_says_what_the_reply_would_have(both: Bench) -> None:
    dispatch = both.dispatch("social_insurance", "CapTheBHYT")
    ask = replace(dispatch, ask=True)
    assert both.partners.send(ask).outcome is Outcome.ABSENT
    both.fault(partner="social_insurance", operation="CapTheBHYT", fault="drop-after", times=1)
    assert both.partners.send(dispatch).outcome is Outcome.UNKNOWN
    found = both.partners.send(ask)
    assert found.outcome is Outcome.FOUND
    assert isinstance(found.reply, dict)
    assert str(found.reply["card_number"]).startswith("TE1")


def test_an_asking_that_fails_says_nothing_of_the_call(both: Bench) -> None:
    ask = replace(both.dispatch("social_insurance", "CapTheBHYT"), ask=True)
    both.fault(partner="social_insurance", operation="TraCuuThe", fault="refuse", status=403, times=1)
    assert both.partners.send(ask).outcome is Outcome.UNKNOWN
    both.fault(partner="social_insurance", fault="down", seconds=60, times=1)
    assert both.partners.send(ask).outcome is Outcome.NOT_SENT


@pytest.mark.parametrize(
    ("partner", "operation", "choice"),
    [("residence", "DangKyThuongTru", "fault"), ("social_insurance", "CapTheBHYT", "reject")],
)
def test_a_business_fault_of_soap_carries_the_contracts_code(
    both: Bench, partner: str, operation: str, choice: str
) -> None:
    both.fault(partner=partner, operation=operation, fault="choose", choice=choice, times=1)
    answer = both.send(partner, operation)
    assert (answer.outcome, answer.fault) == (Outcome.FAULT, "REJECTED")
    assert answer.detail
    assert answer.fault in both.partners.terms(partner, operation).faults


def test_a_business_fault_of_rest_carries_the_contracts_code(both: Bench) -> None:
    both.fault(partner="post", fault="choose", choice="reject", times=1)
    answer = both.partners.send(
        both.dispatch("post", "TaoDon", dossier={**DOSSIER, "code": "H99.14-261121-7777"})
    )
    assert (answer.outcome, answer.fault) == (Outcome.FAULT, "REJECTED")


def test_a_fault_of_the_server_tells_nothing(both: Bench) -> None:
    both.fault(partner="population", fault="choose", choice="fault", times=1)
    assert both.send("population", "TraCuuThongTinCongDan").outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("body", "outcome"),
    [({"status": "0", "errorDescription": "lỗi"}, Outcome.REFUSED), ({"no": "status"}, Outcome.INVALID)],
    ids=["error-code", "breaks-its-schema"],
)
def test_200_is_not_yet_success(both: Bench, body: dict[str, object], outcome: Outcome) -> None:
    both.fault(partner="civil_status", operation="NhanDKHT", fault="error-code", body=body, times=1)
    answer = both.send("civil_status", "NhanDKHT")
    assert (answer.outcome, answer.http_status) == (outcome, 200)
    assert answer.reply == body


def test_a_recognised_repeat_counts_as_done(both: Bench) -> None:
    dispatch = both.dispatch("post", "TaoDon")
    first, second = both.partners.send(dispatch), both.partners.send(dispatch)
    assert (first.outcome, second.outcome) == (Outcome.OK, Outcome.OK)
    assert isinstance(second.reply, dict)
    assert second.reply["Status"] == "101"
    assert len([line for line in both.effects("TaoDon") if line["key"] == dispatch.key]) == 1


def test_no_match_of_a_citizen_is_an_answer_and_no_error(both: Bench) -> None:
    both.fault(partner="population", fault="choose", choice="no-match", times=1)
    answer = both.send("population", "TraCuuThongTinCongDan")
    assert answer.outcome is Outcome.OK
    assert answer.reply == {"matched": False, "citizen": None}
