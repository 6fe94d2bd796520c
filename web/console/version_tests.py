"""What a version of a procedure is tried with and asks of partners: its scenarios with their example data and how they last
went, the contracts that its models use; running the scenarios, and the whole folder as one file.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from flask import Blueprint, Response, request

from engine import errors
from engine.models.deployment import from_files
from engine.queries import deployments, standing
from engine.queries.deployments import ScenarioRun
from engine.storage.database import Connection, Store
from web.console.access import right, visitor
from web.console.rendering import View, back, read
from web.container import Container


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A scenario: *example* is the dossier data that it begins with and *world* what happens outside, as JSON; empty: none."""

    file: str
    name: str
    about: Mapping[str, str]
    example: str
    world: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """An operation of a partner that the models call, and where."""

    partner: str
    operation: str
    elements: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """What the page of a version shows of all this; *processes* are ids and names of what can be walked, the main one first."""

    trials: tuple[Trial, ...]
    uses: tuple[Use, ...]
    processes: tuple[tuple[str, str], ...]
    last: ScenarioRun | None


def add(blueprint: Blueprint, container: Container) -> None:
    """``/quy-trinh/<id>/thu`` and ``/quy-trinh/<id>/tep.zip``."""

    @blueprint.post("/quy-trinh/<int:id>/thu")
    @right("deploy")
    def run_scenarios(id: int) -> Response:  # noqa: A002
        from engine.actions import scenario_runs  # brings the interpreter, which no other page needs

        scenario_runs.run(container.store, id, by=visitor().name)
        return back(f"/quy-trinh/{id}", "done")

    @blueprint.get("/quy-trinh/<int:id>/tep.zip")
    @right("see")
    def deployed_folder(id: int) -> Response:  # noqa: A002
        read(View)
        with container.store.reading() as connection:
            line = deployments.get_deployment(connection, id)
            files = standing.files(connection, id)
        response = Response(_packed(files), content_type="application/zip")
        response.headers.set(
            "Content-Disposition", "attachment", filename=f"{line.procedure}-v{line.version}.zip"
        )
        return response


def trials_of(connection: Connection, store: Store, deployment: int) -> Trials:
    """Raises: AddressUnknown: there is no such version."""
    trials, uses, processes = _read(store, deployment)
    last = deployments.find_scenario_run(connection, deployment)
    return Trials(trials=trials, uses=uses, processes=processes, last=last)


@lru_cache(maxsize=256)
def _read(
    store: Store, deployment: int
) -> tuple[tuple[Trial, ...], tuple[Use, ...], tuple[tuple[str, str], ...]]:
    """Versions never change, so each is read once a process."""
    with store.reading() as connection:
        files = standing.files(connection, deployment)
    if not files:
        raise errors.AddressUnknown(path=request.path)
    read_ = from_files(files)
    trials = tuple(_trial(name, data) for name, data in sorted(read_.scenarios.items()))
    places: dict[str, list[str]] = {}
    for process in read_.drawn.values():
        for node in process.nodes():
            if node.binding.service:
                places.setdefault(node.binding.service, []).append(node.id)
    uses = tuple(
        Use(partner=service.partition(".")[0], operation=service.partition(".")[2], elements=tuple(elements))
        for service, elements in sorted(places.items())
    )
    names = {key: process.name for key, process in read_.drawn.items()}
    processes = sorted(read_.processes, key=lambda key: (key != read_.main, key))
    return trials, uses, tuple((key, names.get(key) or "") for key in processes)


def _trial(name: str, data: bytes) -> Trial:
    from engine.runtime import scenarios  # as above

    told = scenarios.described(name, data)
    return Trial(
        file=name,
        name=told.name,
        about=told.about,
        example=_written(told.example),
        world=_written(told.world),
    )


def _written(value: object) -> str:
    """As JSON; what YAML has and JSON has not (a date) as text."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str) if value else ""


def _packed(files: dict[str, bytes]) -> bytes:
    """The folder as it was uploaded; the same for the same version."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in sorted(files.items()):
            package.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
