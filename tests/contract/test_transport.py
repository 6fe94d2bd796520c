"""Logging in, for every way of travelling that knows a log-in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from partners import REPORT, Bench, bench

from adapters import registry
from adapters.registry import PartnerSettings
from engine.exchange.ports import Dispatch, Outcome

WAYS = [
    pytest.param("portal", "TraCuuHoSo", id="session"),
    pytest.param("civil_status", "LayKetQua", id="wso2"),
]
INPUTS = {"portal": {"code": "H99.14-261121-0002"}, "civil_status": {"codes": ["a"], "module": "LTKS"}}


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as made:
        yield made


def dispatch(both: Bench, partner: str, operation: str) -> Dispatch:
    return both.dispatch(partner, operation, INPUTS[partner])


@pytest.mark.parametrize(("partner", "operation"), WAYS)
def test_an_ended_log_in_is_renewed_once_and_the_call_goes_through(
    both: Bench, partner: str, operation: str
) -> None:
    call = dispatch(both, partner, operation)
    assert both.partners.send(call).outcome is Outcome.OK
    both.fault(partner=partner, fault="expire", times=1)
    assert both.partners.send(call).outcome is Outcome.OK
    assert len(both.journal("refused")) == 1


@pytest.mark.parametrize(("partner", "operation"), WAYS)
def test_a_log_in_that_does_not_help_is_a_refusal_after_one_fresh_one(
    both: Bench, partner: str, operation: str
) -> None:
    call = dispatch(both, partner, operation)
    both.fault(partner=partner, fault="expire")
    answer = both.partners.send(call)
    assert answer.outcome is Outcome.REFUSED
    assert len(both.journal("refused")) == 2


@pytest.mark.parametrize(("partner", "operation"), WAYS)
def test_wrong_credentials_are_a_refusal_and_the_call_never_leaves(
    both: Bench, partner: str, operation: str
) -> None:
    settings = {partner: PartnerSettings(user="lienthong", secret="wrong")}
    strangers = registry.load(settings=settings, simulators=both.simulators.url)
    answer = strangers.send(dispatch(both, partner, operation))
    strangers.close()
    assert answer.outcome is Outcome.REFUSED
    assert both.journal() == []


@pytest.mark.parametrize(("partner", "operation"), WAYS)
def test_an_outage_at_the_log_in_means_that_the_call_was_certainly_not_sent(
    both: Bench, partner: str, operation: str
) -> None:
    call = dispatch(both, partner, operation)
    both.fault(partner=partner, fault="down", seconds=60, times=1)
    assert both.partners.send(call).outcome is Outcome.NOT_SENT
    assert both.partners.send(call).outcome is Outcome.OK


@pytest.mark.parametrize(("partner", "operation"), WAYS)
def test_what_is_kept_of_a_call_shows_no_session_and_no_token(
    both: Bench, partner: str, operation: str
) -> None:
    answer = both.partners.send(dispatch(both, partner, operation))
    if partner == "portal":
        assert b'{"session":"***",' in answer.request_bytes
    assert b"simulated" not in answer.request_bytes


def test_the_session_comes_first_in_the_envelope_and_is_no_part_of_the_call(both: Bench) -> None:
    call = both.dispatch("portal", "CapNhatTienDoHoSoMC", {"report": REPORT})
    assert isinstance(call.body, dict)
    assert "session" not in call.body
    both.partners.send(call)
    (line,) = both.journal()
    assert line["body"] == call.body


def test_a_partner_without_an_address_is_certainly_not_reached() -> None:
    partners = registry.load()
    body = {"madonvi": "x", "service": "TraCuuHoSo", "mahoso": "y"}
    call = Dispatch(call=1, partner="portal", operation="TraCuuHoSo", key="k", body=body, attempt=1)
    assert partners.send(call).outcome is Outcome.NOT_SENT
