"""What must hold of every procedure that we ship, whoever draws it."""

from importlib import resources
from pathlib import Path

import pytest

from engine import xml
from engine.models.deployment import Deployment, from_files, read_folder
from engine.models.graph import Node, Process
from engine.models.linting import lint
from engine.models.rules import forms
from engine.runtime import scenarios

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
WAYPOINT = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"
BOUNDS = "{http://www.omg.org/spec/DD/20100524/DC}Bounds"
SHIPPED = Path(str(resources.files("bpmn")))
FOLDERS = sorted(path.parent for path in SHIPPED.glob("*/procedure.yaml"))


@pytest.fixture(params=FOLDERS, ids=lambda path: path.name)
def shipped(request: pytest.FixtureRequest) -> Deployment:
    return read_folder(request.param)


def nodes_of(deployment: Deployment) -> list[Node]:
    return [
        node
        for process in deployment.drawn.values()
        for scope in process.scope.scopes()
        for node in scope.nodes.values()
    ]


def main_of(deployment: Deployment) -> Process:
    return deployment.drawn[deployment.main]


def test_two_procedures_are_shipped() -> None:
    assert {"khai-sinh-lien-thong", "trich-luc-ho-tich"} <= {path.name for path in FOLDERS}


def test_it_is_read_without_a_finding(shipped: Deployment) -> None:
    assert shipped.reading == ()
    assert shipped.procedure is not None
    assert shipped.main in shipped.drawn


def test_every_form_is_used_and_can_be_checked(shipped: Deployment) -> None:
    used = {node.binding.form for node in nodes_of(shipped) if node.type == "userTask"}
    assert used == set(shipped.forms)
    assert forms.findings(shipped) == []


def test_every_work_item_has_a_role_and_every_wait_words_for_the_citizen(shipped: Deployment) -> None:
    for node in nodes_of(shipped):
        if node.type == "userTask":
            assert node.binding.groups, node.id
        if node.type in {"userTask", "receiveTask", "endEvent"}:
            assert node.binding.properties.get("phase"), node.id


def test_every_element_of_the_main_process_is_named_and_stands_in_a_lane(shipped: Deployment) -> None:
    for node in main_of(shipped).scope.nodes.values():
        assert node.lane, node.id
        diverging = "Gateway" in node.type and len(main_of(shipped).scope.outgoing(node.id)) > 1
        if "Gateway" not in node.type or (diverging and node.type == "exclusiveGateway"):
            assert node.name, node.id


def test_nothing_is_found_wrong_with_it(shipped: Deployment) -> None:
    assert lint(shipped) == []


def test_its_scenarios_hold_and_take_every_flow_and_boundary_event(shipped: Deployment) -> None:
    results = [scenarios.run(shipped, name, data) for name, data in shipped.scenarios.items()]
    assert {result.file: result.wrong for result in results if not result.passed} == {}
    covered = scenarios.coverage(shipped, results)
    assert covered.missed == {}
    assert covered.taken == covered.flows > 0


def test_every_choice_has_a_default_so_that_no_token_is_stranded(shipped: Deployment) -> None:
    scope = main_of(shipped).scope
    for node in scope.nodes.values():
        outgoing = scope.outgoing(node.id)
        if node.type == "exclusiveGateway" and len(outgoing) > 1:
            assert node.default in {flow.id for flow in outgoing}, node.id
            assert all(flow.condition for flow in outgoing if flow.id != node.default), node.id


BIRTH, EXTRACT = "khai-sinh-lien-thong", "trich-luc-ho-tich"


@pytest.mark.parametrize(
    ("folder", "old", "new"),
    [
        (BIRTH, b"now(), 7)", b"now(), 6)"),
        (BIRTH, b'name="status" value="8"', b'name="status" value="3"'),
        (BIRTH, b"=civil_status = 2", b"=civil_status = 3"),
        (BIRTH, b'errorCode="REJECTED"', b'errorCode="OTHER"'),
        (BIRTH, b'residence_answer = "registered"', b'residence_answer = "refused"'),
        (BIRTH, b"=round + 1", b"=round"),
        (EXTRACT, b"now(), 1)", b"now(), 2)"),
        (EXTRACT, b'name="status" value="8"', b'name="status" value="3"'),
        (EXTRACT, b"message.confirmed = true", b"message.confirmed != false"),
        (EXTRACT, b'dossier.channel = "online"', b'dossier.channel = "post"'),
        (EXTRACT, b"else draft_number + 1", b"else draft_number"),
        (EXTRACT, b'answer = "outdated"', b'answer = "never"'),
    ],
)
def test_a_spoiled_model_fails_its_scenarios(folder: str, old: bytes, new: bytes) -> None:
    files = dict(read_folder(SHIPPED / folder).files)
    model = files[f"{folder}.bpmn"]
    assert old in model
    files[f"{folder}.bpmn"] = model.replace(old, new)
    spoiled = from_files(files)
    assert not all(scenarios.run(spoiled, name, data).passed for name, data in spoiled.scenarios.items())


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*/*.bpmn")), ids=lambda path: path.name)
def test_everything_is_drawn_where_an_editor_looks_for_it(file: Path) -> None:
    root = xml.parse(file.read_bytes())
    drawn = {shape.get("bpmnElement"): shape for shape in root.iter(DI + "BPMNShape", DI + "BPMNEdge")}
    for flow in root.iter(BPMN + "sequenceFlow"):
        assert len(list(drawn[flow.get("id")].iter(WAYPOINT))) >= 2
    for lane in root.iter(BPMN + "lane", BPMN + "participant"):
        assert drawn[lane.get("id")].find(BOUNDS) is not None
        for reference in lane.iterchildren(BPMN + "flowNodeRef"):
            assert _lies_within(drawn[reference.text], drawn[lane.get("id")]), reference.text


def _lies_within(inner: object, outer: object) -> bool:
    x, y, width, height = _box(inner)
    left, top, wide, high = _box(outer)
    return left <= x and top <= y and x + width <= left + wide and y + height <= top + high


def _box(shape: object) -> tuple[float, ...]:
    bounds = shape.find(BOUNDS)  # type: ignore[attr-defined]
    return tuple(float(bounds.get(name)) for name in ("x", "y", "width", "height"))


@pytest.mark.parametrize("form_id", ["examination", "examination-again"])
def test_the_officer_can_ask_for_every_paper_and_for_no_other(form_id: str) -> None:
    shipped = read_folder(SHIPPED / "khai-sinh-lien-thong")
    assert shipped.procedure is not None
    form = shipped.forms[form_id]
    assert isinstance(form, dict)
    missing = next(part for part in form["components"] if part.get("key") == "missing")  # type: ignore[union-attr]
    asked = {option["value"] for option in missing["values"]}  # type: ignore[index, union-attr]
    assert asked == {document.code for document in shipped.procedure.documents} | {"DATA"}
