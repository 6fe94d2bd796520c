"""The HTTP rules of design section 1, rule 3, then the contract's table."""

import pytest

from engine.exchange.classification import Heard, Occasion, Rule, classify
from engine.exchange.ports import Outcome


def says_ok(scope: object) -> bool:
    return isinstance(scope, dict) and scope["reply"] == {"code": 0}


OK = Rule(when=says_ok, outcome=Outcome.OK)
BUSINESS = Rule(when=lambda scope: True, outcome=Outcome.FAULT, fault="NO")


def heard(status: int = 200, **more: object) -> Heard:
    return Heard(**({"status": status, "parsed": True, "reply": {"code": 0}} | more))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param(heard(200), Outcome.OK, id="parsed"),
        pytest.param(heard(429), Outcome.NOT_SENT, id="429"),
        pytest.param(heard(503, retry_after_s=2.0), Outcome.NOT_SENT, id="503-retry-after"),
        pytest.param(heard(503), Outcome.UNKNOWN, id="503"),
        pytest.param(heard(500), Outcome.UNKNOWN, id="500-even-with-json"),
        pytest.param(heard(502, parsed=False), Outcome.UNKNOWN, id="502"),
        pytest.param(heard(504), Outcome.UNKNOWN, id="504"),
        pytest.param(heard(302), Outcome.UNKNOWN, id="redirect"),
        pytest.param(heard(400), Outcome.REFUSED, id="400"),
        pytest.param(heard(401), Outcome.REFUSED, id="401-after-a-fresh-log-in"),
        pytest.param(heard(404, parsed=False), Outcome.REFUSED, id="404-page"),
        pytest.param(heard(200, parsed=False, problem="HTML"), Outcome.UNKNOWN, id="html"),
        pytest.param(heard(200, valid=False, problem="x is missing"), Outcome.INVALID, id="schema"),
    ],
)
def test_http_decides_before_any_table(answer: Heard, outcome: Outcome) -> None:
    assert classify(answer, []).outcome is outcome


def test_the_wait_that_a_partner_asks_for_is_handed_on() -> None:
    assert classify(heard(503, retry_after_s=7.0), []).retry_after_s == 7.0


def test_the_first_line_of_the_table_that_holds_decides() -> None:
    assert classify(heard(), [OK, BUSINESS]).outcome is Outcome.OK
    verdict = classify(heard(reply={"code": 1}), [OK, BUSINESS])
    assert (verdict.outcome, verdict.fault) == (Outcome.FAULT, "NO")


def test_a_reply_that_no_line_of_a_filled_table_names_is_unusable() -> None:
    assert classify(heard(reply={"code": 9}), [OK]).outcome is Outcome.INVALID


def test_a_line_for_replies_does_not_speak_of_failing_statuses() -> None:
    assert classify(heard(500), [BUSINESS]).outcome is Outcome.UNKNOWN
    assert classify(heard(422), [BUSINESS]).outcome is Outcome.REFUSED


def test_a_line_that_names_a_status_decides_for_it() -> None:
    gone = Rule(
        when=lambda scope: True,
        outcome=Outcome.FAULT,
        fault="GONE",
        occasion=Occasion.STATUS,
        statuses=frozenset({404}),
    )
    assert classify(heard(404), [gone]).fault == "GONE"
    assert classify(heard(400), [gone]).outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("Client", Outcome.REFUSED),
        ("soap:Client.Validation", Outcome.REFUSED),
        ("Sender", Outcome.REFUSED),
        ("Server", Outcome.UNKNOWN),
        ("Receiver", Outcome.UNKNOWN),
        ("", Outcome.UNKNOWN),
    ],
)
def test_a_soap_fault_refuses_only_when_it_blames_us(code: str, outcome: Outcome) -> None:
    fault = heard(500, soap_fault={"code": code, "text": "no"})
    assert classify(fault, [OK]).outcome is outcome


def test_the_table_names_business_faults_of_soap() -> None:
    rejected = Rule(
        when=lambda scope: scope["fault"]["detail"] == "REJECTED",
        outcome=Outcome.FAULT,
        fault="REJECTED",
        occasion=Occasion.FAULT,
        detail=lambda scope: str(scope["fault"]["text"]),
    )
    fault = heard(500, reply=None, soap_fault={"code": "Client", "text": "no room", "detail": "REJECTED"})
    verdict = classify(fault, [OK, rejected])
    assert (verdict.outcome, verdict.fault, verdict.detail) == (Outcome.FAULT, "REJECTED", "no room")
