"""The procedures that are deployed here: for lists, for checking what comes in, and for drawing a dossier's way."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, text

from engine import errors
from engine.models.findings import Findings
from engine.models.procedure import Procedure
from engine.models.procedure_reading import FILE, read_procedure
from engine.storage.statements import Statement

_LIST = text(
    """
    SELECT p.code, p.name_vi, p.name_en, d.id, d.version, d.process, d.hash, d.deployed_at, d.deployed_by,
        m.original, d.commit_id, d.commit_changed
    FROM procedure p JOIN deployment d ON d.id = p.active_deployment_id
    LEFT JOIN model m ON m.deployment_id = d.id AND m.name = :file
    ORDER BY p.code
    """
)

_ACTIVE = Statement(
    "SELECT d.id, m.original FROM procedure p JOIN deployment d ON d.id = p.active_deployment_id"
    " JOIN model m ON m.deployment_id = d.id AND m.name = :file WHERE p.code = :code"
)

_OF_DEPLOYMENT = text("SELECT original FROM model WHERE deployment_id = :id AND name = :file")

_MODELS = text(
    """
    SELECT d.procedure_code, d.version, m.name, m.kind, m.sha256, d.deployed_at,
        p.active_deployment_id = d.id AS active
    FROM deployment d JOIN model m ON m.deployment_id = d.id LEFT JOIN procedure p ON p.code = d.procedure_code
    ORDER BY d.procedure_code, d.version DESC, m.name
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedProcedure:
    """A procedure with the deployment that new dossiers start with; *rules* is what procedure.yaml says."""

    code: str
    name_vi: str
    name_en: str
    deployment: int
    version: int
    process: str
    hash: str
    deployed_at: datetime
    deployed_by: str
    commit: str | None
    commit_changed: bool | None
    rules: Procedure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredModel:
    """One file of one deployment."""

    procedure: str
    version: int
    name: str
    kind: str
    sha256: str
    deployed_at: datetime
    active: bool


def list_procedures(connection: Connection) -> list[DeployedProcedure]:
    """Every procedure by code; there are hundreds at most, so no pages."""
    rows = connection.execute(_LIST, {"file": FILE})
    return [
        DeployedProcedure(
            code=row[0],
            name_vi=row[1],
            name_en=row[2],
            deployment=row[3],
            version=row[4],
            process=row[5],
            hash=row[6],
            deployed_at=row[7],
            deployed_by=row[8],
            commit=row[10],
            commit_changed=row[11],
            rules=read_rules(row[3], bytes(row[9])) if row[9] is not None else None,
        )
        for row in rows
    ]


def get_rules(connection: Connection, code: str) -> Procedure:
    """What procedure *code* asks of a dossier handed in now.

    Raises: ProcedureUnknown.
    """
    row = _ACTIVE.send(connection, {"code": code, "file": FILE}).fetchone()
    rules = read_rules(row[0], bytes(row[1])) if row is not None else None
    if rules is None:
        raise errors.ProcedureUnknown(procedure=code)
    return rules


def get_rules_of(connection: Connection, deployment: int) -> Procedure:
    """What the deployment that a running dossier belongs to says.

    Raises: ProcedureUnknown.
    """
    original = connection.scalar(_OF_DEPLOYMENT, {"id": deployment, "file": FILE})
    rules = read_rules(deployment, bytes(original)) if original is not None else None
    if rules is None:
        raise errors.ProcedureUnknown(procedure=deployment)
    return rules


def list_models(connection: Connection) -> list[StoredModel]:
    """Every file of every deployment, newest version first."""
    return [
        StoredModel(
            procedure=row[0],
            version=row[1],
            name=row[2],
            kind=row[3],
            sha256=row[4],
            deployed_at=row[5],
            active=bool(row[6]),
        )
        for row in connection.execute(_MODELS)
    ]


@lru_cache(maxsize=256)
def read_rules(deployment: int, content: bytes) -> Procedure | None:
    """What the procedure.yaml of a deployment says; None: it cannot be read.

    Deployments never change, so the same bytes are read once a process.
    """
    return read_procedure(content, Findings(FILE))
