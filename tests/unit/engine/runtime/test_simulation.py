"""Simulated walks: a virtual clock, a world that answers, and everything that completes in order."""

import time

from walks import bpmn, flows, message, node, service, timer, when

from engine.exchange.ports import Json
from engine.models.deployment import from_files
from engine.runtime.limits import Limits
from engine.runtime.simulation import Letter, Simulation, Walked, World, dossier_of

S, E = node("startEvent", "s"), node("endEvent", "e")
U = node("userTask", "u")
CATCH = node("intermediateCatchEvent", "c", '<bpmn:messageEventDefinition messageRef="M"/>')


def _walk(model: bytes, world: World | None = None, **data: Json) -> Walked:
    deployment = from_files({"m.bpmn": model})
    return Simulation(
        deployment, "p", dossier=dossier_of(deployment, data), variables=data, world=world or World()
    ).run()


def test_everything_completes_at_once_and_gateways_are_listed() -> None:
    body = S + node("parallelGateway", "f") + service("a") + U + node("parallelGateway", "j") + E
    walk = _walk(bpmn(body + flows("s f a j e", "f u j")))
    assert walk.completed == ["s", "f", "a", "u", "j", "e"]
    assert (walk.ended, walk.waiting, walk.error) == (True, [], None)


def test_what_takes_longer_completes_later_plain_tasks_too() -> None:
    body = (
        S
        + node("parallelGateway", "f")
        + service("a")
        + node("task", "b")
        + U
        + node("parallelGateway", "j")
        + E
    )
    world = World(took={"a": "PT3H", "b": "PT2H", "u": "PT1H"})
    walk = _walk(bpmn(body + flows("s f a j e", "f b j", "f u j")), world)
    assert walk.completed == ["s", "f", "u", "b", "a", "j", "e"]


def test_a_sub_process_is_listed_after_its_inside() -> None:
    inside = node("startEvent", "is") + service("i") + node("endEvent", "ie") + flows("is i ie")
    walk = _walk(bpmn(S + node("subProcess", "sub", inside) + E + flows("s sub e")))
    assert walk.completed == ["s", "is", "i", "ie", "sub", "e"]


def test_a_timer_fires_when_the_clock_reaches_it_and_not_before() -> None:
    boundary = node("boundaryEvent", "b", timer("PT2H"), attachedToRef="u")
    model = bpmn(S + U + boundary + node("endEvent", "late") + E + flows("s u e", "b late"))
    assert _walk(model).completed == ["s", "u", "e"]
    slow = _walk(model, World(took={"u": "PT3H"}))
    assert slow.completed == ["s", "b", "late"]
    assert (slow.at - _walk(model).at).total_seconds() == 2 * 3600


def test_a_fault_and_a_reply_come_from_the_world() -> None:
    error = '<bpmn:error id="X" name="x" errorCode="x"/>'
    boundary = node("boundaryEvent", "b", '<bpmn:errorEventDefinition errorRef="X"/>', attachedToRef="a")
    body = S + service("a", outputs={"n": "=reply.n"}) + boundary + node("endEvent", "no")
    body += node("exclusiveGateway", "g", default="g-no") + E
    model = bpmn(body + flows("s a g no", "b no") + when("g", "e", "=n = 1"), error)
    assert _walk(model, World(replies={"a": [{"n": 1}]})).completed == ["s", "a", "g", "e"]
    assert _walk(model, World(faults={"a": ["x"]})).completed == ["s", "b", "no"]
    assert _walk(model, World(faults={"a": ["other"]})).error == "a: other: the partner refused"


def test_an_early_message_is_kept_and_one_for_another_key_is_not_taken() -> None:
    model = bpmn(S + U + CATCH + E + flows("s u c e"), message("M", "m", "=n"))
    early = World(took={"u": "PT2H"}, letters=[Letter(name="m", at="PT1H", key="7")])
    assert _walk(model, early, n="7").ended
    other = _walk(model, World(letters=[Letter(name="m", key="8")]), n="7")
    assert (other.ended, other.waiting) == (False, ["c"])


def test_a_walk_that_cannot_go_on_says_where_it_waits_and_why() -> None:
    body = S + node("exclusiveGateway", "g", default="g-e") + U + E
    walk = _walk(bpmn(body + flows("s g e", "u e") + when("g", "u", "=n > 1")), n="one")
    assert (walk.ended, walk.waiting) == (False, ["g"])
    assert str(walk.error).startswith("g: feel-evaluation")


def test_a_walk_that_never_ends_is_stopped() -> None:
    body = (
        S
        + node("exclusiveGateway", "m")
        + node("task", "x")
        + node("exclusiveGateway", "g", default="g-m")
        + E
    )
    walk = _walk(bpmn(body + flows("s m x g m") + when("g", "e", "=false")))
    assert walk.error == "timeout"


def test_variables_named_like_functions_are_variables() -> None:
    body = S + node("exclusiveGateway", "g", default="g-e") + U + E
    walk = _walk(bpmn(body + flows("s g e", "u e") + when("g", "u", "=count > 1")), count=2)
    assert walk.completed == ["s", "g", "u", "e"]


def test_a_walk_stops_at_the_limit_that_it_is_given() -> None:
    circle = node("startEvent", "s") + node("exclusiveGateway", "in") + node("task", "t")
    circle += node("exclusiveGateway", "out", default="out-e") + E
    model = bpmn(circle + flows("s in t out e") + when("out", "in", "=true"))
    deployment = from_files({"m.bpmn": model})
    dossier = dossier_of(deployment, {})
    begin = time.monotonic()
    limits = Limits(steps=10**9, seconds=0.3)
    walk = Simulation(deployment, "p", dossier=dossier, variables={}, world=World(), limits=limits).run()
    assert walk.error == "timeout"
    assert len(walk.completed) == len(walk.times) > 100
    assert 0.3 <= time.monotonic() - begin < 20, "and not at the 30 s of those that are given none"
