"""The stored form: equal graphs have equal bytes, and an instance runs from them as from the XML."""

import pytest
from walks import Walk, bpmn, flows, node, service, timer, when

from engine.errors import ModelUnreadable
from engine.models import canonical
from engine.models.deployment import from_files, restored
from engine.models.rewriting import SPLIT

S, E = node("startEvent", "s"), node("endEvent", "e")
INSIDE = node("startEvent", "is") + service("i") + node("endEvent", "ie") + flows("is i ie")
MODEL = bpmn(
    S
    + service("a", {"x": "=1"}, {"y": "=reply"})
    + node("subProcess", "sub", INSIDE)
    + node("boundaryEvent", "late", timer("PT1H"), attachedToRef="sub")
    + node("task", "b")
    + E
    + flows("s a sub", "late e", "sub b e")
    + when("sub", "e", "=y = 1")
)


def test_reading_back_gives_the_same_processes_and_the_same_bytes() -> None:
    deployment = from_files({"m.bpmn": MODEL})
    read = canonical.read(deployment.canonical["m.bpmn"], file="m.bpmn")
    assert read == deployment.processes
    assert canonical.write(read) == deployment.canonical["m.bpmn"]


def test_a_restored_deployment_runs_from_the_stored_form_alone() -> None:
    fresh = from_files({"m.bpmn": MODEL})
    stored = restored({"m.bpmn": b"no longer readable"}, fresh.canonical, fresh.rewriter)
    walk = Walk(stored)
    walk.settle("a", 1)
    walk.settle("i")
    assert walk.ended
    assert walk.completed.count("b") == 1


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ModelUnreadable):
        canonical.read(b'{"format": 99}', file="m.bpmn")


def test_what_rewriting_adds_is_synthetic() -> None:
    deployment = from_files({"m.bpmn": MODEL})
    added = deployment.processes["p"].scope.nodes["sub" + SPLIT]
    assert added.synthetic
    assert added.type == "inclusiveGateway"
    assert "sub" + SPLIT not in deployment.drawn["p"].scope.nodes


def test_the_hash_tells_contents_apart() -> None:
    one, other = from_files({"m.bpmn": MODEL}), from_files({"m.bpmn": MODEL + b"\n"})
    assert one.hash != other.hash
    assert one.hash == from_files({"m.bpmn": MODEL}).hash
    assert set(one.hashes()) == {"m.bpmn"}
