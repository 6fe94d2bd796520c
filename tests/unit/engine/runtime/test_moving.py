"""A token moved by hand: what was open for it ends, the target begins, and all else stays as it was."""

import pytest
from walks import Walk, bpmn, flows, message, node, service, timer

from engine.runtime import moving
from engine.runtime.moving import Stand
from engine.runtime.progress import Moved

S, E = node("startEvent", "s"), node("endEvent", "e")
ROW = S + service("a") + node("userTask", "b") + service("c") + E + flows("s a b c e")


def stands(walk: Walk) -> dict[str, Stand]:
    return {one.element: one for one in moving.stands(walk.model.deployment, walk.last.state)}


def move(walk: Walk, origin: str, target: str) -> bool:
    task = stands(walk)[origin].task
    return walk.happen(Moved(task=task, origin=origin, target=target)).applied


def test_forward_leaves_steps_out_and_ends_what_was_open() -> None:
    walk = Walk(bpmn(ROW))
    assert move(walk, "a", "c")
    assert (walk.still_open(), walk.cancelled) == ({"c"}, ["a"])
    walk.settle("c")
    assert walk.ended
    assert "b" not in walk.completed


def test_back_does_a_step_again_as_a_new_call_with_the_variables_of_now() -> None:
    walk = Walk(bpmn(ROW))
    first = walk.open("a")
    walk.settle("a")
    assert move(walk, "b", "a")
    assert walk.open("a") != first
    walk.settle("a")
    walk.done("b")
    walk.settle("c")
    assert walk.ended


def test_the_same_step_can_begin_anew() -> None:
    walk = Walk(bpmn(ROW))
    first = walk.open("a")
    assert move(walk, "a", "a")
    assert walk.open("a") != first
    assert walk.still_open() == {"a"}


def test_targets_are_steps_of_the_same_scope_that_a_flow_leads_to() -> None:
    inside = node("startEvent", "is") + node("userTask", "i") + node("endEvent", "ie") + flows("is i ie")
    late = node("boundaryEvent", "late", timer("PT1H"), attachedToRef="sub") + node("endEvent", "le")
    body = S + node("exclusiveGateway", "g") + node("subProcess", "sub", inside) + late + E
    walk = Walk(bpmn(body + flows("s g sub e", "late le")))
    found = stands(walk)
    assert set(found) == {"sub", "i"}
    assert list(found["sub"].targets) == ["sub", "le", "e"]
    assert list(found["i"].targets) == ["i", "ie"]
    assert len(found["sub"].ends) == 3  # itself, its timer, and what is inside
    assert move(walk, "sub", "le")
    assert walk.ended
    assert walk.still_open() == set()
    assert set(walk.cancelled) == {"i", "sub"}


def test_a_branch_that_leaves_its_join_behind_starves_it_and_that_is_told() -> None:
    body = S + node("parallelGateway", "f") + node("userTask", "x") + node("userTask", "y")
    body += node("parallelGateway", "j") + E
    walk = Walk(bpmn(body + flows("s f x j e", "f y j")))
    walk.done("x")
    assert move(walk, "y", "e")
    assert walk.parked == [("j", "join-starved")]
    assert not walk.ended
    assert move(walk, "j", "e")
    assert walk.ended


def test_a_parked_token_can_be_moved_and_its_fault_ends() -> None:
    walk = Walk(
        bpmn(S + service("a", inputs={"n": "=1 + true"}) + node("userTask", "b") + E + flows("s a b e"))
    )
    assert [element for element, _ in walk.parked] == ["a"]
    assert move(walk, "a", "b")
    assert walk.still_open() == {"b"}


@pytest.mark.parametrize(
    ("origin", "target"), [("a", "s"), ("a", "nowhere"), ("b", "c"), ("a", "g"), ("a", "late")]
)
def test_what_cannot_be_changes_nothing(origin: str, target: str) -> None:
    late = node("boundaryEvent", "late", timer("PT1H"), attachedToRef="a")
    walk = Walk(bpmn(ROW + node("exclusiveGateway", "g") + late + flows("late g b")))
    before = walk.last.state
    task = stands(walk)["a"].task
    assert not walk.happen(Moved(task=task, origin=origin, target=target)).applied
    assert walk.last.state == before
    walk.settle("a")
    assert not walk.happen(Moved(task=task, origin="a", target="c")).applied


def test_a_choice_of_a_gateway_is_moved_with_all_its_choices() -> None:
    catch = '<bpmn:messageEventDefinition messageRef="M"/>'
    body = S + node("eventBasedGateway", "g") + node("intermediateCatchEvent", "m", catch)
    body += node("intermediateCatchEvent", "t", timer("PT1H")) + node("userTask", "b") + E
    walk = Walk(bpmn(body + flows("s g m b e", "g t e"), message("M")))
    assert set(stands(walk)) == {"g"}
    assert move(walk, "g", "m")
    assert walk.still_open() == {"m"}
    walk.message("m")
    walk.done("b")
    assert walk.ended
