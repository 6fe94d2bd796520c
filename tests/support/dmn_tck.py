"""Runs the DMN TCK's test cases against `decide` and counts them the way the TCK does.

A case passes when all its result nodes are right; an exception counts as null. *Non-null* cases are those that expect no
null anywhere: the figure that a weak engine cannot reach by answering null.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from lxml import etree

from engine import feel, xml
from engine.errors import FeelError, LienthongError
from engine.feel.comparison import equal
from engine.models.decisions import decide

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
TOLERANCE = Decimal("0.00000001")
_NUMBERS = ("decimal", "double", "integer", "int", "long", "float")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test case: what to ask of which model with which inputs, and the results expected by node."""

    folder: str
    id: str
    model: bytes
    imports: tuple[bytes, ...]
    service: str
    inputs: dict[str, object]
    expected: dict[str, object]

    @property
    def non_null(self) -> bool:
        """Whether no result is expected to be null."""
        return all(value is not None for value in self.expected.values())


@dataclass(slots=True, kw_only=True)
class Score:
    """Cases run and passed, and what failed."""

    cases: int = 0
    passed: int = 0
    non_null: int = 0
    non_null_passed: int = 0
    foreign: int = 0
    failures: list[str] = field(default_factory=list)
    by_folder: Counter[str] = field(default_factory=Counter)


def _local(one: etree._Element) -> str:
    return etree.QName(one).localname


def _parts(one: etree._Element, name: str) -> list[etree._Element]:
    return [part for part in one if _local(part) == name]


def _value(one: etree._Element | None) -> object:
    """The value that a TCK element writes."""
    if one is None or one.get(NIL) == "true":
        return None
    for part in one:
        if _local(part) == "value":
            return _simple(part)
        if _local(part) == "list":
            return None if part.get(NIL) == "true" else [_value(item) for item in _parts(part, "item")]
    components = _parts(one, "component")
    return {part.get("name", ""): _value(part) for part in components} if components else None


def _simple(one: etree._Element) -> object:
    if one.get(NIL) == "true":
        return None
    kind, text = (one.get(TYPE) or "string").split(":")[-1], one.text or ""
    kind = "number" if kind in _NUMBERS else kind
    if kind not in ("number", "boolean", "date", "time", "dateTime", "duration"):
        return text
    try:
        return feel.from_lexical(kind, text)
    except FeelError:
        return ("unreadable", kind, text)


def cases(root: Path, level: int) -> Iterator[Case]:
    """Every test case of a compliance level, by folder."""
    for folder in sorted((root / f"compliance-level-{level}").iterdir()):
        if folder.is_dir():
            yield from _cases_of(folder)


def _cases_of(folder: Path) -> Iterator[Case]:
    models = {path.name: path.read_bytes() for path in sorted(folder.glob("*.dmn"))}
    for path in sorted(folder.glob("*.xml")):
        tests = xml.parse(path.read_bytes())
        wanted = "".join(part.text or "" for part in _parts(tests, "modelName")).strip()
        name = next(
            (one for one in (wanted, f"{wanted}.dmn", f"{folder.name}.dmn") if one in models), min(models)
        )
        others = tuple(data for other, data in models.items() if other != name)
        for one in _parts(tests, "testCase"):
            yield Case(
                folder=folder.name,
                id=one.get("id", ""),
                model=models[name],
                imports=others,
                service=(one.get("invocableName") or "") if one.get("type") == "decisionService" else "",
                inputs={part.get("name", ""): _value(part) for part in _parts(one, "inputNode")},
                expected={
                    part.get("name", ""): _value(_parts(part, "expected")[0])
                    for part in _parts(one, "resultNode")
                },
            )


def same(expected: object, found: object) -> bool:
    """Whether a result is the expected one, numbers within the TCK's tolerance."""
    if expected is None or found is None:
        return expected is found
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(same, expected, found))
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(
            same(expected.get(key), found.get(key)) for key in {**expected, **found}
        )
    if isinstance(expected, Decimal):
        return isinstance(found, Decimal) and abs(expected - found) < TOLERANCE
    return expected == found or equal(expected, feel.from_json(found)) is True


def ask(case: Case, node: str) -> object:
    """The answer to a case's question about one node."""
    if not case.service:
        return decide(case.model, node, case.inputs, imports=case.imports)
    found = decide(case.model, case.service, case.inputs, imports=case.imports, kind="decisionService")
    return found[node] if isinstance(found, dict) and node in found else found


def run(root: Path, level: int, only: str = "", skip: str = "-") -> Score:
    """The score of a level, or of the folders whose name holds *only* and does not begin with *skip*."""
    score = Score()
    for case in cases(root, level):
        if only in case.folder and not case.folder.startswith(skip):
            _count(score, case)
    return score


def _count(score: Score, case: Case) -> None:
    wrong = []
    for node, expected in case.expected.items():
        try:
            found: object = ask(case, node)
        except LienthongError as error:
            found, why = None, error.message
        except Exception as error:  # noqa: BLE001 - foreign exceptions are what is being counted
            found, why = None, f"FOREIGN {error!r}"
            score.foreign += 1
        else:
            why = ""
        if not same(expected, found):
            wrong.append(f"{case.folder} {case.id} {node}: expected {expected!r}, found {found!r} {why}")
    score.cases += 1
    score.passed += not wrong
    score.non_null += case.non_null
    score.non_null_passed += case.non_null and not wrong
    score.failures += wrong
    score.by_folder[case.folder] += bool(wrong)


def main() -> None:
    """Print the scores, and the failures of folders named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--level", type=int, default=3)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    root = Path(os.environ["SUITES_DIR"], "dmn-tck", "TestCases")
    start = time.perf_counter()
    score = run(root, options.level, options.only)
    for failure in score.failures:
        sys.stdout.write(failure[:400] + "\n")
    sys.stdout.write(
        f"level {options.level}: {score.passed}/{score.cases} cases, {score.non_null_passed}/{score.non_null} non-null, "
        f"{score.foreign} foreign exceptions, {time.perf_counter() - start:.1f} s\n"
    )


if __name__ == "__main__":
    main()
