"""A procedure's folder as one immutable value: its files, what they say, their hashes and canonical forms.

Reading never raises for what an author wrote: it leaves findings. Whether the deployment is acceptable is
said by `engine.models.linting.lint`. Storing and versioning it belongs to the actions.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from engine.errors import ModelUnreadable
from engine.exchange.ports import Json
from engine.models import canonical, decisions
from engine.models.decisions import reading as decision_reading
from engine.models.findings import Finding, Findings
from engine.models.graph import Process
from engine.models.procedure import Procedure
from engine.models.procedure_reading import FILE, read_procedure
from engine.models.reading import read_model
from engine.models.rewriting import REWRITER, rewrite

LIMIT_FILES = 500
LIMIT_FILE_BYTES = 8 * 1024 * 1024
SUFFIXES = (".bpmn", ".dmn", ".form", ".yaml", ".yml", ".md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The models of one procedure, stored and run together.

    *drawn* are the processes as read, for the rules and for people; *processes* are rewritten, for running.
    """

    files: Mapping[str, bytes]
    procedure: Procedure | None
    drawn: Mapping[str, Process]
    processes: Mapping[str, Process]
    forms: Mapping[str, Json]
    decisions: Mapping[str, tuple[str, str]]  # id of a DMN decision → its file and name
    canonical: Mapping[str, bytes]
    reading: tuple[Finding, ...] = ()
    rewriter: int = REWRITER
    hash: str = ""

    @property
    def code(self) -> str:
        """The procedure's national code; empty for models without `procedure.yaml`."""
        return self.procedure.code if self.procedure else ""

    @property
    def scenarios(self) -> dict[str, bytes]:
        """The scenario files by name."""
        return {
            name: data
            for name, data in self.files.items()
            if name.startswith("scenarios/") and name.endswith((".yaml", ".yml"))
        }

    def hashes(self) -> dict[str, str]:
        """The sha256 of every file as it was written."""
        return {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}

    @property
    def main(self) -> str:
        """The id of the process that a new dossier starts: procedure.yaml's, else the first executable one."""
        if self.procedure is not None:
            return self.procedure.process
        return next((one.id for one in self.processes.values() if one.executable), "")


def read_folder(path: Path) -> Deployment:
    """The deployment in the folder *path*, or of the single model file *path*.

    Hidden files and kinds of files that no deployment has are left out.
    """
    if path.is_file():
        return from_files({path.name: path.read_bytes()})
    files: dict[str, bytes] = {}
    for found in sorted(path.rglob("*")):
        name = found.relative_to(path).as_posix()
        hidden = any(part.startswith((".", "__")) for part in found.relative_to(path).parts)
        if found.is_file() and not hidden and found.suffix in SUFFIXES and len(files) < LIMIT_FILES:
            files[name] = found.read_bytes()
    return from_files(files)


def deployments_in(path: Path) -> list[Deployment]:
    """The deployment in *path*, or those in its folders that have a `procedure.yaml`, where it has none itself."""
    if path.is_dir() and not (path / FILE).exists():
        found = [read_folder(folder) for folder in sorted(path.iterdir()) if (folder / FILE).exists()]
        if found:
            return found
    return [read_folder(path)]


def from_files(files: Mapping[str, bytes]) -> Deployment:
    """The deployment made of *files* (name → content); names use ``/``."""
    findings: list[Finding] = []
    drawn: dict[str, Process] = {}
    processes: dict[str, Process] = {}
    stored: dict[str, bytes] = {}
    for name, data in sorted(files.items()):
        if not name.endswith(".bpmn"):
            continue
        told = Findings(name)
        model = read_model(name, data, told)
        rewritten = {key: rewrite(one) for key, one in model.processes.items()}
        for key, one in model.processes.items():
            if key in drawn:
                where = drawn[key].file
                told.error(
                    "process-unique",
                    key,
                    one.line,
                    f"{where} has a process `{key}` too",
                    "rename one of them",
                )
        drawn.update(model.processes)
        processes.update(rewritten)
        stored[name] = canonical.write(rewritten)
        findings += told.items
    for name, data in files.items():
        if name.endswith(".dmn"):
            others = [one for key, one in files.items() if key.endswith(".dmn") and key != name]
            findings += decisions.check(data, name, others)
    procedure, about = _procedure(files)
    forms, wrong = _forms(files)
    return Deployment(
        files=dict(files),
        procedure=procedure,
        drawn=drawn,
        processes=processes,
        forms=forms,
        decisions=_decisions(files),
        canonical=stored,
        reading=(*findings, *about, *wrong),
        hash=_hash(files),
    )


def restored(files: Mapping[str, bytes], stored: Mapping[str, bytes], rewriter: int) -> Deployment:
    """A stored deployment: its processes come from the canonical forms, never from the XML again.

    Raises:
        ModelUnreadable: a canonical form of an unknown format.
    """
    processes: dict[str, Process] = {}
    for name, data in stored.items():
        processes.update(canonical.read(data, file=name))
    return Deployment(
        files=dict(files),
        procedure=_procedure(files)[0],
        drawn=processes,
        processes=processes,
        forms=_forms(files)[0],
        decisions=_decisions(files),
        canonical=dict(stored),
        rewriter=rewriter,
        hash=_hash(files),
    )


def _procedure(files: Mapping[str, bytes]) -> tuple[Procedure | None, list[Finding]]:
    if FILE not in files:
        return None, []
    findings = Findings(FILE)
    return read_procedure(files[FILE], findings), findings.items


def _forms(files: Mapping[str, bytes]) -> tuple[dict[str, Json], list[Finding]]:
    forms: dict[str, Json] = {}
    findings: list[Finding] = []
    for name, data in files.items():
        if not name.endswith(".form"):
            continue
        told = Findings(name)
        try:
            body = orjson.loads(data)
        except orjson.JSONDecodeError as exc:
            told.error("form-json", name, exc.lineno, f"not JSON: {exc.msg}", "save the form anew")
            body = {}
        key = body.get("id") if isinstance(body, dict) else None
        forms[key if isinstance(key, str) and key else Path(name).stem] = body
        findings += told.items
    return forms, findings


def _decisions(files: Mapping[str, bytes]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for name, data in sorted(files.items()):
        if not name.endswith(".dmn"):
            continue
        try:
            definitions = decision_reading.read(data, name)
        except ModelUnreadable:  # told by the check of decisions
            continue
        for node in definitions.nodes.values():
            if node.kind == "decision":
                found.setdefault(node.id, (name, node.name))
    return found


def _hash(files: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name, data in sorted(files.items()):
        whole.update(f"{name}\0{hashlib.sha256(data).hexdigest()}\n".encode())
    return whole.hexdigest()
