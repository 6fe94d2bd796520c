"""Deployment rows: models stored together as an immutable version, and which version a procedure's new dossiers run."""

from collections.abc import Mapping

from sqlalchemy import Connection, text

from engine.exchange.ports import Json
from engine.storage.database import json_text

_SAME = text("SELECT id FROM deployment WHERE procedure_code = :code AND hash = :hash")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('deploy ' || :code))")
_INSERT = text(
    """
    INSERT INTO deployment (procedure_code, version, process, hash, definition, deployed_by)
    SELECT :code, coalesce(max(version), 0) + 1, :process, :hash, CAST(:definition AS jsonb), :by
    FROM deployment WHERE procedure_code = :code RETURNING id
    """
)
_MODEL = text(
    "INSERT INTO model (deployment_id, name, kind, original, canonical, sha256, canonical_sha256, rewriter)"
    " VALUES (:deployment, :name, :kind, :original, :canonical, :sha, :canonical_sha, :rewriter)"
)
_ACTIVATE = text(
    "INSERT INTO procedure (code, name_vi, name_en, active_deployment_id) VALUES (:code, :vi, :en, :deployment)"
    " ON CONFLICT (code) DO UPDATE SET name_vi = excluded.name_vi, name_en = excluded.name_en,"
    " active_deployment_id = excluded.active_deployment_id"
)
_FILES = text("SELECT name, original FROM model WHERE deployment_id = :id")


def lock(connection: Connection, procedure: str) -> None:
    """Let one deployment of *procedure* be made at a time."""
    connection.execute(_LOCK, {"code": procedure})


def find_same(connection: Connection, procedure: str, digest: str) -> int | None:
    """The deployment of *procedure* with this very content."""
    found: int | None = connection.scalar(_SAME, {"code": procedure, "hash": digest})
    return found


def insert(
    connection: Connection,
    procedure: str,
    *,
    process: str,
    digest: str,
    definition: Mapping[str, Json],
    by: str,
) -> int:
    """Write the next version of *procedure*; its id."""
    identifier: int = connection.execute(
        _INSERT,
        {
            "code": procedure,
            "process": process,
            "hash": digest,
            "definition": json_text(dict(definition)),
            "by": by,
        },
    ).scalar_one()
    return identifier


def insert_model(connection: Connection, deployment: int, columns: Mapping[str, object]) -> None:
    """Write one file: name, kind, original, canonical, sha, canonical_sha, rewriter."""
    connection.execute(_MODEL, {"deployment": deployment, **columns})


def activate(connection: Connection, procedure: str, *, vi: str, en: str, deployment: int) -> None:
    """Let new dossiers of *procedure* run *deployment*."""
    connection.execute(_ACTIVATE, {"code": procedure, "vi": vi, "en": en, "deployment": deployment})


def files(connection: Connection, deployment: int) -> dict[str, bytes]:
    """The files of a deployment as they were written."""
    return {row[0]: bytes(row[1]) for row in connection.execute(_FILES, {"id": deployment})}
