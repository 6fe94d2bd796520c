"""A simulated walk through a version: data and a world are typed, beginning with a scenario's; the page tells what happens
in order on a virtual clock, and what waits. Nothing of it is kept.
"""

import json
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from pydantic import Field

from engine import errors
from engine.exchange.ports import Json
from engine.models.deployment import Deployment
from engine.queries import deployments
from web.bodies import parse_object
from web.console import version_tests
from web.console.access import right, visitor
from web.console.rendering import View, page, read
from web.console.version_tests import Trial
from web.container import Container

if TYPE_CHECKING:
    from engine.runtime.simulation import Walked

_MOST_TYPED = 100_000
_MOST_STEPS = 500
_MOST_DRAWN = 5
_LONGEST_COMMAND = 2000
_FIELDS = ("data", "world")


class SimulationView(View):
    """The address of the form: *scenario* is the file whose data and world it begins with."""

    scenario: str = Field(default="", max_length=255)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What is in the form; *scenario* is the file that it began with, if any."""

    data: str = "{}"
    world: str = "{}"
    process: str = ""
    scenario: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """An element that completed: when, and how long after the start."""

    element: str
    at: datetime
    after: timedelta


def add(blueprint: Blueprint, container: Container) -> None:
    """``/quy-trinh/<id>/mo-phong``."""

    @blueprint.get("/quy-trinh/<int:id>/mo-phong")
    @right("see")
    def simulation_form(id: int) -> str:  # noqa: A002
        return _shown(container, id, read(SimulationView).scenario)

    @blueprint.post("/quy-trinh/<int:id>/mo-phong")
    @right("deploy")
    def simulate(id: int) -> Response:  # noqa: A002
        typed = Typed(**{name: request.form.get(name, "") for name in (*_FIELDS, "process", "scenario")})
        try:
            content, status = _walked(container, id, typed), 200
        except (errors.RequestInvalid, errors.ActionNotNow) as problem:
            content, status = _shown(container, id, typed=typed, problem=problem), problem.status
        return Response(content, status=status, content_type="text/html; charset=utf-8")


def _walked(container: Container, deployment: int, typed: Typed) -> str:
    """Raises: RequestInvalid, naming the field; ActionNotNow, DeploymentNotFound."""
    from engine.actions import walks  # brings the interpreter, which few pages need

    data, world = (_object(name, getattr(typed, name)) for name in _FIELDS)
    by = visitor().name
    try:
        found = walks.walk(container.store, deployment, process=typed.process, data=data, world=world, by=by)
    except errors.RequestInvalid as problem:
        if problem.facts.get("fields"):
            raise
        raise _at("world", str(problem.facts["reason"])) from problem
    names = {node.id: node.name for one in found.deployment.drawn.values() for node in one.nodes()}
    came = {"findings": found.refused, "most_s": int(walks.MOST_S), "walk": found.walked, "labels": names}
    if found.walked is not None:
        came["steps"] = list(_steps(found.walked))
        came["drawings"] = list(_drawings(found.deployment, found.walked))
    return _shown(container, deployment, typed=typed, came=came)


def _shown(
    container: Container,
    deployment: int,
    scenario: str = "",
    *,
    typed: Typed | None = None,
    problem: errors.LienthongError | None = None,
    came: Mapping[str, object] | None = None,
) -> str:
    """The page; *came* is what came of a walk. Raises: DeploymentNotFound; RequestInvalid: there is no such scenario."""
    with container.store.reading() as connection:
        line = deployments.get_deployment(connection, deployment)
        tried = version_tests.trials_of(connection, container.store, deployment)
    typed = typed or _beginning(tried.trials, scenario)
    wrong = {str(one["field"]): str(one["reason"]) for one in _fields(problem)}
    given = {"walk": None, "steps": (), "findings": (), "drawings": (), "labels": {}, **(came or {})}
    return page(
        "simulation.html",
        container,
        line=line,
        trials=tried.trials,
        processes=tried.processes,
        typed=typed,
        problem=problem,
        wrong=wrong,
        most=_MOST_TYPED,
        day=timedelta(days=1),
        command=_command(typed),
        **given,
    )


def _fields(problem: errors.LienthongError | None) -> list[dict[str, str]]:
    found = problem.facts.get("fields") if problem is not None else None
    return found if isinstance(found, list) else []


def _beginning(trials: tuple[Trial, ...], scenario: str) -> Typed:
    """Raises: RequestInvalid."""
    if not scenario:
        one = trials[0] if trials else None
    else:
        one = next((one for one in trials if one.file == scenario), None)
        if one is None:
            raise errors.RequestInvalid(reason="this version has no such scenario")
    return Typed(data=one.example or "{}", world=one.world or "{}", scenario=one.file) if one else Typed()


def _object(name: str, text: str) -> dict[str, Json]:
    """The JSON object typed into a field; nothing typed is an empty one. Raises: RequestInvalid."""
    if len(text) > _MOST_TYPED:
        raise _at(name, f"is longer than {_MOST_TYPED} characters")
    try:
        return parse_object(text.encode()) if text.strip() else {}
    except errors.RequestInvalid as problem:
        raise _at(name, str(problem.facts["reason"])) from problem


def _at(field: str, reason: str) -> errors.RequestInvalid:
    return errors.RequestInvalid(reason=f"{field} {reason}", fields=[{"field": field, "reason": reason}])


def _steps(walked: "Walked") -> Iterator[Stepped]:
    """The first elements that completed."""
    for element, at in islice(zip(walked.completed, walked.times, strict=True), _MOST_STEPS):
        yield Stepped(element=element, at=at, after=at - walked.times[0])


def _drawings(deployment: Deployment, walked: "Walked") -> Iterator[dict[str, object]]:
    """The models that the walk came through, each with how often it came to an element, and where it waits."""
    counts = Counter(walked.completed)
    marks = dict.fromkeys(walked.waiting, "waiting") | dict.fromkeys(walked.failed, "trouble")
    by_file: dict[str, set[str]] = {}
    for process in deployment.drawn.values():
        by_file.setdefault(process.file, set()).update(node.id for node in process.nodes())
    came = {file: ids for file, ids in by_file.items() if ids & (counts.keys() | marks.keys())}
    for file, ids in list(came.items())[:_MOST_DRAWN]:
        tokens = [{"element": one, "state": state} for one, state in marks.items() if one in ids]
        tokens += [{"element": one, "badge": f"{counts[one]}×"} for one in sorted(ids) if counts[one] > 1]
        visits = {one: counts[one] for one in sorted(ids) if counts[one]}
        yield {"file": file, "tokens": tokens, "visits": visits}


def _command(typed: Typed) -> str:
    """What does the same at a terminal; long texts are in files there."""
    words = ["lienthong", "simulate", "PATH"]
    for name in _FIELDS:
        try:
            text = json.dumps(json.loads(getattr(typed, name) or "{}"), ensure_ascii=False)
            text.encode()  # half a character cannot be shown
        except (ValueError, RecursionError):
            text = ""
        fits = 0 < len(text) <= _LONGEST_COMMAND
        if text != "{}":
            words += [f"--{name}", shlex.quote(text) if fits else f"@{name}.json"]
    if typed.process:
        words += ["--process", shlex.quote(typed.process)]
    return " ".join(words)
