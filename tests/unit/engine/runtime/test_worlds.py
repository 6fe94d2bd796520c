"""A world in JSON says the same as a scenario in YAML."""

from pathlib import Path

import pytest

from engine.exchange.ports import Json
from engine.models.deployment import read_folder
from engine.runtime import scenarios, worlds
from engine.runtime.simulation import Letter, Simulation, dossier_of

BPMN = Path(__file__).parents[4] / "bpmn"
SHIPPED = [
    (folder.name, file)
    for folder in sorted(BPMN.iterdir())
    if (folder / "procedure.yaml").exists()
    for file in sorted(read_folder(folder).scenarios)
]


def test_a_list_is_one_for_each_time_but_for_a_reply_which_may_be_a_list() -> None:
    body: dict[str, Json] = {
        "replies": {"a": [1, 2]},
        "replies_in_turn": {"b": [1, 2]},
        "faults": {"a": ["x", None], "b": "y"},
        "forms": {"u": [{"n": 1}, {"n": 2}]},
        "messages": [{"name": "m", "at": "P1D", "key": 5}],
    }
    found = worlds.world(body)
    assert found.replies == {"a": [[1, 2]], "b": [1, 2]}
    assert found.faults == {"a": ["x", None], "b": ["y"]}
    assert found.forms["u"] == [{"n": 1}, {"n": 2}]
    assert list(found.letters) == [Letter(name="m", at="P1D", key="5")]


@pytest.mark.parametrize(("folder", "file"), SHIPPED)
def test_a_scenarios_world_leads_the_same_way(folder: str, file: str) -> None:
    deployment = read_folder(BPMN / folder)
    told = scenarios.described(file, deployment.scenarios[file])
    data = told.example if isinstance(told.example, dict) else {}
    dossier = dossier_of(deployment, data) | worlds.dossier(told.world)
    walk = Simulation(
        deployment, deployment.main, dossier=dossier, variables={}, world=worlds.world(told.world)
    ).run()
    before = scenarios.run(deployment, file, deployment.scenarios[file]).walked
    assert before is not None
    assert (walk.completed, walk.at, walk.statuses) == (before.completed, before.at, before.statuses)
    assert len(walk.times) == len(walk.completed)
    assert list(walk.times) == sorted(walk.times)
