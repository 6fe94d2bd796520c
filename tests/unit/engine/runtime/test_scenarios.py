"""Scenarios: a right one passes, a wrong one says what differed, and what none took is told."""

import pytest
from walks import bpmn, flows, mapping, node, service, timer, when, zeebe

from engine.models.deployment import Deployment, from_files
from engine.runtime import scenarios

STATUS = zeebe('<zeebe:properties><zeebe:property name="status" value="3"/></zeebe:properties>')
MODEL = bpmn(
    node("startEvent", "s")
    + node("userTask", "u", zeebe(mapping(outputs={"dossier.answer": "=form.answer"})))
    + node("boundaryEvent", "late", timer("P1D"), attachedToRef="u")
    + node("exclusiveGateway", "g", default="g-no")
    + service("call", {"answer": "=dossier.data.answer"})
    + node("endEvent", "e")
    + node("endEvent", "no", STATUS)
    + flows("s u g no", "late no", "call e")
    + when("g", "call", '=dossier.data.answer = "yes"')
)
RIGHT = """
name: Yes
given: {data: {n: 1}}
decisions: {u: {answer: "yes"}}
took: {u: PT2H}
expect:
  steps: [s, u, call, e]
  not_steps: [no]
  calls: [{operation: desk.call, inputs: {answer: "yes"}}]
  data: {n: 1, answer: "yes"}
  after: PT2H
"""
LATE = "{name: Late, took: {u: P2D}, expect: {steps: [s, late, no], status: 3, statuses: [3]}}"


def _deployment(**texts: str) -> Deployment:
    return from_files(
        {"m.bpmn": MODEL, **{f"scenarios/{key}.yaml": text.encode() for key, text in texts.items()}}
    )


def _run(text: str) -> tuple[str, ...]:
    return scenarios.run(_deployment(), "x.yaml", text.encode()).wrong


@pytest.mark.parametrize("text", [RIGHT, LATE], ids=["yes", "late"])
def test_a_right_scenario_passes(text: str) -> None:
    assert _run(text) == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("steps: [s, u, call, e]", "steps: [s, call, u]", "step u did not come in that order"),
        ("steps: [s, u, call, e]", "steps: [s, late]", "step late did not come at all"),
        ("not_steps: [no]", "not_steps: [e]", "e completed"),
        ("desk.call", "desk.other", "the call desk.other did not come"),
        ('inputs: {answer: "yes"}', 'inputs: {answer: "no"}', "the input answer of desk.call is 'yes'"),
        ("data: {n: 1,", "data: {n: 2,", "data.n is 1, not 2"),
        ("after: PT2H", "after: PT3H", "it took until"),
        ("name: Yes", "name: Yes\ndecision: {}", "`decision` is no key of a scenario"),
        ("not_steps:", "never:", "`never` is nothing that can be expected"),
        ("name: Yes", "name: Yes\nprocess: other", "there is no process `other`"),
        ("expect:", "expect:\n  ended: false", "it ended"),
    ],
)
def test_a_wrong_expectation_says_what_differed(old: str, new: str, told: str) -> None:
    assert old in RIGHT
    assert any(told in one for one in _run(RIGHT.replace(old, new)))


def test_text_that_is_no_yaml_fails_and_says_where() -> None:
    assert _run("a: [")[0].startswith("line ")


def test_coverage_names_the_flows_and_boundary_events_that_no_scenario_took() -> None:
    deployment = _deployment(right=RIGHT, late=LATE)
    results = [scenarios.run(deployment, name, data) for name, data in deployment.scenarios.items()]
    assert all(result.passed for result in results)
    assert dict(scenarios.coverage(deployment, results).missed) == {"p": ["g-no"]}
    right = [result for result in results if result.name == "Yes"]
    assert "late" in scenarios.coverage(deployment, right).missed["p"]


def test_entries_that_are_lists_are_taken_one_after_the_other() -> None:
    body = (
        node("startEvent", "s")
        + service("a", outputs={"n": "=reply"})
        + node("exclusiveGateway", "g", default="g-a")
    )
    model = bpmn(body + node("endEvent", "e") + flows("s a g a") + when("g", "e", "=n = 3"))
    text = b"{replies: {a: [1, 2, 3]}, expect: {steps: [a, a, a, e]}}"
    assert scenarios.run(from_files({"m.bpmn": model}), "x", text).wrong == ()


@pytest.mark.parametrize(
    ("told", "about"),
    [
        ("description: one", {"vi": "one", "en": "one"}),
        ("description: { vi: một, en: one }", {"vi": "một", "en": "one"}),
        ("description: { vi: một }", {"vi": "một", "en": "một"}),
        ("description: [1]", {"vi": "[1]", "en": "[1]"}),
        ("description: {}", {"vi": "", "en": ""}),
        ("name: x", {"vi": "", "en": ""}),
    ],
)
def test_a_description_is_told_by_language(told: str, about: dict[str, str]) -> None:
    assert scenarios.described("x.yaml", told.encode()).about == about
