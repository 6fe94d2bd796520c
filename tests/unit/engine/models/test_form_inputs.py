"""What a user task's inputs and its form say of each other is judged at deployment."""

import json

import pytest
from walks import bpmn, flows, mapping, node, zeebe

from engine.models.deployment import from_files
from engine.models.linting import lint

FORM = {
    "id": "ask",
    "components": [
        {"type": "textfield", "key": "name"},
        {"type": "select", "key": "office", "valuesKey": "offices"},
    ],
}


def told(**inputs: str) -> list[tuple[str, str]]:
    task = zeebe(
        '<zeebe:assignmentDefinition candidateGroups="officer"/><zeebe:formDefinition formId="ask"/>'
        + mapping(inputs)
    )
    body = node("startEvent", "s") + node("userTask", "a", task) + node("endEvent", "e") + flows("s a e")
    found = lint(from_files({"m.bpmn": bpmn(body), "ask.form": json.dumps(FORM).encode()}))
    return [(str(one.severity), one.message) for one in found if one.rule in ("form-input", "form-component")]


def test_inputs_for_fields_and_options_are_taken_without_a_word() -> None:
    assert told(name="=dossier.data.name", offices='=["H56", "H57"]') == []


def test_options_that_no_input_gives_are_refused() -> None:
    ((severity, message),) = told(name="=1")
    assert severity == "error"
    assert "from `offices`, which is no input of this task" in message


@pytest.mark.parametrize("name", ["title", "office_"])
def test_an_input_that_the_form_does_not_read_is_told(name: str) -> None:
    ((severity, message),) = told(offices="=[1]", **{name: "=1"})
    assert severity == "warning"
    assert f"`{name}` is neither a field of the form nor options of one" in message
