"""Business rule tasks ask a decision of the same deployment."""

from walks import Walk, bpmn, flows, mapping, node, service, zeebe

from engine.models.deployment import from_files
from engine.models.findings import errors_in
from engine.models.linting import lint

DMN = b"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
  <inputData id="i" name="amount"><variable name="amount" typeRef="number"/></inputData>
  <decision id="size" name="Size">
    <variable name="Size" typeRef="string"/>
    <informationRequirement><requiredInput href="#i"/></informationRequirement>
    <decisionTable hitPolicy="UNIQUE">
      <input id="in"><inputExpression typeRef="number"><text>amount</text></inputExpression></input>
      <output id="out" typeRef="string"/>
      <rule id="r1"><inputEntry><text>&gt; 100</text></inputEntry><outputEntry><text>"large"</text></outputEntry></rule>
      <rule id="r2"><inputEntry><text>&lt;= 100</text></inputEntry><outputEntry><text>"small"</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>"""


def _model(decision: str = "size") -> bytes:
    called = f'<zeebe:calledDecision decisionId="{decision}" resultVariable="size"/>'
    task = node("businessRuleTask", "ask", zeebe(called + mapping({"amount": "=dossier.data.amount"})))
    body = node("startEvent", "s") + task + service("a", {"size": "=size"}) + node("endEvent", "e")
    return bpmn(body + flows("s ask a e"))


def test_a_decision_is_asked_and_its_result_is_a_variable() -> None:
    deployment = from_files({"m.bpmn": _model(), "d.dmn": DMN})
    assert errors_in(lint(deployment)) == []
    assert Walk(deployment, data={"amount": 150}).calls[-1].inputs == {"size": "large"}
    assert Walk(deployment, data={"amount": 100}).calls[-1].inputs == {"size": "small"}


def test_a_decision_that_is_not_there_is_refused() -> None:
    found = errors_in(lint(from_files({"m.bpmn": _model("other"), "d.dmn": DMN})))
    assert [(one.rule, one.element) for one in found] == [("decision", "ask")]
