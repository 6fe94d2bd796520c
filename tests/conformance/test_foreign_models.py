"""Every BPMN file of every suite: refused with findings that name it, or walked; never a crash, never without an end."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.models.deployment import from_files
from engine.models.findings import errors_in
from engine.models.linting import lint
from engine.runtime.simulation import Simulation, World, dossier_of
from lienthong.commands.simulate import first_process

BPMN = b"BPMN/20100524/MODEL"


@pytest.fixture(scope="module")
def suites() -> Path:
    folder = Path(os.environ.get("SUITES_DIR", "nowhere"))
    if not folder.is_dir():
        pytest.skip("SUITES_DIR is not set: the suites are not here")
    return folder


def _models(suites: Path) -> Iterator[tuple[str, Path, bytes]]:
    for file in sorted(suites.rglob("*")):
        if file.suffix in (".bpmn", ".xml") and file.is_file():
            data = file.read_bytes()
            if file.suffix == ".bpmn" or BPMN in data[:4000]:
                yield file.relative_to(suites).parts[0], file, data


def _verdict(name: str, data: bytes) -> str:
    deployment = from_files({name: data})
    found = errors_in(lint(deployment))
    if found:
        assert all(one.message and one.remedy and one.file == name for one in found)
        return "refused"
    dossier = dossier_of(deployment, {})
    walked = Simulation(
        deployment, first_process(deployment), dossier=dossier, variables={}, world=World()
    ).run()
    return "stopped by an error" if walked.error else "ended" if walked.ended else "waiting"


def test_every_foreign_model_is_refused_or_walked(suites: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts: dict[str, Counter[str]] = {}
    for suite, file, data in _models(suites):
        counts.setdefault(suite, Counter())[_verdict(f"{file.stem}.bpmn", data)] += 1
    with capsys.disabled():
        for suite, verdicts in counts.items():
            told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
            sys.stdout.write(f"\n{suite}: {told}")
    assert counts


def test_bpmnspectors_failures_are_all_refused(suites: Path) -> None:
    passed = [
        file.name
        for suite, file, data in _models(suites)
        if suite == "bpmnspector" and "fail" in file.name.lower() and file.name.startswith("EXT")
        if not errors_in(lint(from_files({"m.bpmn": data})))
    ]
    assert passed == []
