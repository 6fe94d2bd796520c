"""Running the scenarios of a stored version: what came of them is kept with the version, and that somebody did in the trail.

A scenario needs no database, no partner and no time; nothing that runs is touched.
"""

import time
from dataclasses import dataclass

from engine import errors
from engine.exchange.ports import Json
from engine.models.deployment import from_files
from engine.queries import standing
from engine.runtime import scenarios
from engine.storage import access, deployments
from engine.storage.database import Store

MOST_S = 20.0
"""No further scenario is begun after so many seconds; those left are told as not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one scenario went; *passed* is None where it was not run, *wrong* what differed, in English."""

    file: str
    name: str
    passed: bool | None
    wrong: tuple[str, ...] = ()


def run(store: Store, deployment: int, *, by: str) -> list[Outcome]:
    """Run every scenario of *deployment* and keep how they went.

    Raises:
        DeploymentNotFound. ActionNotNow: it has no scenarios.
    """
    with store.reading() as connection:
        files = standing.files(connection, deployment)
    if not files:
        raise errors.DeploymentNotFound(deployment=deployment)
    found = _walked(files)
    if not found:
        raise errors.ActionNotNow(what="this version has no scenarios")
    facts: dict[str, Json] = {
        "deployment": deployment,
        "passed": sum(one.passed is True for one in found),
        "failed": sum(one.passed is False for one in found),
        "not_run": sum(one.passed is None for one in found),
    }
    told: list[Json] = [
        {"file": one.file, "name": one.name, "passed": one.passed, "wrong": list(one.wrong)} for one in found
    ]
    with store.transaction() as connection:
        deployments.keep_scenario_run(connection, deployment, by, told)
        access.audit(connection, by, "deployment-tested", facts=facts)
    return found


def _walked(files: dict[str, bytes]) -> list[Outcome]:
    deployment = from_files(files)
    ends = time.monotonic() + MOST_S
    found: list[Outcome] = []
    for name, data in sorted(deployment.scenarios.items()):
        if time.monotonic() > ends:
            found.append(Outcome(file=name, name=name, passed=None))
            continue
        one = scenarios.run(deployment, name, data)
        found.append(Outcome(file=one.file, name=one.name, passed=one.passed, wrong=one.wrong))
    return found
