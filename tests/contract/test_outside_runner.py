"""What a runner from outside may rely on: four functions of FEEL and DMN, used here and nothing else of ours."""

import inspect
from collections.abc import Mapping, Sequence

import pytest

from engine import feel
from engine.errors import FeelError, LienthongError
from engine.models.decisions import decide

HEAD = '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" namespace="{0}" name="{0}">'
RATES = (
    HEAD.format("urn:rates")
    + """
<itemDefinition name="tPaper"><itemComponent name="pages"><typeRef>number</typeRef></itemComponent></itemDefinition>
<inputData id="papers" name="papers"><variable name="papers"/></inputData>
<businessKnowledgeModel id="per page" name="per page"><variable name="per page" typeRef="number"/>
 <encapsulatedLogic><formalParameter name="pages" typeRef="number"/>
 <literalExpression><text>pages * 1500</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>
<decision id="base" name="Base fee"><variable name="Base fee"/>
 <literalExpression><text>10000.5</text></literalExpression></decision></definitions>"""
).encode()
FEES = (
    HEAD.format("urn:fees")
    + """
<import namespace="urn:rates" name="rates" importType="DMN"/>
<inputData id="paper" name="paper"><variable name="paper" typeRef="rates.tPaper"/></inputData>
<inputData id="day" name="day"><variable name="day" typeRef="date"/></inputData>
<decision id="fee" name="Fee"><variable name="Fee" typeRef="number"/>
 <informationRequirement><requiredInput href="#paper"/></informationRequirement>
 <informationRequirement><requiredDecision href="urn:rates#base"/></informationRequirement>
 <knowledgeRequirement><requiredKnowledge href="urn:rates#per page"/></knowledgeRequirement>
 <literalExpression><text>rates.Base fee + rates.per page(paper.pages)</text></literalExpression></decision>
<decision id="due" name="Due"><variable name="Due"/>
 <informationRequirement><requiredInput href="#day"/></informationRequirement>
 <informationRequirement><requiredDecision href="#fee"/></informationRequirement>
 <context><contextEntry><variable name="on"/><literalExpression><text>day + @"P1M"</text></literalExpression></contextEntry>
 <contextEntry><variable name="fee"/><literalExpression><text>Fee</text></literalExpression></contextEntry></context></decision>
<decisionService id="service" name="Fees"><variable name="Fees"/><outputDecision href="#due"/>
 <inputDecision href="#fee"/><inputData href="#day"/></decisionService></definitions>"""
).encode()

LEXICAL = [
    ("number", "12345678901234567890.5"),
    ("number", "-0.1"),
    ("string", " a\u1ee9\U0001f40e "),
    ("boolean", "true"),
    ("date", "-0044-03-15"),
    ("time", "10:00:00.5@Europe/Paris"),
    ("dateTime", "99999-12-31T23:59:59+07:00"),
    ("duration", "-P1Y2M"),
    ("duration", "P1DT2H0.5S"),
]


@pytest.mark.parametrize(("kind", "text"), LEXICAL)
def test_lexical_form_reads_back(kind: str, text: str) -> None:
    value = feel.from_lexical(kind, text)
    again, written = feel.lexical(value)
    assert again == kind
    assert feel.lexical(feel.from_lexical(again, written)) == (again, written)
    assert feel.evaluate("a = b", {"a": value, "b": feel.from_lexical(again, written)}) is True


@pytest.mark.parametrize(
    ("kind", "text"),
    [("number", "x"), ("date", "2024-02-30"), ("duration", "P"), ("list", "[]"), ("boolean", "yes")],
)
def test_what_is_no_value_of_the_kind_is_refused(kind: str, text: str) -> None:
    with pytest.raises(FeelError):
        feel.from_lexical(kind, text)


def test_lists_contexts_and_null_are_plain_python() -> None:
    number = feel.from_lexical("number", "2")
    context = {"papers": [{"pages": number}, {"pages": None}], "n": None}
    assert feel.evaluate("papers.pages", context) == [number, None]
    assert feel.evaluate("n", context) is None
    assert feel.evaluate("{a: papers[1].pages, b: [n]}", context) == {"a": number, "b": [None]}


def test_decision_is_decided_with_its_imports() -> None:
    inputs = {
        "paper": {"pages": feel.from_lexical("number", "4")},
        "day": feel.from_lexical("date", "2026-01-31"),
    }
    assert feel.lexical(decide(FEES, "Fee", inputs, imports=[RATES])) == ("number", "16000.5")
    found = decide(FEES, "Due", inputs, imports=(RATES,))
    assert isinstance(found, dict)
    assert {name: feel.lexical(value) for name, value in found.items()} == {
        "on": ("date", "2026-02-28"),
        "fee": ("number", "16000.5"),
    }


def test_service_is_decided_from_its_inputs_and_input_decisions() -> None:
    inputs = {"day": feel.from_lexical("date", "2026-01-31"), "Fee": feel.from_lexical("number", "7")}
    found = decide(FEES, "Fees", inputs, imports=[RATES], kind="decisionService")
    assert isinstance(found, dict)
    assert feel.lexical(found["fee"]) == ("number", "7")


def test_what_cannot_be_asked_is_refused_by_our_own_error() -> None:
    for model, name in [(b"", "Fee"), (FEES, "Nothing"), (b"<a/>", "Fee")]:
        with pytest.raises(LienthongError):
            decide(model, name, {})
    with pytest.raises(LienthongError):
        decide(FEES, "Fee", {}, imports=[RATES], kind="decisionService")
    with pytest.raises(LienthongError):
        feel.evaluate("1 +", {})


def test_signatures_are_the_promised_ones() -> None:
    wanted = inspect.signature(_decide)
    found = inspect.signature(decide)
    assert list(found.parameters) == list(wanted.parameters)
    for name, one in wanted.parameters.items():
        assert (found.parameters[name].kind, found.parameters[name].default) == (one.kind, one.default)
    assert list(inspect.signature(feel.evaluate).parameters)[:2] == ["text", "context"]
    assert list(inspect.signature(feel.from_lexical).parameters) == ["kind", "text"]
    assert list(inspect.signature(feel.lexical).parameters) == ["value"]


def _decide(
    model: bytes,
    name: str,
    inputs: Mapping[str, object],
    *,
    imports: Sequence[bytes] = (),
    kind: str = "decision",
) -> object: ...
