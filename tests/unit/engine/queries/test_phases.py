"""The steps that citizens read come in the order along the flows, boundary events behind their hosts."""

from pathlib import Path

import pytest

from engine.queries import phases

ROOT = Path(__file__).parents[4]


def phase(words: str) -> str:
    return (
        '<bpmn:extensionElements><zeebe:properties><zeebe:property name="phase"'
        f' value="{words}"/></zeebe:properties></bpmn:extensionElements>'
    )


BODY = f"""<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"><bpmn:process id="p">
<bpmn:endEvent id="end">{phase("last")}</bpmn:endEvent>
<bpmn:subProcess id="sub">{phase("outer")}<bpmn:task id="in">{phase("inner")}</bpmn:task><bpmn:startEvent id="is"/>
<bpmn:sequenceFlow id="f3" sourceRef="is" targetRef="in"/></bpmn:subProcess>
<bpmn:boundaryEvent id="late" attachedToRef="sub">{phase("late")}</bpmn:boundaryEvent>
<bpmn:task id="lost">{phase("never reached")}</bpmn:task>
<bpmn:startEvent id="start">{phase("first")}</bpmn:startEvent>
<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="sub"/>
<bpmn:sequenceFlow id="f2" sourceRef="sub" targetRef="end"/></bpmn:process></bpmn:definitions>""".encode()


def test_steps_are_ordered_along_the_flows() -> None:
    found = phases._of_file(BODY)
    assert [*found][:2] == ["start", "sub"]
    assert next(iter(found.values())) == "first"
    assert [*found.values()].index("outer") < [*found.values()].index("inner")
    assert {"late", "last", "never reached"} <= set(found.values())
    assert [*found.values()][-1] == "never reached"


@pytest.mark.parametrize("file", sorted((ROOT / "bpmn").glob("*/*.bpmn")), ids=lambda file: file.stem)
def test_the_shipped_procedures_begin_with_handing_in(file: Path) -> None:
    words = [*phases._of_file(file.read_bytes()).values()]
    assert len(words) > 4
    assert "nộp" in words[0].lower() or "tiếp nhận" in words[0].lower()


def test_what_is_no_xml_has_no_steps() -> None:
    assert phases._of_file(b"<!DOCTYPE x><x/>") == {}
