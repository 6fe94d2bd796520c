"""What is kept of a dossier's data when a step changes them: each field that really changed, before and after, once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.queries import data_changes
from engine.queries.data_changes import DataChange
from tests.support.exchange import Setup
from tests.support.procedures import bpmn, chain


def writing(key: str, source: str) -> str:
    mapping = f'<zeebe:ioMapping><zeebe:output source="{source}" target="dossier.x" /></zeebe:ioMapping>'
    return f'<bpmn:task id="{key}"><bpmn:extensionElements>{mapping}</bpmn:extensionElements></bpmn:task>'


def waiting(key: str) -> str:
    timer = "<bpmn:timeDuration>PT1H</bpmn:timeDuration>"
    inner = f"<bpmn:timerEventDefinition>{timer}</bpmn:timerEventDefinition>"
    return f'<bpmn:intermediateCatchEvent id="{key}">{inner}</bpmn:intermediateCatchEvent>'


LARGE = f'=string join(for i in 1..3000 return "{"0123456789" * 3}")'.replace('"', "&quot;")
MODEL = bpmn(
    '<bpmn:startEvent id="s"/>'
    + writing("a", "={n: 1, name: &quot;A&quot;}")
    + waiting("w1")
    + writing("b", "={n: 2, name: &quot;A&quot;}")
    + waiting("w2")
    + writing("same", "={n: 2, name: &quot;A&quot;}")
    + writing("c", LARGE)
    + waiting("w3")
    + writing("d", "=null")
    + '<bpmn:endEvent id="e"/>'
    + chain("s", "a", "w1", "b", "w2", "same", "c", "w3", "d", "e")
)


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path, model=MODEL)
    yield place
    place.close()


def found(setup: Setup, limit: int = 50) -> list[DataChange]:
    with setup.store.reading() as connection:
        return data_changes.changes(connection, 1, limit=limit)


def test_each_change_has_its_step_and_its_values_and_the_newest_is_first(setup: Setup) -> None:
    code = setup.submit()
    setup.walk_on(code)
    setup.walk_on(code)
    setup.walk_on(code)
    assert setup.scalar("SELECT status FROM instance") == "ended"
    d, c, b, a = found(setup)  # and none for the step that wrote what was there
    assert [one.elements for one in (a, b, c, d)] == [
        ("s", "a"),
        ("w1", "b"),
        ("w2", "same", "c"),
        ("w3", "d", "e"),
    ]
    assert (a.before, a.after) == (None, {"n": 1, "name": "A"})
    assert (b.before, b.after) == ({"n": 1, "name": "A"}, {"n": 2, "name": "A"})
    assert (c.before, c.large) == ({"n": 2, "name": "A"}, True)
    assert (d.before, d.after, d.large) == (None, None, True)
    assert a.at is not None
    assert found(setup, limit=1) == [d]
