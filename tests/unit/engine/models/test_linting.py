"""Linting: every mistake is named with its element, line and rule; what is right is let through."""

from pathlib import Path

import pytest
from walks import HEAD, bpmn, flows, mapping, message, node, script, service, timer, when, zeebe

from engine.errors import ModelInvalid
from engine.models.deployment import from_files, read_folder
from engine.models.findings import Severity, errors_in
from engine.models.linting import lint, refuse

S, E, A = node("startEvent", "s"), node("endEvent", "e"), node("task", "a")
MESSAGE = '<bpmn:messageEventDefinition messageRef="M"/>'
CATCH = node("intermediateCatchEvent", "c", MESSAGE)


def _rules(model: bytes, severity: Severity | None = Severity.ERROR) -> list[tuple[str, str]]:
    found = lint(from_files({"m.bpmn": model}))
    return [(one.rule, one.element) for one in found if severity in (None, one.severity)]


def _line(*body: str) -> bytes:
    """The start, the given elements in a row, the end."""
    import re

    keys = [str(re.search(r' id="([^"]+)"', one)[1]) for one in body]  # type: ignore[index]
    return bpmn(S + "".join(body) + E + flows(" ".join(["s", *keys, "e"])))


def test_a_right_model_has_no_findings() -> None:
    body = (
        S
        + service("a", {"x": "=dossier.code"}, {"y": "=reply.z"})
        + node("exclusiveGateway", "g", default="g-e")
    )
    body += script("b", "y + 1", "w") + E
    model = bpmn(body + flows("s a g e", "b e") + when("g", "b", '=y = "x"'))
    assert _rules(model, None) == []


@pytest.mark.parametrize(
    ("model", "rule", "element"),
    [
        (_line(node("serviceTask", "a")), "service-binding", "a"),
        (_line(service("a", operation="nodot")), "service-binding", "a"),
        (_line(node("scriptTask", "a")), "script-feel", "a"),
        (_line(node("scriptTask", "a", "<bpmn:script>x = 1</bpmn:script>")), "script-feel", "a"),
        (_line(node("receiveTask", "a")), "message-reference", "a"),
        (_line(node("callActivity", "a")), "called-process", "a"),
        (
            _line(node("callActivity", "a", zeebe('<zeebe:calledElement processId="no"/>'))),
            "called-process",
            "a",
        ),
        (_line(node("adHocSubProcess", "a", A.replace('"a"', '"i"'))), "unsupported-element", "a"),
        (_line(node("complexGateway", "a")), "unsupported-element", "a"),
        (_line(node("businessRuleTask", "a")), "decision", "a"),
        (_line(node("intermediateCatchEvent", "a", timer("soon"))), "timer", "a"),
        (_line(node("intermediateCatchEvent", "a", timer("0 0 9 * * ?", "Cycle"))), "timer", "a"),
        (_line(node("intermediateCatchEvent", "a", timer("2026-07-01T12:00:00", "Date"))), "timer", "a"),
        (_line(node("intermediateCatchEvent", "a", timer("-P1D"))), "timer", "a"),
        (_line(node("intermediateCatchEvent", "a", "<bpmn:timerEventDefinition/>")), "timer", "a"),
        (_line(node("intermediateCatchEvent", "a")), "event-definition", "a"),
        (
            _line(node("intermediateThrowEvent", "a", "<bpmn:compensateEventDefinition/>")),
            "event-definition",
            "a",
        ),
        (
            _line(node("intermediateThrowEvent", "a", '<bpmn:linkEventDefinition name="L"/>')),
            "link-target",
            "a",
        ),
        (_line(node("intermediateThrowEvent", "a", MESSAGE)), "message-reference", "a"),
        (_line(service("a", {"x": "=1 +"})), "feel", "a"),
        (_line(service("a", outputs={"dossier": "=1"})), "mapping", "a"),
        (_line(service("a", outputs={"dossier.a.b": "=1"})), "mapping", "a"),
        (_line(node("task", "a", isForCompensation="true")), "compensation", "a"),
        (_line(node("subProcess", "a")), "empty", "a"),
        (bpmn(S + A + E + flows("s a")), "end-missing", "a"),
        (bpmn(S + A + flows("s a")), "start-and-end", "p"),
        (bpmn(S + A + node("task", "b") + E + flows("s a e", "b e")), "unreachable", "b"),
        (bpmn(S + E + flows("s e", "e s")), "start-incoming", "s"),
        (bpmn(S + E + flows("s nowhere", "s e")), "flow-ends", "s-nowhere"),
        (bpmn(S + A + E + flows("s a") + when("a", "e", "=true")), "condition-place", "a"),
        (bpmn(S + node("exclusiveGateway", "g") + A + E + flows("s g a e", "g e")), "gateway-condition", "g"),
        (bpmn(S + A + A + E + flows("s a e")), "id-unique", "a"),
        (bpmn(S + S.replace('"s"', '"s2"') + E + flows("s e", "s2 e")), "several-starts", "s2"),
        (
            _line(node("userTask", "a") + node("boundaryEvent", "b", timer("PT1H"), attachedToRef="a")),
            "boundary-outgoing",
            "b",
        ),
        (b"<html/>", "not-bpmn", "definitions"),
        (b"<a", "xml", "definitions"),
        (f"{HEAD}</bpmn:definitions>".encode(), "no-process", "definitions"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "xml", "definitions"),
    ],
)
def test_a_mistake_is_refused_by_its_rule_at_its_element(model: bytes, rule: str, element: str) -> None:
    assert (rule, element) in _rules(model)


def test_a_finding_names_the_line_and_says_what_to_do() -> None:
    text = bpmn(S + "\n" + node("serviceTask", "a") + "\n" + E + flows("s a e")).decode()
    finding = errors_in(lint(from_files({"m.bpmn": text.encode()})))[0]
    assert (finding.file, finding.line) == ("m.bpmn", 2)
    assert "taskDefinition" in finding.remedy
    assert set(finding.as_json()) == {"file", "line", "element", "rule", "severity", "message", "remedy"}


def test_a_syntax_error_in_feel_tells_its_place() -> None:
    finding = errors_in(lint(from_files({"m.bpmn": _line(service("a", {"x": "=1 + + *"}))})))[0]
    assert "line 1, column" in finding.message


PROCEDURE = b"""
code: "1.1"
name: {vi: a, en: a}
process: p
field: {code: F, name: {vi: f, en: f}}
deadline: {counter: {days: 1}}
"""


def _deployed(model: bytes) -> list[tuple[str, str]]:
    found = lint(from_files({"m.bpmn": model, "procedure.yaml": PROCEDURE}))
    return [(one.rule, one.element) for one in errors_in(found)]


def test_a_name_that_nothing_sets_is_refused_in_a_deployment_and_warned_of_in_a_lone_model() -> None:
    model = _line(service("a", {"x": "=amuont"}))
    assert _deployed(model) == [("feel-name", "a")]
    assert _rules(model) == []
    assert _rules(model, Severity.WARNING) == [("feel-name", "a")]
    assert lint(from_files({"m.bpmn": model}), given=["amuont"]) == []


def test_a_call_that_no_contract_offers_and_a_fault_that_never_comes_are_named() -> None:
    error = '<bpmn:error id="X" name="x" errorCode="never"/>'
    boundary = node("boundaryEvent", "b", '<bpmn:errorEventDefinition errorRef="X"/>', attachedToRef="a")
    body = S + service("a") + service("c") + boundary + node("endEvent", "e2") + E
    deployment = from_files(
        {"m.bpmn": bpmn(body + flows("s a c e", "b e2"), error), "procedure.yaml": PROCEDURE}
    )
    found = lint(deployment, offered={"desk.a": frozenset({"refused"})})
    assert {(one.rule, one.element) for one in found} == {("operation", "c"), ("fault-code", "b")}
    assert "desk offers desk.a" in str([one.remedy for one in found])
    assert lint(deployment) == []


def test_a_slip_in_a_path_into_the_dossier_is_warned_of() -> None:
    model = _line(
        service(
            "a",
            {"x": "=dossier.data.childs.name", "y": "=dossier.state", "z": "=dossier.data.n"},
            {"dossier.n": "=1"},
        )
    )
    found = lint(from_files({"m.bpmn": model, "procedure.yaml": PROCEDURE}))
    assert [(one.rule, one.element) for one in found] == [("feel-path", "a"), ("feel-path", "a")]


def test_a_join_that_a_choice_starves_is_warned_of() -> None:
    body = (
        S
        + node("exclusiveGateway", "g", default="g-a")
        + A
        + node("task", "b")
        + node("parallelGateway", "j")
        + E
    )
    model = bpmn(body + flows("s g a j e", "b j") + when("g", "b", "=true"))
    assert _rules(model, Severity.WARNING) == [("join-starves", "j")]
    body = S + node("parallelGateway", "f") + node("userTask", "u") + A + node("parallelGateway", "j") + E
    body += node("boundaryEvent", "b", timer("PT1H"), attachedToRef="u")
    assert ("join-starves", "j") in _rules(bpmn(body + flows("s f u j e", "f a j", "b j")), Severity.WARNING)


def test_a_status_that_can_never_follow_is_refused() -> None:
    def status(value: int) -> str:
        return zeebe(f'<zeebe:properties><zeebe:property name="status" value="{value}"/></zeebe:properties>')

    wrong = _line(node("task", "a", status(2)), node("task", "b", status(9)))
    right = _line(node("task", "a", status(2)), node("task", "b", status(4)), node("task", "c", status(9)))
    assert _deployed(wrong) == [("status-transition", "b")]
    assert _deployed(right) == []
    assert ("property", "a") in _deployed(_line(node("task", "a", status(11))))


def test_a_deployment_without_its_process_is_refused() -> None:
    assert ("process", "process") in _deployed(bpmn(S + E + flows("s e"), process="other"))
    with pytest.raises(ModelInvalid) as info:
        refuse(
            from_files({"m.bpmn": bpmn(S + E + flows("s e"), process="other"), "procedure.yaml": PROCEDURE})
        )
    assert info.value.facts["count"] == 1


def test_a_message_event_behind_a_gateway_must_not_be_mixed_with_receive_tasks() -> None:
    body = S + node("eventBasedGateway", "g") + CATCH + node("receiveTask", "r", messageRef="M") + E
    assert ("event-gateway", "g") in _rules(bpmn(body + flows("s g c e", "g r e"), message("M")))


def test_the_mapping_of_another_dialect_is_understood() -> None:
    camunda = '<bpmn:serviceTask id="a" camunda:type="external" camunda:topic="desk.a"/>'
    spiff = (
        '<bpmn:serviceTask id="b"><bpmn:extensionElements><spiffworkflow:serviceTaskOperator id="desk/b" '
        'resultVariable="r"><spiffworkflow:parameters><spiffworkflow:parameter id="n" value="r"/>'
        "</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator></bpmn:extensionElements></bpmn:serviceTask>"
    )
    assert _rules(_line(camunda, spiff)) == []


def test_an_expression_of_another_dialect_is_read_where_it_means_the_same() -> None:
    good = bpmn(
        S
        + node("exclusiveGateway", "g", default="g-e")
        + A
        + E
        + flows("s g e", "a e")
        + when("g", "a", "${n == 1}")
    )
    bad = good.replace(b"${n == 1}", b"${n.isEmpty() ? 1 : 2}")
    assert _rules(good) == []
    assert _rules(bad) == [("feel", "g")]


def test_the_shipped_procedures_have_no_errors() -> None:
    for folder in sorted((Path(__file__).parents[4] / "bpmn").iterdir()):
        if (folder / "procedure.yaml").exists():
            assert [str(one) for one in errors_in(lint(read_folder(folder)))] == []


def test_mappings_with_lists_and_names_of_functions_are_understood() -> None:
    model = _line(service("a", outputs={"count": "=reply.n"}), service("b", {"more": "=count > 2"}))
    assert _rules(model, None) == []
    assert mapping() == ""


def test_sub_processes_in_one_another_without_end_are_refused_where_they_become_too_many() -> None:
    inner = S + E + flows("s e")
    for level in range(120):
        inside = node("subProcess", f"p{level}", inner)
        first, last = node("startEvent", f"s{level}"), node("endEvent", f"e{level}")
        inner = first + inside + last + flows(f"s{level} p{level} e{level}")
    assert ("too-deep", "p90") in _rules(bpmn(inner))


def test_a_process_of_more_elements_than_can_be_run_is_refused_at_once() -> None:
    keys = [f"t{number}" for number in range(10_000)]
    body = S + "".join(node("task", key) for key in keys) + E + flows(" ".join(["s", *keys, "e"]))
    assert ("too-large", "p") in _rules(bpmn(body))


@pytest.mark.parametrize("name", ["papers", "fee"])
@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("=dossier.data.missing", []),
        ("GCS", [("property", "a")]),
        ("=[1", [("feel", "a")]),
        ("=missing", [("feel-name", "a")]),
    ],
)
def test_what_is_wanted_of_citizens_is_said_by_the_dossiers_data_alone(
    name: str, wanted: str, told: list[tuple[str, str]]
) -> None:
    said = zeebe(f'<zeebe:properties><zeebe:property name="{name}" value="{wanted}"/></zeebe:properties>')
    model = bpmn(S + script("w", "[]", "missing") + node("task", "a", said) + E + flows("s w a e"))
    found = lint(from_files({"m.bpmn": model}))
    assert [(one.rule, one.element) for one in found if one.rule != "script-result"] == told
