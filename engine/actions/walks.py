"""A simulated walk through a stored version, with data and a world that somebody made up.

It touches no dossier and no partner and keeps nothing but the line in the trail that it was done; what was made up is not in it.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from engine import errors
from engine.exchange.ports import Json
from engine.models.deployment import Deployment, from_files
from engine.models.findings import Finding, errors_in
from engine.models.linting import lint
from engine.queries import standing
from engine.runtime import worlds
from engine.runtime.limits import Limits
from engine.runtime.simulation import Simulation, Walked, dossier_of
from engine.storage import access
from engine.storage.database import Store

MOST_S = 10.0
"""How long a walk may take; ``lienthong simulate`` has 30 s, but nobody's page waits for it."""

LIMITS = Limits(steps=50_000, seconds=MOST_S)
_ONE = threading.Lock()  # a walk computes all the time: two would only slow each other and everybody's pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What came of it: *refused* findings and no walk, or the walk; *deployment* is what was walked through."""

    deployment: Deployment
    process: str
    refused: tuple[Finding, ...] = ()
    walked: Walked | None = None


def walk(
    store: Store,
    deployment: int,
    *,
    process: str,
    data: Mapping[str, Json],
    world: Mapping[str, Json],
    by: str,
) -> Walk:
    """Walk through *process* (empty: the procedure's own) of the stored *deployment*, one walk at a time in this process.

    *data* are the dossier's data and the first variables, *world* is as `engine.runtime.worlds` reads it.

    Raises:
        DeploymentNotFound. RequestInvalid: the world cannot be understood, or there is no such process. ActionNotNow:
            another walk is going on.
    """
    with store.reading() as connection:
        files = standing.files(connection, deployment)
    if not files:
        raise errors.DeploymentNotFound(deployment=deployment)
    if not _ONE.acquire(blocking=False):
        raise errors.ActionNotNow(what="another simulated walk is going on; try again in some seconds")
    try:
        found = _walked(from_files(files), process, data, world)
    finally:
        _ONE.release()
    facts: dict[str, Json] = {"deployment": deployment, "process": found.process}
    facts["steps"] = len(found.walked.completed) if found.walked else 0
    with store.transaction() as connection:
        access.audit(connection, by, "deployment-simulated", facts=facts)
    return found


def _walked(
    deployment: Deployment, process: str, data: Mapping[str, Json], world: Mapping[str, Json]
) -> Walk:
    key = process or deployment.main
    if key not in deployment.processes:
        raise errors.RequestInvalid(
            reason=f"there is no process `{key}`",
            fields=[{"field": "process", "reason": f"there is no process `{key}`"}],
        )
    outside, dossier = worlds.world(world), dossier_of(deployment, data) | worlds.dossier(world)
    refused = errors_in(lint(deployment, data))
    if refused:
        return Walk(deployment=deployment, process=key, refused=tuple(refused))
    simulation = Simulation(deployment, key, dossier=dossier, variables=data, world=outside, limits=LIMITS)
    return Walk(deployment=deployment, process=key, walked=simulation.run())
