"""Events and scopes together: what interrupts what, and that nothing is left open."""

import pytest
from walks import Walk, bpmn, flows, message, node, script, service, timer, when, zeebe

S, E, LATE = node("startEvent", "s"), node("endEvent", "e"), node("endEvent", "late")
U = node("userTask", "u")
MESSAGE = '<bpmn:messageEventDefinition messageRef="M"/>'
INSIDE = (
    node("startEvent", "is")
    + node("userTask", "i")
    + service("c")
    + node("endEvent", "ie")
    + flows("is i c ie")
)
SUB = node("subProcess", "sub", INSIDE)


def _error(code: str) -> str:
    return f'<bpmn:error id="{code}" name="{code}" errorCode="{code}"/>'


def _catch(code: str, host: str) -> str:
    return node(
        "boundaryEvent", "on" + code, f'<bpmn:errorEventDefinition errorRef="{code}"/>', attachedToRef=host
    )


def test_a_timer_on_a_sub_process_ends_all_that_is_open_inside() -> None:
    boundary = node("boundaryEvent", "b", timer("PT1H"), attachedToRef="sub")
    walk = Walk(bpmn(S + SUB + boundary + LATE + E + flows("s sub e", "b late")))
    assert walk.still_open() == {"i", "b"}
    walk.fire("b")
    assert walk.ended
    assert walk.still_open() == set()
    assert walk.cancelled == ["i", "sub"]


def test_a_message_that_does_not_interrupt_may_come_again_and_again() -> None:
    boundary = node("boundaryEvent", "b", MESSAGE, attachedToRef="u", cancelActivity="false")
    walk = Walk(
        bpmn(S + U + boundary + node("task", "x") + LATE + E + flows("s u e", "b x late"), message("M"))
    )
    for _ in range(3):
        walk.message("b")
    assert walk.completed.count("x") == 3
    walk.done("u")
    assert walk.ended
    assert walk.still_open() == set()


def test_an_escalation_that_does_not_interrupt_lets_the_inside_go_on() -> None:
    escalation = '<bpmn:escalation id="X" name="x" escalationCode="x"/>'
    event = '<bpmn:escalationEventDefinition escalationRef="X"/>'
    inside = node("startEvent", "is") + node("intermediateThrowEvent", "throw", event) + node("userTask", "i")
    sub = node("subProcess", "sub", inside + node("endEvent", "ie") + flows("is throw i ie"))
    boundary = node("boundaryEvent", "b", event, attachedToRef="sub", cancelActivity="false")
    walk = Walk(
        bpmn(S + sub + boundary + node("task", "x") + LATE + E + flows("s sub e", "b x late"), escalation)
    )
    assert walk.completed == ["s", "is", "throw", "b", "x", "late"]
    walk.done("i")
    assert walk.ended


def test_a_condition_is_met_when_another_branch_makes_it_true() -> None:
    condition = "<bpmn:conditionalEventDefinition><bpmn:condition>=n = 1</bpmn:condition></bpmn:conditionalEventDefinition>"
    body = S + node("parallelGateway", "f") + node("intermediateCatchEvent", "w", condition) + U
    walk = Walk(bpmn(body + script("set", "1", "n") + E + flows("s f w e", "f u set e")))
    assert "w" not in walk.completed
    walk.done("u")
    assert walk.ended
    assert "w" in walk.completed


def test_cancelling_a_transaction_leaves_by_its_cancel_event() -> None:
    cancel = "<bpmn:cancelEventDefinition/>"
    inside = (
        node("startEvent", "is")
        + node("parallelGateway", "f")
        + node("userTask", "i")
        + node("userTask", "stop")
    )
    inside += node("endEvent", "ie") + node("endEvent", "ce", cancel) + flows("is f i ie", "f stop ce")
    body = (
        S
        + node("transaction", "t", inside)
        + node("boundaryEvent", "b", cancel, attachedToRef="t")
        + LATE
        + E
    )
    walk = Walk(bpmn(body + flows("s t e", "b late")))
    walk.done("stop")
    assert walk.ended
    assert walk.completed[-3:] == ["ce", "b", "late"]
    assert walk.cancelled == ["i", "t"]


def test_terminating_a_sub_process_ends_only_that() -> None:
    stop = node("endEvent", "stop", "<bpmn:terminateEventDefinition/>")
    inside = (
        node("startEvent", "is")
        + node("parallelGateway", "f")
        + node("userTask", "i")
        + node("task", "x")
        + stop
    )
    inside += node("endEvent", "ie") + flows("is f i ie", "f x stop")
    walk = Walk(bpmn(S + node("subProcess", "sub", inside) + U + E + flows("s sub u e")))
    assert walk.cancelled == ["i"]
    assert walk.still_open() == {"u"}
    assert walk.completed[-1] == "sub"


def test_a_fault_inside_a_called_process_arrives_at_the_call() -> None:
    child = node(
        "process",
        "child",
        node("startEvent", "cs") + service("c") + node("endEvent", "ce") + flows("cs c ce"),
        isExecutable="true",
    )
    call = node("callActivity", "call", zeebe('<zeebe:calledElement processId="child"/>'))
    model = bpmn(S + call + _catch("X", "call") + LATE + E + flows("s call e", "onX late"), _error("X"))
    walk = Walk(model.replace(b"</bpmn:definitions>", child.encode() + b"</bpmn:definitions>"))
    assert walk.calls[0].faults == ("X",)
    walk.settle("c", fault="X")
    assert walk.ended
    assert walk.completed[-2:] == ["onX", "late"]


def test_an_error_goes_to_the_nearest_handler() -> None:
    inner = (
        node("subProcess", "in", INSIDE)
        + _catch("X", "in")
        + node("startEvent", "os")
        + node("endEvent", "oe")
    )
    outer = node("subProcess", "out", inner + node("userTask", "after") + flows("os in oe", "onX after oe"))
    body = (
        S
        + outer
        + node("boundaryEvent", "any", "<bpmn:errorEventDefinition/>", attachedToRef="out")
        + LATE
        + E
    )
    walk = Walk(bpmn(body + flows("s out e", "any late"), _error("X")))
    walk.done("i")
    assert walk.calls[0].faults == ("*", "X")
    walk.settle("c", fault="X")
    assert walk.still_open() == {"after"}
    other = Walk(bpmn(body + flows("s out e", "any late"), _error("X")))
    other.done("i")
    other.settle("c", fault="Y")
    assert other.completed[-2:] == ["any", "late"]
    assert other.still_open() == set()


def test_an_event_sub_process_handles_an_error_inside_its_own_scope() -> None:
    start = node("startEvent", "es", '<bpmn:errorEventDefinition errorRef="X"/>')
    handler = node(
        "subProcess",
        "h",
        start + node("task", "mend") + node("endEvent", "ee") + flows("es mend ee"),
        triggeredByEvent="true",
    )
    walk = Walk(bpmn(S + service("c") + U + E + handler + flows("s c u e"), _error("X")))
    assert walk.calls[0].faults == ("X",)
    walk.settle("c", fault="X")
    assert walk.ended
    assert walk.completed == ["s", "es", "mend", "ee", "h"]


def test_a_fault_reads_its_code_in_the_outputs_of_the_boundary_event() -> None:
    outputs = zeebe(
        '<zeebe:ioMapping><zeebe:output source="=error.code + error.message" target="why"/></zeebe:ioMapping>'
    )
    boundary = node("boundaryEvent", "b", outputs + "<bpmn:errorEventDefinition/>", attachedToRef="c")
    walk = Walk(
        bpmn(
            S
            + service("c")
            + boundary
            + service("tell", {"why": "=why"})
            + E
            + LATE
            + flows("s c e", "b tell late")
        )
    )
    walk.settle("c", fault="X1")
    assert walk.calls[-1].inputs == {"why": "X1"}


def test_an_inclusive_join_in_a_loop_waits_only_for_tokens_that_can_come() -> None:
    body = (
        S
        + script("init", "0", "n")
        + node("exclusiveGateway", "m")
        + node("inclusiveGateway", "o", default="o-a")
    )
    body += node("userTask", "a") + U + node("inclusiveGateway", "j") + script("up", "n + 1", "n")
    body += node("exclusiveGateway", "g", default="g-e") + E
    model = bpmn(
        body
        + flows("s init m o a j up g e", "u j")
        + when("o", "u", "=n = 0")
        + when("o", "j", "=true")
        + when("g", "m", "=n < 2")
    )
    walk = Walk(model)
    assert walk.still_open() == {"u"}
    walk.done("u")
    assert walk.ended
    assert walk.completed.count("up") == 2


@pytest.mark.parametrize("kind", ["message", "timer"])
def test_retrying_a_parked_wait_arms_it_once(kind: str) -> None:
    event = MESSAGE if kind == "message" else timer("=dossier.data.when")
    catch = node("intermediateCatchEvent", "w", event)
    model = bpmn(S + catch + E + flows("s w e"), message("M", "m", "=dossier.data.key"))
    walk = Walk(model)
    assert walk.parked == [("w", "feel-evaluation")]
    walk.data.update(key="k", when="PT1H")
    walk.resolve("w", "retry")
    assert walk.still_open() == {"w"}
    (walk.message if kind == "message" else walk.fire)("w")
    assert walk.ended
    assert walk.still_open() == set()


def test_retrying_a_task_whose_boundary_could_not_be_armed_arms_everything_once() -> None:
    first = node("boundaryEvent", "b1", timer("PT1H"), attachedToRef="u")
    second = node("boundaryEvent", "b2", timer("=dossier.data.when"), attachedToRef="u")
    walk = Walk(bpmn(S + U + first + second + LATE + E + flows("s u e", "b1 late", "b2 late")))
    assert walk.parked == [("u", "feel-evaluation")]
    walk.data.update(when="PT2H")
    walk.resolve("u", "retry")
    assert walk.still_open() == {"u", "b1", "b2"}
    assert [c.element for c in walk.changes if getattr(c, "what", "") == "entered"] == ["u"]
    walk.done("u")
    assert walk.ended
    assert walk.still_open() == set()


def test_a_receive_task_with_boundaries_lets_go_of_all_of_them() -> None:
    receive = node("receiveTask", "r", messageRef="M")
    boundary = node("boundaryEvent", "b", timer("PT1H"), attachedToRef="r")
    walk = Walk(bpmn(S + receive + boundary + LATE + E + flows("s r e", "b late"), message("M")))
    walk.message("r", {"x": 1})
    assert walk.ended
    assert walk.still_open() == set()
