"""The witness: counts from the desk's journal and the partners' journal alone what was lost and what was doubled.

Runs as a process of its own, `python -m lienthong.demo.counting DESK PARTNERS PROCEDURE=MODEL…`, and prints its count as JSON. It
imports nothing of the engine: what it knows of the wire is which field holds a dossier's code.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

Line = Mapping[str, object]
PUT, STEP = "portal.DongBoHoSoMC", "portal.CapNhatTienDoHoSoMC"
_CODE_FIELDS = ("MaHoSo", "maHoSoMCDT", "OrderNumber", "mahoso")
_PERSON_FIELDS = ("SoDinhDanh", "SoGiayToChuHoSo")
_STEP_FIELDS = ("MaHoSo", "TrangThai", "ThoiDiemXuLy", "NoiDungXuLy")
_PHASED = re.compile(r'<bpmn:\w+ id="(\w+)"|name="phase" value="([^"]*)"')


@dataclass(slots=True)
class Known:
    """What the desk knows of one dossier."""

    code: str
    case: int
    owed: list[str]
    procedure: str = ""
    statuses: list[str] = field(default_factory=list)
    sighted: list[str] = field(default_factory=list)
    entered: list[tuple[str, str | None]] = field(default_factory=list)


@dataclass(slots=True)
class Happened:
    """What the partners' journal says of one dossier."""

    requests: int = 0
    effects: Counter[str] = field(default_factory=Counter)
    put: list[str] = field(default_factory=list)
    steps: list[tuple[str, ...]] = field(default_factory=list)


@dataclass(slots=True)
class Count:
    """The result; each finding is one thing that is missing or too many."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    calls: int = 0
    statuses: int = 0
    effects: int = 0


def read(path: Path) -> Iterator[Line]:
    """The whole lines of a journal; a line that a crash cut short is left out."""
    with path.open("rb") as file:
        for data in file:
            try:
                line = orjson.loads(data)
            except orjson.JSONDecodeError:
                continue
            if isinstance(line, dict):
                yield line


def desk(lines: Iterable[Line], count: Count) -> tuple[dict[str, Known], dict[str, str]]:
    """(dossiers by code, codes by applicant) of the desk's journal; one case with two codes is doubled."""
    known: dict[str, Known] = {}
    people: dict[str, str] = {}
    for line in lines:
        code = str(line["code"])
        if line["kind"] == "handed-in":
            first = people.setdefault(str(line["identity"]), code)
            if first != code and code not in known:
                count.doubled.append(f"{first} was handed in once and is there again as {code}")
            owed = line["owed"]
            calls = [str(call) for call in _list(owed)]
            known.setdefault(code, Known(code, int(str(line["case"])), calls, str(line["procedure"])))
        elif line["kind"] == "sighted":
            known[code].sighted.append(str(line["status"]))
        elif line["kind"] == "history":
            known[code].statuses = [str(status) for status in _list(line["statuses"])]
            known[code].entered = [
                (str(pair[0]), None if pair[1] is None else str(pair[1]))
                for pair in _list(line["entered"])
                if isinstance(pair, list)
            ]
    return known, people


def partners(lines: Iterable[Line], people: Mapping[str, str], count: Count) -> dict[str, Happened]:
    """What happened at the partners, by dossier; a dossier of our applicants that the desk does not know is doubled."""
    happened: dict[str, Happened] = defaultdict(Happened)
    ours = set(people.values())
    strangers: set[str] = set()
    for line in lines:
        if line.get("kind") not in ("request", "fault"):
            continue
        item = _item(line.get("body"))
        person = people.get(_first(item, _PERSON_FIELDS))
        code = _first(item, _CODE_FIELDS) or person or ""
        if code not in ours:
            if person is not None and code not in strangers:
                strangers.add(code)
                count.doubled.append(f"{code} is at {line.get('partner')}, but was never handed in")
            continue
        _note(happened[code], line, item)
    return happened


def _note(happened: Happened, line: Line, item: Line) -> None:
    happened.requests += 1
    if not line.get("effect"):
        return
    call = f"{line['partner']}.{line['operation']}"
    happened.effects[call] += 1
    if call == PUT:
        happened.put.append(str(item.get("TrangThaiHoSo")))
    elif call == STEP:
        happened.steps.append(tuple(str(item.get(name)) for name in _STEP_FIELDS))


def compare(known: Known, happened: Happened, phases: Mapping[str, str], count: Count) -> None:
    """Hold what the desk saw against what the partners did, for one dossier; one without a history is not over."""
    count.calls += happened.requests
    count.effects += sum(happened.effects.values())
    count.statuses += len(known.statuses)
    if known.statuses:
        _in_order(known.code, "status", known.statuses, happened.put, count)
        _in_order(known.code, "step", steps_owed(known, phases), [step[1] for step in happened.steps], count)
        for status in set(known.sighted) - set(happened.put):
            count.lost.append(f"{known.code}: the desk saw status {status}, the portal never did")
    for step, times in Counter(happened.steps).items():
        count.doubled.extend(
            [f"{known.code}: step {step[1]} {step[3]!r} is twice at the portal"] * (times - 1)
        )
    _effects(known, happened, count)


def _effects(known: Known, happened: Happened, count: Count) -> None:
    owed = Counter(known.owed)
    for call in sorted((owed | happened.effects).keys() - {PUT, STEP}):
        missing = owed[call] - happened.effects[call]
        if missing > 0 and known.statuses:
            count.lost.extend([f"{known.code}: {call} never happened"] * missing)
        if missing < 0:
            count.doubled.extend([f"{known.code}: {call} happened too often"] * -missing)


def _in_order(code: str, what: str, seen: list[str], told: list[str], count: Count) -> None:
    """Every one of *seen* must be among *told*, in the same order, and nothing else."""
    if seen == told:
        return
    missing, extra = Counter(seen) - Counter(told), Counter(told) - Counter(seen)
    count.lost.extend(f"{code}: {what} {one} is not at the portal" for one in missing.elements())
    count.doubled.extend(f"{code}: {what} {one} is at the portal once too often" for one in extra.elements())
    if not missing and not extra:
        count.lost.append(f"{code}: the portal heard {what} {told} in another order than {seen}")


def steps_owed(known: Known, phases: Mapping[str, str]) -> list[str]:
    """The status of each step that the portal is owed: every change of status, every entry that says a new phase."""
    owed: list[str] = []
    status, phase = "", ""
    for element, changed in known.entered:
        status = changed or status
        if changed is not None or phases.get(element, phase) != phase:
            owed.append(status)
        phase = phases.get(element, phase)
    return owed


def phases_of(model: str) -> dict[str, str]:
    """The words that a citizen is told at each element of a BPMN file that has such words."""
    found: dict[str, str] = {}
    element = ""
    for match in _PHASED.finditer(model):
        if match[1]:
            element = match[1]
        else:
            found[element] = match[2]
    return found


def count_all(desk_lines: Iterable[Line], partner_lines: Iterable[Line], models: Mapping[str, str]) -> Count:
    """The whole count of one run; *models* are the BPMN files by their procedure's code."""
    count = Count()
    known, people = desk(desk_lines, count)
    happened = partners(partner_lines, people, count)
    phases = {procedure: phases_of(model) for procedure, model in models.items()}
    for code, dossier in known.items():
        compare(dossier, happened[code], phases[dossier.procedure], count)
    return count


def _item(body: object) -> Line:
    """The part of a request that speaks of the dossier."""
    if not isinstance(body, dict):
        return {}
    data = body.get("data")
    if isinstance(data, list) and data and isinstance(data[0], dict):
        return dict(data[0])
    return body


def _first(item: Line, names: tuple[str, ...]) -> str:
    return next((str(item[name]) for name in names if item.get(name)), "")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def main(arguments: list[str]) -> int:
    """Count and print; arguments are the desk's journal, the partners' journal and a model for each procedure."""
    desk_path, partner_path = (Path(argument) for argument in arguments[:2])
    named = (argument.partition("=") for argument in arguments[2:])
    models = {procedure: Path(path).read_text(encoding="utf-8") for procedure, _, path in named}
    partner_lines = read(partner_path) if partner_path.exists() else iter(())
    count = count_all(read(desk_path), partner_lines, models)
    result = {name: getattr(count, name) for name in ("lost", "doubled", "calls", "statuses", "effects")}
    sys.stdout.write(orjson.dumps(result).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
