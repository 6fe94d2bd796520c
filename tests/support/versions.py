"""A second version of the counter's procedure, to which its dossiers may go."""

import json
import re

from engine.actions import deploy
from engine.models.deployment import from_files
from tests.support.counter import FORM, MODEL, PROCEDURE, Counter

SECOND = (
    b'<bpmn:userTask id="second" name="Th\xe1\xba\xa9m \xc4\x91\xe1\xbb\x8bnh"/>'
    b'<bpmn:sequenceFlow id="check_second" sourceRef="check" targetRef="second"/>'
    b'<bpmn:sequenceFlow id="second_wait" sourceRef="second" targetRef="wait"/>'
)


def new_version(counter: Counter, model: bytes | None = None) -> int:
    """A version with a step between the examination and the wait; or *model*."""
    flow = re.compile(rb'<bpmn:sequenceFlow id="check_wait".*?</bpmn:sequenceFlow>')
    assert flow.search(MODEL)
    files = {
        "procedure.yaml": PROCEDURE.encode(),
        "walk.bpmn": model or flow.sub(SECOND, MODEL),
        "check.form": json.dumps(FORM | {"schemaVersion": 2}).encode(),
    }
    return deploy.deploy(counter.store, from_files(files), by="test")
