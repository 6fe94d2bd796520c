"""What differs between two versions of a procedure."""

from engine.models import differences
from tests.support.procedures import bpmn, chain

START, END = '<bpmn:startEvent id="start"/>', '<bpmn:endEvent id="end"/>'


def task(name: str = "Kiểm tra", kind: str = "userTask", inside: str = "") -> str:
    return f'<bpmn:{kind} id="check" name="{name}">{inside}</bpmn:{kind}>'


def model(*parts: str, flow: str = "") -> dict[str, bytes]:
    return {"walk.bpmn": bpmn(START + "".join(parts) + END + (flow or chain("start", "check", "end")))}


def told(before: dict[str, bytes], after: dict[str, bytes]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.how, one.element, one.what) for one in differences.elements(before, after)]


def test_the_same_model_drawn_elsewhere_and_indented_does_not_differ() -> None:
    before = model(task())
    after = {"walk.bpmn": before["walk.bpmn"].replace(b"><", b">\n  <")}
    assert before != after
    assert told(before, after) == []


def test_what_changed_of_an_element_is_named() -> None:
    before = model(task())
    documented = "<bpmn:documentation>Luật 1</bpmn:documentation>"
    assert told(before, model(task("Thẩm tra"))) == [("changed", "check", ("name",))]
    assert told(before, model(task(kind="manualTask"))) == [("changed", "check", ("kind",))]
    assert told(before, model(task(inside=documented))) == [("changed", "check", ("content",))]
    assert told(before, model(task("Thẩm tra", inside=documented))) == [
        ("changed", "check", ("name", "content"))
    ]


def test_elements_come_go_and_are_led_elsewhere() -> None:
    before = model(task())
    more = model(task(), '<bpmn:task id="more"/>', flow=chain("start", "check", "more", "end"))
    there = told(before, more)
    assert ("added", "more", ()) in there
    assert ("changed", "check", ()) not in there
    led = {"walk.bpmn": more["walk.bpmn"].replace(b'targetRef="more"', b'targetRef="end"')}
    assert told(more, led) == [("changed", "check_more", ("flow",))]
    assert ("removed", "more", ()) in told(more, before)


def test_what_is_inside_a_sub_process_is_told_by_itself() -> None:
    def held(name: str) -> dict[str, bytes]:
        inside = f'<bpmn:subProcess id="check"><bpmn:task id="in" name="{name}"/></bpmn:subProcess>'
        return model(inside)

    assert told(held("a"), held("b")) == [("changed", "in", ("name",))]


def test_a_file_that_is_no_model_differs_by_its_lines() -> None:
    assert told({"walk.bpmn": b"<nonsense"}, model(task()))[0][0] == "added"
    before, after = {"p.yaml": b"a: 1\nb: 2\n"}, {"p.yaml": b"a: 1\nb: 3\n", "x.md": b"new\n"}
    assert [(name, lines[-2:]) for name, lines in differences.files(before, after)] == [
        ("p.yaml", ["-b: 2", "+b: 3"]),
        ("x.md", ["@@ -0,0 +1 @@", "+new"]),
    ]
