"""Loads betsy's test models: marker scripts become plain tasks, `test.contains("a")` becomes FEEL.

Only tests use it; the models themselves stay as they are, in the suites' folder.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from lxml import etree

from engine import xml
from engine.models.deployment import Deployment, from_files
from engine.models.findings import Finding, errors_in
from engine.models.linting import lint
from engine.runtime.simulation import START, Simulation, World, dossier_of

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
MARKER = re.compile(r"(SCRIPT_task\d+|[A-Z][A-Z_]+(_\w+)?)")
CONTAINS = re.compile(r'test\.contains\("([^"]*)"\)')
FOLDER = "betsy-pebl"


@dataclass(frozen=True, slots=True)
class Case:
    """One run of one model."""

    name: str
    file: Path
    input: str | None
    expect: tuple[str, ...]
    parallel: bool = False

    @property
    def id(self) -> str:
        return f"{self.name}[{self.input or ''}]"


@dataclass(slots=True)
class Tally:
    """How a part of the suite went, by name."""

    right: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def told(self, title: str) -> str:
        lines = [f"{title}: {len(self.right)} right, {len(self.refused)} refused, {len(self.wrong)} wrong"]
        lines += [f"  right    {one}" for one in self.right]
        lines += [f"  refused  {one}" for one in self.refused]
        lines += [f"  WRONG    {one}" for one in self.wrong]
        return "\n".join(lines)


def cases(suites: Path) -> list[Case]:
    """Every case that `expected.dev.json` tells of."""
    expected = json.loads((suites / FOLDER / "expected.dev.json").read_text(encoding="utf-8"))
    return [
        Case(
            name=name,
            file=suites / FOLDER / model["file"],
            input=case["input"],
            expect=tuple(sorted(case["expect"])),
            parallel=bool(case.get("parallel")),
        )
        for name, model in expected.items()
        for case in model["cases"]
    ]


def constraint_breakers(suites: Path) -> list[Path]:
    """The models that break one named rule each, and must be refused."""
    return sorted((suites / FOLDER).rglob("bpmn_constraints/*/*.bpmn"))


def load(data: bytes) -> tuple[Deployment, dict[str, str]]:
    """The deployment of a betsy model, and for each task that was a marker script its marker."""
    root = xml.parse(data)
    markers: dict[str, str] = {}
    for task in list(root.iter(BPMN + "scriptTask")):
        script = task.find(BPMN + "script")
        text = (script.text or "").strip() if script is not None else ""
        if script is not None and MARKER.fullmatch(text):
            task.tag = BPMN + "task"
            task.remove(script)
            markers[str(task.get("id"))] = text
    for tag in ("conditionExpression", "condition"):
        for element in root.iter(BPMN + tag):
            element.text = _feel(element.text)
    return from_files({"model.bpmn": etree.tostring(root)}), markers


def _feel(text: str | None) -> str | None:
    found = CONTAINS.fullmatch((text or "").strip())
    return f'=contains(test, "{found[1]}")' if found else text


def refusals(data: bytes) -> list[Finding]:
    """Why a model as it stands is refused; empty when it is not."""
    return errors_in(lint(from_files({"model.bpmn": data})))


def run(case: Case) -> tuple[str, str]:
    """("right" | "refused" | "wrong", why)."""
    deployment, markers = load(case.file.read_bytes())
    refused = errors_in(lint(deployment, ("test",)))
    if refused:
        return "refused", f"{refused[0].rule}: {refused[0].message}"
    variables = {"test": case.input or ""}
    process = next(one.id for one in deployment.drawn.values() if one.executable)
    slow = {task: "PT10S" for task, marker in markers.items() if marker.startswith("CREATE_TIMESTAMP")}
    world = World(took=slow)
    walked = Simulation(
        deployment, process, dossier=dossier_of(deployment, {}), variables=variables, world=world
    ).run()
    found = [_said(markers[one]) for one in walked.completed if one in markers]
    if slow and walked.at - START < 2 * timedelta(seconds=10):
        found.append("ExecutionParallel")
    if walked.error:
        found = [one for one in found if one] + ["RuntimeException"]
    wanted = Counter(case.expect)
    if "RuntimeException" in wanted:
        same = walked.error is not None
    else:
        same = Counter(one for one in found if one) == wanted
    return ("right", "") if same else ("wrong", f"expected {case.expect}, got {found}, {walked}")


def _said(marker: str) -> str | None:
    if marker.startswith("SCRIPT_task"):
        return marker
    return {"CREATE_MARKER_FILE": "MarkerExists"}.get(marker)
