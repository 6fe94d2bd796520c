"""A running instance taken to another version: it goes on as one of that version would, or is refused with what differs."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from walks import Walk, bpmn, flows, message, node, script, service, timer, zeebe

from engine.models.deployment import Deployment, from_files, read_folder
from engine.runtime import migrating, state

BIRTH = Path(__file__).parents[4] / "bpmn" / "khai-sinh-lien-thong"
S, E = node("startEvent", "s"), node("endEvent", "e")
B, J = node("parallelGateway", "f"), node("parallelGateway", "j")


def deployed(body: str, top: str = "", more: Mapping[str, bytes] | None = None) -> Deployment:
    return from_files({"m.bpmn": bpmn(body, top), **(more or {})})


def against(walk: Walk, new: Deployment) -> list[tuple[str, str]]:
    found = migrating.reasons(walk.model.deployment, new, walk.last.state)
    return [(one.code, one.element) for one in found]


def user(key: str, inner: str = "", **attributes: str) -> str:
    return node("userTask", key, inner, **attributes)


def test_a_step_after_the_place_may_be_added_changed_or_removed() -> None:
    walk = Walk(deployed(S + user("a") + user("b") + E + flows("s a b e")))
    new = deployed(S + user("a") + service("c") + E + flows("s a c e"))
    assert against(walk, new) == []
    walk.migrate(new)
    assert walk.still_open() == {"a"}
    walk.done("a")
    assert walk.still_open() == {"c"}
    walk.settle("c")
    assert walk.ended
    assert walk.completed == ["s", "a", "c", "e"]


def test_a_variable_that_only_the_new_version_sets_is_empty_and_told() -> None:
    walk = Walk(deployed(S + user("a") + E + flows("s a e")))
    new = deployed(
        S
        + script("n", "1", "fee")
        + user("a")
        + script("m", "if fee = null then 7 else fee", "due")
        + E
        + flows("s n a m e")
    )
    assert against(walk, new) == []
    assert migrating.differences(walk.model.deployment, new, walk.last.state).fresh == ("due", "fee")
    walk.migrate(new)
    walk.done("a")
    assert walk.ended
    assert walk.parked == []


def test_a_parked_step_is_mended_by_the_version_that_mends_its_expression() -> None:
    walk = Walk(deployed(S + service("a", inputs={"n": "=1 + true"}) + E + flows("s a e")))
    assert [element for element, _ in walk.parked] == ["a"]
    new = deployed(S + service("a", inputs={"n": "=2"}) + E + flows("s a e"))
    assert against(walk, new) == []
    walk.migrate(new)
    walk.resolve("a", "retry")
    assert [call.inputs for call in walk.calls] == [{"n": 2}]


AT_A = S + user("a") + E + flows("s a e")
LATE = node("boundaryEvent", "late", timer("PT1H"), attachedToRef="a") + node("endEvent", "le")
RECEIVE = '<bpmn:messageEventDefinition messageRef="M"/>'


def catching(top: str) -> Deployment:
    return deployed(S + node("intermediateCatchEvent", "m", RECEIVE) + E + flows("s m e"), top)


def timed(text: str) -> Deployment:
    return deployed(S + node("intermediateCatchEvent", "t", timer(text)) + E + flows("s t e"))


def called(**how: str) -> Deployment:
    return deployed(
        S + service("a", inputs={"n": how.get("n", "=1")}, operation=how.get("to", "")) + E + flows("s a e")
    )


def failing(code: str) -> Deployment:
    error = f'<bpmn:error id="X" name="X" errorCode="{code}"/>'
    caught = node("boundaryEvent", "c", '<bpmn:errorEventDefinition errorRef="X"/>', attachedToRef="a")
    return deployed(S + service("a") + caught + E + flows("s a e", "c e"), error)


def rounds(number: str) -> Deployment:
    inner = f"<bpmn:loopCardinality>={number}</bpmn:loopCardinality>"
    loop = node("multiInstanceLoopCharacteristics", "l", inner)
    return deployed(S + user("a", loop) + E + flows("s a e"))


def inside(*, event: str = "", what: str = "i") -> Deployment:
    body = node("startEvent", "is") + user(what) + node("endEvent", "ie") + flows(f"is {what} ie")
    if event:
        start = node("startEvent", "es", timer(event))
        body += node(
            "subProcess", "esp", start + node("endEvent", "ee") + flows("es ee"), triggeredByEvent="true"
        )
    return deployed(S + node("subProcess", "sub", body) + E + flows("s sub e"))


def works(groups: str, form: str = "") -> Deployment:
    inner = f'<zeebe:assignmentDefinition candidateGroups="{groups}"/>'
    inner += f'<zeebe:formDefinition formId="{form}"/>' if form else ""
    forms = {f"{form}.form": b'{"id": "%s", "components": []}' % form.encode()} if form else {}
    return deployed(S + user("a", zeebe(inner)) + E + flows("s a e"), more=forms)


def entered(**properties: str) -> Deployment:
    inner = "".join(f'<zeebe:property name="{name}" value="{value}"/>' for name, value in properties.items())
    return deployed(
        S + user("a", zeebe(f"<zeebe:properties>{inner}</zeebe:properties>")) + E + flows("s a e")
    )


def choosing(*others: str) -> Deployment:
    body = S + node("eventBasedGateway", "g") + E
    for key in ("m", "t", *others):
        body += node("intermediateCatchEvent", key, RECEIVE if key == "m" else timer("PT1H")) + flows(
            f"g {key} e"
        )
    return deployed(body + flows("s g"), message("M"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (deployed(AT_A), deployed(S + user("b") + E + flows("s b e")), ("step-gone", "a")),
        (deployed(AT_A), deployed(S + service("a") + E + flows("s a e")), ("kind-changed", "a")),
        (deployed(AT_A), deployed(AT_A + LATE + flows("late le")), ("watch-changed", "a")),
        (catching(message("M")), catching(message("M", "other")), ("event-changed", "m")),
        (catching(message("M")), catching(message("M", correlation="=dossier.status")), ("event-changed", "m")),
        (timed("PT1H"), timed("PT2H"), ("event-changed", "t")),
        (called(), called(to="desk.other"), ("call-changed", "a")),
        (called(), called(n="=2"), ("call-changed", "a")),
        (failing("e1"), failing("e2"), ("faults-changed", "a")),
        (rounds("2"), rounds("3"), ("loop-changed", "a")),
        (inside(), inside(event="PT1H"), ("scope-watch-changed", "sub")),
        (inside(), inside(what="k"), ("step-gone", "i")),
        (works("one"), works("two"), ("work-changed", "a")),
        (works("one", "f1"), works("one", "f2"), ("work-changed", "a")),
        (entered(), entered(clock="pause", reason="x"), ("entering-changed", "a")),
        (entered(status="4"), entered(status="5"), ("entering-changed", "a")),
        (choosing(), choosing("u"), ("choices-changed", "g")),
        (deployed(AT_A), from_files({"m.bpmn": bpmn(AT_A, process="q")}), ("process-gone", "p")),
    ],
)  # fmt: skip
def test_what_would_have_been_begun_otherwise_is_refused(
    old: Deployment, new: Deployment, told: tuple[str, str]
) -> None:
    walk = Walk(old)
    assert told in against(walk, new)
    assert against(walk, old) == []
    before = walk.last.state
    assert not walk.migrate(new).applied
    assert walk.last.state == before


def forked(*branches: str, after: str = "") -> Deployment:
    body = "".join(user(key) + flows(f"f {key} j") for key in branches)
    return deployed(S + B + body + J + E + (after or flows("s f", "j e")))


def test_a_branch_that_was_never_begun_is_not_waited_for() -> None:
    walk = Walk(forked("x", "y"))
    assert against(walk, forked("x", "y", "z")) == [("place-unknown", "p")]
    walk.done("x")
    assert against(walk, forked("x", "y", "z")) == [("place-unknown", "p")]
    assert ("flow-gone", "j") in against(walk, deployed(S + B + user("x") + user("y") + user("v") + J + E
        + flows("s f x v j e", "f y j")))  # fmt: skip
    assert (
        against(
            walk, deployed(S + B + user("x") + user("y") + user("v") + J + E + flows("s f x j v e", "f y j"))
        )
        == []
    )


def test_steps_that_were_side_by_side_are_not_one_after_the_other() -> None:
    walk = Walk(forked("x", "y"))
    assert against(walk, deployed(S + user("x") + user("y") + E + flows("s x y e"))) == [
        ("place-unknown", "p")
    ]


def test_a_step_that_another_branch_now_goes_with_is_refused_for_the_join_would_starve() -> None:
    walk = Walk(deployed(S + user("x") + E + flows("s x e")))
    assert against(walk, forked("x", "y")) == [("place-unknown", "p")]


def test_names_forms_and_lines_may_differ_and_are_told() -> None:
    def with_form(components: bytes) -> Deployment:
        inner = '<zeebe:formDefinition formId="f1"/>'
        form = b'{"id": "f1", "components": [%s]}' % components
        return deployed(
            S + user("a", zeebe(inner), name=components.decode() or "n") + E + flows("s a e"),
            more={"f1.form": form},
        )

    walk = Walk(with_form(b""))
    assert against(walk, with_form(b"1")) == []
    found = migrating.differences(walk.model.deployment, with_form(b"1"), walk.last.state)
    assert (found.forms, found.words) == (("f1",), (("a", "n", "1"),))


def test_another_legal_term_or_other_reports_are_refused() -> None:
    text = read_folder(BIRTH).files["procedure.yaml"].replace(b"process: khai-sinh-lien-thong", b"process: p")

    def ruled(procedure: bytes) -> Deployment:
        return deployed(AT_A, more={"procedure.yaml": procedure})

    walk = Walk(ruled(text))
    assert against(walk, ruled(text.replace(b"reports: [", b"reports: [desk, "))) == [("reports-changed", "")]
    assert against(walk, ruled(text.replace(b"days: 3", b"days: 4"))) == [("term-changed", "")]
    assert against(walk, ruled(text.replace(b"process: p", b"process: q"))) == [("process-gone", "p")]
    assert against(walk, ruled(text.replace(b"2.002621", b"2.002622"))) == [("other-procedure", "")]


def test_states_are_of_one_shape_where_only_numbers_and_variables_differ() -> None:
    model = deployed(S + script("x", "n", "y") + user("a") + user("b") + E + flows("s x a b e"))
    first, second = Walk(model, {"n": 1}), Walk(model, {"n": 2})
    second.migrate(model)
    assert state.shape(first.last.state) == state.shape(second.last.state)
    first.done("a")
    assert state.shape(first.last.state) != state.shape(second.last.state)


def test_the_form_of_an_open_work_item_must_be_there() -> None:
    walk, new = Walk(works("one", "f1")), works("one", "f1")
    files = {name: data for name, data in new.files.items() if name != "f1.form"}
    assert against(walk, new) == []
    assert against(walk, from_files(files)) == [("form-gone", "a")]
