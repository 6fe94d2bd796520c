"""What taking a dossier to another version looks at: its stored instance, its version, and the version that it would go to."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

_READ = text(
    """
    SELECT d.id, d.status, d.procedure_code AS procedure, d.deployment_id AS deployment, p.version AS numbered,
        i.version, i.state, i.status = 'running' AS running
    FROM dossier d JOIN deployment p ON p.id = d.deployment_id LEFT JOIN instance i ON i.dossier_id = d.id
    WHERE d.code = :code
    """
)
_VERSION = text(
    "SELECT id, procedure_code AS procedure, version AS numbered, retired_at IS NOT NULL AS retired"
    " FROM deployment WHERE id = :id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrant:
    """A dossier as stored: *numbered* is its deployment's version, *version* the one of its instance; None: not begun."""

    id: int
    status: int
    procedure: str
    deployment: int
    numbered: int
    version: int | None
    state: bytes | None
    running: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A deployment by its number among those of its procedure."""

    id: int
    procedure: str
    numbered: int
    retired: bool


def read(connection: Connection, code: str) -> Migrant | None:
    """None: there is no dossier of this code."""
    row = connection.execute(_READ, {"code": code}).mappings().one_or_none()
    if row is None:
        return None
    return Migrant(**{**row, "state": bytes(row["state"]) if row["state"] is not None else None})


def version(connection: Connection, deployment: int) -> Version | None:
    """None: there is no such deployment."""
    row = connection.execute(_VERSION, {"id": deployment}).mappings().one_or_none()
    return None if row is None else Version(**row)
