"""The interpreter: instances move from bytes to bytes and say everything that came about."""

from pathlib import Path

import orjson
import pytest
from walks import Walk, bpmn, flows, mapping, message, node, script, service, timer, when, zeebe

from engine.errors import LimitExceeded, ModelInvalid, StateUnreadable
from engine.models.deployment import from_files
from engine.runtime.interpreter import SpiffInterpreter
from engine.runtime.limits import Limits
from engine.runtime.progress import (
    CallOpened,
    CallSettled,
    Cancelled,
    Closed,
    InstanceRef,
    Resolved,
    TimerFired,
    TimerOpened,
    WaitOpened,
    WorkItemDone,
    WorkItemOpened,
)

FIFTEEN = (Path(__file__).parents[3] / "data" / "fifteen.bpmn").read_bytes()
S, E = node("startEvent", "s"), node("endEvent", "e")
A, B = node("userTask", "a"), node("userTask", "b")
EMPTY = node("task", "x")


@pytest.mark.parametrize("cached", [False, True], ids=["cold", "from the cache"])
def test_the_fifteen_node_procedure_runs_to_its_end(cached: bool) -> None:
    walk = Walk(FIFTEEN, process="fifteen", cached=cached)
    walk.settle("identify", {"known": True})
    walk.done("assess", amount=150)
    walk.settle("register-large")
    walk.settle("reside", {"place": "P"})
    walk.settle("insure", {"card": "C"})
    walk.message("answered", {"number": 7})
    walk.settle("inform")
    walk.done("sign")
    walk.settle("deliver")
    assert walk.ended
    assert walk.parked == []
    assert walk.still_open() == set()
    assert walk.data == {"number": 7}
    assert walk.calls[-1].inputs == {"code": "H1", "card": "C", "place": "P"}
    assert walk.calls[-2].inputs == {"code": "H1", "number": 7}
    wanted = "start identify assess register-large reside insure answered inform sign deliver end"
    assert walk.completed == wanted.split()


def test_the_state_does_not_grow_with_what_has_happened() -> None:
    body = S + A + B + node("exclusiveGateway", "g", default="g-a") + E
    walk = Walk(bpmn(body + flows("s a b g a") + when("g", "e", "=false")))
    walk.done("a")
    size = len(walk.last.state)
    for _ in range(50):
        walk.done("b")
        walk.done("a")
    assert len(walk.last.state) <= size + 8


def test_an_interrupting_timer_ends_the_work_item() -> None:
    walk = Walk(FIFTEEN, process="fifteen")
    walk.settle("identify", {"known": True})
    walk.fire("forgotten")
    assert walk.ended
    assert walk.cancelled == ["assess"]
    assert walk.completed[-2:] == ["forgotten", "given-up"]
    assert walk.still_open() == set()


def test_a_late_happening_changes_nothing() -> None:
    walk = Walk(FIFTEEN, process="fifteen")
    walk.settle("identify", {"known": True})
    late = TimerFired(task=walk.open("forgotten"))
    item = walk.open("assess")
    walk.done("assess", amount=1)
    before = walk.last.state
    for happening in (late, WorkItemDone(task=item, data={}), CallSettled(task="t99", reply=None)):
        progress = walk.happen(happening)
        assert (progress.applied, progress.changes, progress.state) == (False, (), before)


def test_a_happening_of_the_wrong_kind_is_not_applied() -> None:
    walk = Walk(FIFTEEN, process="fifteen")
    call = walk.open("identify")
    assert not walk.happen(WorkItemDone(task=call, data={})).applied
    assert not walk.happen(TimerFired(task=call)).applied
    assert walk.settle("identify", {}).applied


def test_cancelling_ends_everything_at_once() -> None:
    walk = Walk(bpmn(S + A + B + node("parallelGateway", "f") + flows("s f a", "f b")))
    progress = walk.happen(Cancelled(reason="withdrawn"))
    assert progress.ended
    assert walk.still_open() == set()
    assert sorted(walk.cancelled) == ["a", "b"]
    assert not walk.happen(Cancelled(reason="again")).applied


def test_nothing_of_a_reply_is_kept_unless_it_is_mapped() -> None:
    walk = Walk(bpmn(S + service("a") + service("b", {"n": "=dossier.data.figure"}) + E + flows("s a b e")))
    walk.settle("a", {"figure": 1})
    assert walk.calls[-1].inputs == {"n": None}


def test_outputs_to_the_dossier_are_written_and_seen_at_once() -> None:
    outputs = {"dossier.number": "=reply.n", "twice": "=2 * reply.n"}
    body = S + service("a", outputs=outputs) + service("b", {"n": "=dossier.data.number", "t": "=twice"}) + E
    walk = Walk(bpmn(body + flows("s a b e")), data={"kept": 1})
    progress = walk.settle("a", {"n": 21})
    assert progress.writes == {"number": 21}
    assert walk.calls[-1].inputs == {"n": 21, "t": 42}


def test_a_script_is_feel_and_its_numbers_are_exact() -> None:
    body = S + script("a", "0.1 + 0.2", "sum") + service("b", {"sum": "=sum", "same": "=sum = 0.3"}) + E
    walk = Walk(bpmn(body + flows("s a b e")))
    assert walk.calls[-1].inputs == {"sum": 0.3, "same": True}


# -- joins ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_join_loses_no_update_whatever_branch_ends_last(order: str) -> None:
    a = node("userTask", "a", zeebe(mapping(outputs={"n": "=form.n", "list": "=[1, 1, 2, 3]"})))
    body = S + script("init", "0", "n") + node("parallelGateway", "f") + a + B
    body += node("parallelGateway", "j") + service("z", {"n": "=n", "list": "=list"}) + E
    walk = Walk(bpmn(body + flows("s init f a j z e", "f b j")))
    for task in order:
        walk.done(task, n=1)
    assert walk.calls[-1].inputs == {"n": 1, "list": [1, 1, 2, 3]}


def test_a_branch_does_not_see_what_another_one_changed_before_the_join() -> None:
    a = node("userTask", "a", zeebe(mapping(outputs={"deep": "={v: 99}"})))
    body = S + script("init", "{v: 1}", "deep") + node("parallelGateway", "f") + a + B
    body += service("late", {"v": "=deep.v"}) + node("parallelGateway", "j") + E
    walk = Walk(bpmn(body + flows("s init f a j e", "f b late j")))
    walk.done("a")
    walk.done("b")
    assert walk.calls[-1].inputs == {"v": 1}


def test_a_loop_with_a_fork_and_a_join_in_it_turns_a_hundred_times() -> None:
    body = S + script("init", "0", "n") + node("exclusiveGateway", "m") + node("parallelGateway", "f")
    body += (
        script("a", "n", "x")
        + script("b", "1", "y")
        + node("parallelGateway", "j")
        + script("c", "n + y", "n")
    )
    body += node("exclusiveGateway", "g", default="g-e") + E
    walk = Walk(bpmn(body + flows("s init m f a j c g e", "f b j") + when("g", "m", "=n < 100")))
    assert walk.ended
    assert walk.completed.count("c") == 100


def test_a_join_that_can_never_be_complete_parks_and_can_be_skipped() -> None:
    body = S + node("exclusiveGateway", "g", default="g-b") + EMPTY + node("task", "b")
    body += node("parallelGateway", "j") + E
    walk = Walk(bpmn(body + when("g", "x", "=false") + flows("g b j e", "s g", "x j")))
    assert walk.parked == [("j", "join-starved")]
    assert "x-j" in str(walk.changes[-1])
    walk.resolve("j", "skip")
    assert walk.ended


def test_the_join_waits_for_all_branches_to_end_not_to_succeed() -> None:
    error = '<bpmn:error id="E" name="refused" errorCode="refused"/>'
    body = S + node("parallelGateway", "f") + service("a") + service("b") + node("exclusiveGateway", "m")
    body += node("boundaryEvent", "no", '<bpmn:errorEventDefinition errorRef="E"/>', attachedToRef="b")
    body += node("parallelGateway", "j") + E
    walk = Walk(bpmn(body + flows("s f a j e", "f b m j", "no m"), error))
    assert walk.calls[-1].faults == ("refused",)
    walk.settle("b", fault="refused")
    assert not walk.ended
    walk.settle("a")
    assert walk.ended


# -- model errors -----------------------------------------------------------------------------------


def _gate(condition: str) -> bytes:
    body = (
        S
        + node("parallelGateway", "f")
        + script("v", '"1"', "v")
        + node("exclusiveGateway", "g", default="g-x")
    )
    body += EMPTY + node("endEvent", "e2") + A + E
    return bpmn(body + flows("s f v g x e2", "f a e") + when("g", "e2", condition))


@pytest.mark.parametrize("condition", ["=v", "=missing", "=v + 1 > 2", "=null"])
def test_a_condition_that_is_not_boolean_parks_its_token_only(condition: str) -> None:
    walk = Walk(_gate(condition))
    assert [element for element, _ in walk.parked] == ["g"]
    assert walk.completed == ["s", "v"]
    assert walk.done("a").applied
    assert not walk.ended


def test_a_parked_gateway_is_retried_after_its_variable_was_put_right_or_skipped_along_a_flow() -> None:
    walk = Walk(_gate("=v"))
    assert not walk.resolve("g", "retry").ended
    assert len(walk.parked) == 2
    assert walk.resolve("g", "skip", flow="g-e2").applied
    walk.done("a")
    assert walk.ended
    assert "x" not in walk.completed


def test_an_output_that_fails_keeps_the_reply_for_the_retry() -> None:
    walk = Walk(
        bpmn(
            S + service("a", outputs={"n": "=reply.n + 1"}) + service("b", {"n": "=n"}) + E + flows("s a b e")
        )
    )
    walk.settle("a", {"n": "one"})
    assert [element for element, _ in walk.parked] == ["a"]
    assert walk.last.applied
    walk.resolve("a", "retry")
    assert len(walk.parked) == 2
    walk.resolve("a", "skip", n=5)
    assert walk.calls[-1].inputs == {"n": 5}


def test_a_fault_that_nobody_catches_parks_and_a_retry_calls_again() -> None:
    walk = Walk(bpmn(S + service("a") + E + flows("s a e")))
    walk.settle("a", fault="E7")
    assert walk.parked == [("a", "E7")]
    assert not walk.happen(CallSettled(task=walk.calls[0].task, reply=1)).applied
    walk.resolve("a", "retry")
    assert [call.task for call in walk.calls] == [walk.calls[0].task] * 2
    walk.settle("a", {})
    assert walk.ended


def test_an_act_that_does_not_exist_or_a_task_that_is_not_stuck_is_not_applied() -> None:
    walk = Walk(bpmn(S + A + service("c") + E + flows("s a c e")))
    assert not walk.happen(Resolved(task=walk.open("a"), act="retry")).applied
    walk.done("a")
    walk.settle("c", fault="E7")
    assert not walk.resolve("c", "explode").applied
    assert walk.resolve("c", "skip").ended


@pytest.mark.parametrize(("act", "calls", "ended"), [("retry", 2, False), ("skip", 1, True)])
def test_a_call_that_waits_can_be_made_again_or_skipped(act: str, calls: int, ended: bool) -> None:
    walk = Walk(bpmn(S + service("c") + E + flows("s c e")))
    progress = walk.happen(Resolved(task=walk.open("c"), act=act))
    assert (len(walk.calls), progress.ended) == (calls, ended)


# -- events -----------------------------------------------------------------------------------------


def test_of_two_timers_at_an_event_based_gateway_the_earlier_one_can_fire() -> None:
    body = S + node("eventBasedGateway", "g") + node("intermediateCatchEvent", "slow", timer("PT1H"))
    body += node("intermediateCatchEvent", "quick", timer("PT1M")) + node("endEvent", "e2") + E
    walk = Walk(bpmn(body + flows("s g slow e", "g quick e2")))
    assert len({change.task for change in walk.changes if isinstance(change, TimerOpened)}) == 2
    walk.fire("quick")
    assert walk.ended
    assert walk.completed == ["s", "quick", "e2"]
    assert walk.still_open() == set()


def test_an_event_based_gateway_tells_what_it_waits_for() -> None:
    catch = node("intermediateCatchEvent", "m", '<bpmn:messageEventDefinition messageRef="M"/>')
    receive = node("receiveTask", "r", messageRef="R")
    body = S + node("eventBasedGateway", "g") + catch + receive + E
    walk = Walk(
        bpmn(body + flows("s g m e", "g r e"), message("M", "yes") + message("R", "no", "=dossier.data.k")),
        data={"k": "9"},
    )
    assert [(c.name, c.key) for c in walk.changes if isinstance(c, WaitOpened)] == [
        ("yes", "H1"),
        ("no", "9"),
    ]
    walk.message("r", {"a": 1})
    assert walk.ended


def test_a_non_interrupting_cycle_fires_as_often_as_it_says() -> None:
    boundary = node(
        "boundaryEvent", "b", timer("R3/PT10M", "Cycle"), attachedToRef="a", cancelActivity="false"
    )
    walk = Walk(bpmn(S + A + boundary + EMPTY + node("endEvent", "e2") + E + flows("s a e", "b x e2")))
    for _ in range(3):
        walk.fire("b")
    with pytest.raises(StopIteration):
        walk.fire("b")
    assert walk.completed.count("x") == 3
    assert walk.done("a").ended


def test_missed_cycles_fire_once() -> None:
    boundary = node(
        "boundaryEvent", "b", timer("R9/PT10M", "Cycle"), attachedToRef="a", cancelActivity="false"
    )
    walk = Walk(bpmn(S + A + boundary + node("endEvent", "e2") + E + flows("s a e", "b e2")))
    walk.wait(minutes=45)
    walk.fire("b")
    assert walk.completed.count("b") == 1
    last = [change for change in walk.changes if isinstance(change, TimerOpened)][-1]
    assert last.due_at > walk.now


def test_a_legal_timer_says_how_it_was_counted() -> None:
    boundary = node("boundaryEvent", "b", timer("=working days after(now(), 3)"), attachedToRef="a")
    walk = Walk(bpmn(S + A + boundary + node("endEvent", "e2") + E + flows("s a e", "b e2")))
    opened = next(change for change in walk.changes if isinstance(change, TimerOpened))
    assert (opened.legal_days, opened.legal_from) == (3, walk.now)
    assert opened.due_at > walk.now


@pytest.mark.parametrize(
    ("text", "form", "due"),
    [
        ("PT1H", "Duration", "2026-01-05T02:00:00+00:00"),
        ("P1M", "Duration", "2026-02-05T01:00:00+00:00"),
        ("2026-07-01T12:00:00+07:00", "Date", "2026-07-01T05:00:00+00:00"),
        ('=duration("PT90M")', "Duration", "2026-01-05T02:30:00+00:00"),
        ('=date and time("2026-03-01T00:00:00Z")', "Date", "2026-03-01T00:00:00+00:00"),
        ('="PT1H"', "Duration", "2026-01-05T02:00:00+00:00"),
    ],
)
def test_timers_are_read_as_modelers_write_them(text: str, form: str, due: str) -> None:
    walk = Walk(bpmn(S + node("intermediateCatchEvent", "t", timer(text, form)) + E + flows("s t e")))
    assert [c.due_at.isoformat() for c in walk.changes if isinstance(c, TimerOpened)] == [due]


@pytest.mark.parametrize("text", ["=null", "=5", '="2026-07-01T12:00:00"', '="-PT1H"', '="soon"'])
def test_a_timer_whose_value_is_no_time_parks(text: str) -> None:
    walk = Walk(bpmn(S + node("intermediateCatchEvent", "t", timer(text)) + E + flows("s t e")))
    assert walk.parked == [("t", "feel-evaluation")]


def test_properties_of_an_element_are_told_when_the_token_arrives() -> None:
    properties = (
        '<zeebe:properties><zeebe:property name="status" value="5"/><zeebe:property name="clock" value="pause"/>'
        '<zeebe:property name="reason" value="supplement"/><zeebe:property name="ground" value="QĐ 766"/>'
        '<zeebe:property name="phase" value="Chờ bổ sung"/>'
        "</zeebe:properties>"
    )
    walk = Walk(bpmn(S + node("userTask", "a", zeebe(properties), name="Bổ sung") + E + flows("s a e")))
    step = next(change for change in walk.changes if getattr(change, "what", "") == "entered")
    assert (step.status, step.clock, step.reason, step.phase) == (5, "pause", "supplement", "Chờ bổ sung")
    assert step.ground == "QĐ 766"
    assert walk.done("a").ended
    assert walk.still_open() == set()


# -- scopes -----------------------------------------------------------------------------------------


def test_an_error_in_a_sub_process_arrives_at_the_boundary_that_names_it() -> None:
    errors = '<bpmn:error id="X" name="x" errorCode="x"/><bpmn:error id="Y" name="y" errorCode="y"/>'
    inside = node("startEvent", "is") + service("call") + node("endEvent", "ie") + flows("is call ie")
    body = S + node("subProcess", "sub", inside)
    for code in ("X", "Y"):
        event = f'<bpmn:errorEventDefinition errorRef="{code}"/>'
        body += node("boundaryEvent", "on" + code, event, attachedToRef="sub") + node("endEvent", "e" + code)
    walk = Walk(bpmn(body + E + flows("s sub e", "onX eX", "onY eY"), errors))
    assert walk.calls[0].faults == ("x", "y")
    walk.settle("call", fault="y")
    assert walk.ended
    assert walk.completed[-2:] == ["onY", "eY"]
    assert walk.cancelled == ["call", "sub"]


def test_an_error_end_event_is_caught_by_a_catch_all_and_by_the_named_one_first() -> None:
    error = '<bpmn:error id="X" name="x" errorCode="x"/>'
    thrown = node("endEvent", "ie", '<bpmn:errorEventDefinition errorRef="X"/>')
    body = S + node("subProcess", "sub", node("startEvent", "is") + thrown + flows("is ie"))
    body += node("boundaryEvent", "any", "<bpmn:errorEventDefinition/>", attachedToRef="sub")
    any_only = Walk(bpmn(body + E + flows("s sub e", "any e"), error))
    assert any_only.completed == ["s", "is", "ie", "any", "e"]
    body += node("boundaryEvent", "x", '<bpmn:errorEventDefinition errorRef="X"/>', attachedToRef="sub")
    both = Walk(bpmn(body + E + flows("s sub e", "any e", "x e"), error))
    assert both.completed == ["s", "is", "ie", "x", "e"]


def test_a_called_process_gets_its_inputs_and_gives_its_outputs() -> None:
    inner = node(
        "process",
        "child",
        node("startEvent", "cs")
        + script("double", "2 * n", "m")
        + node("endEvent", "ce")
        + flows("cs double ce"),
        isExecutable="true",
    )
    called = '<zeebe:calledElement processId="child" propagateAllChildVariables="false"/>'
    body = S + node("callActivity", "call", zeebe(called + mapping({"n": "=21"}, {"answer": "=m"})))
    body += service("z", {"answer": "=answer"}) + E + flows("s call z e")
    walk = Walk(bpmn(body).replace(b"</bpmn:definitions>", inner.encode() + b"</bpmn:definitions>"))
    assert walk.calls[-1].inputs == {"answer": 42}
    assert walk.completed == ["s", "cs", "double", "ce", "call"]


def test_endless_recursion_of_called_processes_is_stopped() -> None:
    called = node("callActivity", "call", zeebe('<zeebe:calledElement processId="p"/>'))
    with pytest.raises(LimitExceeded) as info:
        Walk(bpmn(S + called + E + flows("s call e")))
    assert info.value.facts["what"] == "levels"


def test_an_endless_loop_is_stopped() -> None:
    body = S + node("exclusiveGateway", "m") + EMPTY + node("exclusiveGateway", "g", default="g-m") + E
    with pytest.raises(LimitExceeded) as info:
        Walk(bpmn(body + flows("s m x g m") + when("g", "e", "=false")))
    assert info.value.facts["what"] == "steps"


def test_a_process_that_multiplies_its_tokens_is_stopped() -> None:
    body = S + node("exclusiveGateway", "m") + node("parallelGateway", "f") + flows("s m f m")
    body += '<bpmn:sequenceFlow id="again" sourceRef="f" targetRef="m"/>'
    with pytest.raises(LimitExceeded):
        Walk(bpmn(body))


def test_a_terminate_end_ends_the_other_branches() -> None:
    stop = node("endEvent", "stop", "<bpmn:terminateEventDefinition/>")
    walk = Walk(bpmn(S + node("parallelGateway", "f") + A + B + stop + E + flows("s f a e", "f b stop")))
    walk.done("b")
    assert walk.ended
    assert walk.cancelled == ["a"]


def test_a_signal_reaches_every_branch_that_waits_for_it_and_an_end_event_throws_it() -> None:
    signal = '<bpmn:signal id="S1" name="go"/>'
    event = '<bpmn:signalEventDefinition signalRef="S1"/>'
    body = S + node("parallelGateway", "f") + node("intermediateCatchEvent", "c1", event)
    body += node("intermediateCatchEvent", "c2", event) + A + node("endEvent", "throw", event) + E
    walk = Walk(bpmn(body + flows("s f c1 e", "f c2 e", "f a throw"), signal))
    walk.done("a")
    assert walk.ended


def test_an_interrupting_event_sub_process_ends_the_main_flow() -> None:
    inside = (
        node("startEvent", "es", '<bpmn:messageEventDefinition messageRef="M"/>')
        + EMPTY
        + node("endEvent", "ee")
    )
    events = node("subProcess", "stop", inside + flows("es x ee"), triggeredByEvent="true")
    walk = Walk(bpmn(S + A + E + events + flows("s a e"), message("M")))
    walk.message("stop")
    assert walk.ended
    assert walk.cancelled == ["a"]
    assert walk.completed == ["s", "es", "x", "ee", "stop"]


def test_an_event_sub_process_that_never_starts_does_not_keep_the_instance_open() -> None:
    inside = node("startEvent", "es", timer("PT1H")) + node("endEvent", "ee")
    events = node("subProcess", "late", inside + flows("es ee"), triggeredByEvent="true")
    walk = Walk(bpmn(S + A + E + events + flows("s a e")))
    assert walk.done("a").ended
    assert walk.still_open() == set()


def test_links_and_implicit_splits_and_conditional_flows_run_as_bpmn_says() -> None:
    link = '<bpmn:linkEventDefinition name="L"/>'
    body = S + node("intermediateThrowEvent", "t", link) + node("intermediateCatchEvent", "c", link)
    body += EMPTY + node("task", "y") + node("task", "z") + node("task", "w")
    walk = Walk(
        bpmn(
            body
            + flows("s t", "c x y", "x z")
            + when("y", "w", "=false")
            + flows("y e2")
            + node("endEvent", "e2")
        )
    )
    assert walk.ended
    assert sorted(walk.completed) == sorted(["s", "t", "c", "x", "y", "z", "e2"])


# -- loops ------------------------------------------------------------------------------------------


def test_a_sequential_multi_instance_task_gathers_its_outputs() -> None:
    loop = (
        '<bpmn:multiInstanceLoopCharacteristics isSequential="true"><bpmn:extensionElements><zeebe:loopCharacteristics'
        ' inputCollection="=[3,4]" inputElement="item" outputCollection="all" outputElement="=twice"/>'
        "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
    )
    inner = (
        zeebe('<zeebe:taskDefinition type="desk.a"/>' + mapping({"n": "=item"}, {"twice": "=reply.n"})) + loop
    )
    body = S + node("serviceTask", "a", inner) + service("z", {"all": "=all", "item": "=item"}) + E
    walk = Walk(bpmn(body + flows("s a z e")))
    walk.settle("a", {"n": 6})
    walk.settle("a", {"n": 8})
    assert [call.inputs for call in walk.calls] == [{"n": 3}, {"n": 4}, {"all": [6, 8], "item": None}]
    assert walk.completed == ["s", "a", "a"]


def _parallel(condition: str = "") -> bytes:
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics"
        ' inputCollection="=[3,4,5]" inputElement="item" outputCollection="all" outputElement="=twice"/>'
        f"</bpmn:extensionElements>{condition}</bpmn:multiInstanceLoopCharacteristics>"
    )
    inner = (
        zeebe('<zeebe:taskDefinition type="desk.a"/>' + mapping({"n": "=item"}, {"twice": "=2 * reply"}))
        + loop
    )
    body = S + node("serviceTask", "a", inner) + service("z", {"all": "=all"}) + E
    return bpmn(body + flows("s a z e"))


def test_a_parallel_multi_instance_task_waits_for_all_and_gathers_in_order() -> None:
    walk = Walk(_parallel())
    tasks = [call.task for call in walk.calls]
    assert [call.inputs["n"] for call in walk.calls] == [3, 4, 5]
    for task, reply in zip(reversed(tasks), (5, 4, 3), strict=True):
        walk.happen(CallSettled(task=task, reply=reply))
    assert walk.calls[-1].inputs == {"all": [6, 8, 10]}
    assert walk.completed == ["s", "a", "a", "a"]


def test_a_completion_condition_ends_the_other_rounds() -> None:
    condition = "<bpmn:completionCondition>=twice = 8</bpmn:completionCondition>"
    walk = Walk(_parallel(condition))
    walk.happen(CallSettled(task=walk.calls[1].task, reply=4))
    assert walk.calls[-1].inputs == {"all": [None, 8, None]}
    assert walk.cancelled == ["a", "a"]
    assert walk.still_open() == {"z"}


# -- state ------------------------------------------------------------------------------------------


def test_data_that_looks_like_a_type_of_the_library_is_only_data() -> None:
    poison = {"typename": "UUID", "value": "x", "$ref": [1]}
    walk = Walk(
        bpmn(
            S
            + service("a", outputs={"v": "=reply"})
            + A.replace('"a"', '"u"')
            + service("b", {"v": "=v"})
            + E
            + flows("s a u b e")
        )
    )
    walk.settle("a", poison)
    walk.done("u")
    assert walk.calls[-1].inputs == {"v": poison}


def test_a_state_of_another_format_is_left_alone() -> None:
    walk = Walk(bpmn(S + A + E + flows("s a e")))
    ref = InstanceRef(id=1, version=1, deployment=1, process="p", format=9)
    newer = orjson.dumps({**orjson.loads(walk.last.state), "f": 9})
    for state in (newer, b"{}", b"nonsense"):
        with pytest.raises(StateUnreadable):
            walk.interpreter.advance(ref, state, Cancelled(reason=""), walk.view())


def test_an_unknown_process_is_an_error_of_its_own() -> None:
    walk = Walk(bpmn(S + A + E + flows("s a e")))
    with pytest.raises(ModelInvalid):
        walk.interpreter.begin(1, "other", {}, walk.view())


def test_a_state_that_grows_beyond_its_limit_is_refused() -> None:
    deployment = from_files({"m.bpmn": bpmn(S + A + E + flows("s a e"))})
    small = SpiffInterpreter(lambda _: deployment, limits=Limits(state_bytes=100))
    with pytest.raises(LimitExceeded):
        small.begin(1, "p", {"text": "x" * 100}, Walk(bpmn(S + E + flows("s e"))).view())


def test_ids_of_tasks_are_the_same_in_every_run() -> None:
    first, second = (Walk(FIFTEEN, process="fifteen") for _ in range(2))
    assert [c.task for c in first.changes if isinstance(c, CallOpened | WorkItemOpened)] == [
        c.task for c in second.changes if isinstance(c, CallOpened | WorkItemOpened)
    ]
    assert first.last.state == second.last.state


def test_an_event_that_was_rolled_back_can_be_applied_again_with_the_same_outcome() -> None:
    deployment = from_files({"m.bpmn": FIFTEEN})
    interpreter = SpiffInterpreter(lambda _: deployment)
    view = Walk(FIFTEEN, process="fifteen").view()
    begun = interpreter.begin(1, "fifteen", {}, view)
    ref = InstanceRef(id=1, version=1, deployment=1, process="fifteen", format=begun.format)
    interpreter.keep(ref, begun)
    call = next(change.task for change in begun.changes if isinstance(change, CallOpened))
    first, again = (
        interpreter.advance(ref, begun.state, CallSettled(task=call, reply={"known": True}), view)
        for _ in range(2)
    )
    assert first.state == again.state
    assert first.changes == again.changes


def test_a_cancelled_parked_token_tells_that_its_incident_is_over() -> None:
    boundary = node("boundaryEvent", "b", timer("PT1H"), attachedToRef="c")
    walk = Walk(bpmn(S + service("c") + boundary + node("endEvent", "late") + E + flows("s c e", "b late")))
    walk.settle("c", fault="E7")
    parked = walk.calls[0].task
    progress = walk.fire("b")
    assert progress.ended
    assert [change.task for change in progress.changes if isinstance(change, Closed)].count(parked) == 1


def test_more_rounds_at_once_than_tokens_are_allowed_take_no_room() -> None:
    rounds = "<bpmn:loopCardinality>100000000000</bpmn:loopCardinality>"
    many = f"<bpmn:multiInstanceLoopCharacteristics>{rounds}</bpmn:multiInstanceLoopCharacteristics>"
    with pytest.raises(LimitExceeded):
        Walk(bpmn(node("startEvent", "s") + node("task", "a", many) + node("endEvent", "e") + flows("s a e")))
