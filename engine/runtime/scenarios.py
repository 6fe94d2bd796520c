"""Scenarios: what must happen in a procedure when the world does this and that. ``lienthong test`` runs them.

A scenario is a YAML file in the deployment's ``scenarios/``::

    name: The supplement comes in time
    description: {vi: …, en: …}      # or one text for both
    process: main-process            # only when it is not the procedure's
    given:
      data: {child: {born_on: 2026-01-02}}     # the dossier's data; other keys of `given` are other keys of the dossier
      channel: online
    replies: {Task_Identify: {known: true}}    # a list: one entry for each time the task is reached, the last repeats
    faults: {Task_Residence: [null, refused]}  # a business fault code, or null for none
    decisions: {Task_Examine: [{decision: supplement}, {decision: accept}]}   # what people fill in
    took: {Task_Examine: PT2H}
    messages:
      - {name: supplement, at: P2D, key: SIM-1, data: {documents: []}}        # `at` counts from the start
    expect:
      steps: [Start, Task_Identify, …]   # what completes, in this order; others may complete between
      not_steps: [End_Refused]           # what must not complete
      calls:                             # in this order, others may lie between; inputs given must be equal
        - {operation: population.look_up, inputs: {identity: "0123"}}
      status: 9
      statuses: [2, 4, 9]                # all, exactly
      ended: true                        # the default
      waiting: []                        # exactly, when ended is false
      data: {number: "1"}                # keys of the dossier's data that must be equal
      after: P3D                         # how much virtual time the walk takes, exactly

The dossier's code is ``SIM-1``; the walk starts on Monday, 2026-01-05 at 08:00 in Hanoi.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.exchange.ports import Json
from engine.models.deployment import Deployment
from engine.models.findings import Findings
from engine.models.graph import Process
from engine.models.timing import after
from engine.models.yaml_text import YamlRefused, YamlText, read
from engine.runtime import worlds
from engine.runtime.simulation import START, Simulation, Walked, World, dossier_of

_KEYS = frozenset("name description process given replies faults decisions took messages expect".split())
_EXPECTED = frozenset("steps not_steps calls status statuses ended waiting data after".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one scenario went; *wrong* says in words what differed."""

    file: str
    name: str
    wrong: tuple[str, ...]
    walked: Walked | None = None

    @property
    def passed(self) -> bool:
        return not self.wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the scenarios of a deployment never took: flows and boundary events, by process."""

    flows: int = 0
    taken: int = 0
    missed: Mapping[str, Sequence[str]] = field(default_factory=dict)


def run(deployment: Deployment, file: str, data: bytes) -> Result:
    """Walk the scenario in *data* and compare."""
    try:
        text = read(data)
    except YamlRefused as exc:
        return Result(file=file, name=file, wrong=(f"line {exc.line}: {exc}",))
    body = text.value if isinstance(text.value, dict) else {}
    name = str(body.get("name") or file)
    wrong = _misspelt(text, body)
    process = str(body.get("process") or deployment.main)
    if process not in deployment.processes:
        wrong.append(f"there is no process `{process}`")
    if wrong:
        return Result(file=file, name=name, wrong=tuple(wrong))
    walked = _walk(deployment, process, body)
    expect = body.get("expect")
    return Result(
        file=file,
        name=name,
        wrong=tuple(_compare(walked, expect if isinstance(expect, dict) else {})),
        walked=walked,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What a scenario says of itself: *about* by language, *example* the dossier data that it is given, *world* what happens
    outside, as `engine.runtime.worlds` reads it."""

    name: str
    about: Mapping[str, str]
    example: Json
    world: Mapping[str, Json]


def described(file: str, data: bytes) -> Described:
    """The words and the example of the scenario in *data*; what cannot be read has none."""
    try:
        value = read(data).value
    except YamlRefused:
        value = None
    body = value if isinstance(value, dict) else {}
    given = body.get("given")
    return Described(
        name=str(body.get("name") or file),
        about=_about(body.get("description")),
        example=given.get("data") if isinstance(given, dict) else None,
        world=worlds.of_scenario(body),
    )


def _about(told: Json) -> dict[str, str]:
    """A description in both languages; one that is no mapping is the same in both, as is one that has only one of them."""
    by_language = told if isinstance(told, dict) else {"vi": told, "en": told}
    first = next((one for one in by_language.values() if one), "")
    return {lang: str(by_language.get(lang) or first) for lang in ("vi", "en")}


def coverage(deployment: Deployment, results: Sequence[Result]) -> Coverage:
    """Which flows and boundary events no scenario took."""
    completed: set[str] = set()
    flows: set[str] = set()
    for result in results:
        if result.walked is not None:
            completed.update(result.walked.completed)
            flows.update(result.walked.flows)
    missed: dict[str, list[str]] = {}
    total = 0
    for process in deployment.drawn.values():
        wanted, taken = _wanted(process), flows | completed
        total += len(wanted)
        missing = [key for key in wanted if key not in taken]
        if missing:
            missed[process.id] = missing
    return Coverage(flows=total, taken=total - sum(map(len, missed.values())), missed=missed)


def _wanted(process: Process) -> list[str]:
    flows = [key for scope in process.scope.scopes() for key in scope.flows]
    return flows + [node.id for node in process.nodes() if node.type == "boundaryEvent"]


# -- walking --------------------------------------------------------------------------------------------


def _walk(deployment: Deployment, process: str, body: dict[str, Json]) -> Walked:
    given = body.get("given")
    given = given if isinstance(given, dict) else {}
    data = given.get("data")
    dossier = {**dossier_of(deployment, data if isinstance(data, dict) else {}), **given}
    world = World(
        took={key: str(value) for key, value in _mapping(body, "took").items()},
        replies=_each(body, "replies"),
        faults={
            key: [None if one is None else str(one) for one in entries]
            for key, entries in _each(body, "faults").items()
        },
        forms=_each(body, "decisions"),
        letters=[worlds.letter(one) for one in _objects(body.get("messages"))],
    )
    return Simulation(deployment, process, dossier=dossier, variables={}, world=world).run()


def _objects(value: Json) -> list[dict[str, Json]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _mapping(body: dict[str, Json], key: str) -> dict[str, Json]:
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def _each(body: dict[str, Json], key: str) -> dict[str, list[Json]]:
    return {
        name: value if isinstance(value, list) and value else [value]
        for name, value in _mapping(body, key).items()
    }


def _misspelt(text: YamlText, body: dict[str, Json]) -> list[str]:
    wrong = [f"line {text.line((key,))}: `{key}` is no key of a scenario" for key in body if key not in _KEYS]
    expect = body.get("expect")
    if not isinstance(expect, dict):
        return [*wrong, "a scenario must say what it expects"]
    wrong += [
        f"line {text.line(('expect', key))}: `{key}` is nothing that can be expected"
        for key in expect
        if key not in _EXPECTED
    ]
    return wrong


# -- comparing --------------------------------------------------------------------------------------------


def _compare(walked: Walked, expect: dict[str, Json]) -> list[str]:
    wrong = [walked.error] if walked.error else []
    wrong += _in_order("step", _texts(expect.get("steps")), walked.completed)
    wrong += [f"{one} completed" for one in _texts(expect.get("not_steps")) if one in walked.completed]
    wrong += _calls(walked, expect.get("calls"))
    ended = expect.get("ended", True)
    if walked.ended is not ended:
        state = "it ended" if walked.ended else f"it did not end, waiting at {', '.join(walked.waiting)}"
        wrong.append(state)
    pairs: list[tuple[str, Json, Json]] = [
        ("status", expect.get("status"), walked.statuses[-1] if walked.statuses else 1),
        ("statuses", expect.get("statuses"), list(walked.statuses)),
        ("waiting", expect.get("waiting"), list(walked.waiting)),
    ]
    wrong += [
        f"{name} is {found}, not {wanted}" for name, wanted, found in pairs if wanted not in (None, found)
    ]
    for key, value in _mapping(expect, "data").items():
        if walked.data.get(key) != value:
            wrong.append(f"data.{key} is {walked.data.get(key)!r}, not {value!r}")
    wanted = expect.get("after")
    if isinstance(wanted, str) and after(START, wanted) != walked.at:
        wrong.append(f"it took until {walked.at.isoformat()}, not {wanted}")
    return wrong


def _in_order(what: str, wanted: Sequence[str], found: Sequence[str]) -> list[str]:
    at = 0
    for one in wanted:
        try:
            at = found.index(one, at) + 1
        except ValueError:
            place = "at all" if one not in found else "in that order"
            return [f"the {what} {one} did not come {place}; there were: {', '.join(found)}"]
    return []


def _calls(walked: Walked, expected: Json) -> list[str]:
    wanted = _objects(expected)
    names = [f"{call.partner}.{call.operation}" for call in walked.calls]
    at = 0
    for one in wanted:
        operation, inputs = str(one.get("operation")), _mapping(one, "inputs")
        if operation not in names[at:]:
            return [f"the call {operation} did not come in that order; there were: {', '.join(names)}"]
        at = names.index(operation, at)
        for key, value in inputs.items():
            found = walked.calls[at].inputs.get(key)
            if found != value:
                return [f"the input {key} of {operation} is {found!r}, not {value!r}"]
        at += 1
    return []


def _texts(value: Json) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def findings_of(result: Result) -> Findings:
    """A failed scenario as findings, for those who print both."""
    findings = Findings(result.file)
    for wrong in result.wrong:
        findings.error("scenario", result.name, 1, wrong, "mend the model or the scenario")
    return findings
