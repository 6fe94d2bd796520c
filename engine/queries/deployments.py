"""The versions of procedures that are stored: which is active, how many dossiers run on each, what files each has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine import errors
from engine.dossiers.indexing import searchable
from engine.dossiers.statuses import Status
from engine.exchange.ports import Json

_SELECT = """
    SELECT d.id, d.procedure_code AS procedure, d.version, d.process, d.hash, d.deployed_at, d.deployed_by,
        d.retired_at, d.findings AS warnings, d.commit_id AS commit, d.commit_changed,
        p.active_deployment_id IS NOT DISTINCT FROM d.id AS active,
        (SELECT count(*) FROM dossier o WHERE o.deployment_id = d.id AND NOT o.status = ANY(CAST(:final AS smallint[])))
            AS running,
        coalesce(n.incidents, 0) AS incidents, p.name_vi, p.name_en
    FROM deployment d LEFT JOIN procedure p ON p.code = d.procedure_code
    LEFT JOIN (SELECT o.deployment_id, count(*) AS incidents FROM incident i JOIN dossier o ON o.id = i.dossier_id
        WHERE i.status IN ('open', 'acting') GROUP BY 1) n ON n.deployment_id = d.id
"""

_LIST = text(
    f"{_SELECT} WHERE (CAST(:procedure AS text) IS NULL OR d.procedure_code = :procedure)"
    " AND (CAST(:among AS text[]) IS NULL OR d.procedure_code = ANY(CAST(:among AS text[])))"
    " AND (CAST(:active AS boolean) IS NULL OR :active = (p.active_deployment_id IS NOT DISTINCT FROM d.id))"
    " AND (CAST(:findings AS boolean) IS NULL OR :findings = (coalesce(d.findings, 0) > 0))"
    " AND (CAST(:running AS boolean) IS NULL OR :running = EXISTS (SELECT 1 FROM dossier o"
    " WHERE o.deployment_id = d.id AND NOT o.status = ANY(CAST(:final AS smallint[]))))"
    " AND (CAST(:after AS bigint) IS NULL OR d.id < :after) ORDER BY d.id DESC LIMIT :limit"
)

_ONE = text(f"{_SELECT} WHERE d.id = :id")

_NAMES = text(
    "SELECT d.procedure_code, p.name_vi, p.name_en FROM (SELECT DISTINCT procedure_code FROM deployment) d"
    " LEFT JOIN procedure p ON p.code = d.procedure_code"
)

_FILES = text(
    "SELECT name, kind, sha256, octet_length(original) AS size_bytes FROM model"
    " WHERE deployment_id = :id ORDER BY name"
)

_RUN = text("SELECT at, who, results FROM scenario_run WHERE deployment_id = :id")

_FINAL = [status.value for status in Status if status.is_final]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentLine:
    """A stored version; *active*: new dossiers start with it; *running*: dossiers on it that are not over.

    *warnings*: findings when it was stored; None: nobody looked. *retired_at*: since when it cannot be activated.
    *incidents*: those of its dossiers that are not closed. *commit* is where its folder came from, *commit_changed* whether
    that had changes in no commit; None: nobody said.
    """

    id: int
    procedure: str
    version: int
    process: str
    hash: str
    deployed_at: datetime
    deployed_by: str
    active: bool
    running: int
    retired_at: datetime | None
    warnings: int | None
    commit: str | None
    commit_changed: bool | None
    incidents: int
    name_vi: str | None
    name_en: str | None

    def called(self, language: str) -> str:
        """What its procedure is called now, in *language*; empty where no version of it was ever in use."""
        return (self.name_en if language == "en" else self.name_vi) or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedFile:
    """A file of a version."""

    name: str
    kind: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRun:
    """How the scenarios of a version last went: each of *results* has file, name, passed (None: not run) and wrong."""

    at: datetime
    who: str
    results: Sequence[Mapping[str, Json]]


def find_scenario_run(connection: Connection, deployment: int) -> ScenarioRun | None:
    """The last run; None: they were never run here."""
    row = connection.execute(_RUN, {"id": deployment}).mappings().one_or_none()
    return None if row is None else ScenarioRun(**row)


def find_deployments(
    connection: Connection,
    *,
    procedure: str | None,
    active: bool | None,
    after: int | None,
    limit: int,
    words: str | None = None,
    findings: bool | None = None,
    running: bool | None = None,
) -> list[DeploymentLine]:
    """The newest versions that fit, at most *limit*; *after* is the id of the last one of the page before.

    *words* is a part of the procedure's code or of one of its names, accents or not;
    *findings*: whether there were any when it was stored; *running*: whether dossiers run on it.
    """
    wanted = {
        "procedure": procedure,
        "among": _called(connection, words) if words else None,
        "active": active,
        "findings": findings,
        "running": running,
        "after": after,
        "limit": limit,
        "final": _FINAL,
    }
    return [DeploymentLine(**row) for row in connection.execute(_LIST, wanted).mappings()]


def _called(connection: Connection, words: str) -> list[str]:
    """The codes of the procedures that have *words* in their code or in a name; there are hundreds at most."""
    part = searchable(words)
    return [row[0] for row in connection.execute(_NAMES) if any(part in searchable(one or "") for one in row)]


def get_deployment(connection: Connection, deployment: int) -> DeploymentLine:
    """Raises: DeploymentNotFound."""
    row = connection.execute(_ONE, {"id": deployment, "final": _FINAL}).mappings().first()
    if row is None:
        raise errors.DeploymentNotFound(deployment=deployment)
    return DeploymentLine(**row)


def files_of(connection: Connection, deployment: int) -> list[DeployedFile]:
    """The files of a version, by name."""
    return [DeployedFile(**row) for row in connection.execute(_FILES, {"id": deployment}).mappings()]
