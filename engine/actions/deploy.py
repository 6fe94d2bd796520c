"""Deploying a procedure: its files stored together as an immutable version, which new dossiers run from then on.

Running dossiers stay on the version that they began with. The same content again is the same deployment.
"""

import hashlib
from collections.abc import Mapping

import orjson
from sqlalchemy import Connection, text

from engine import errors
from engine.models.deployment import Deployment, from_files
from engine.storage.database import Store

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
_KINDS: Mapping[str, str] = {
    ".bpmn": "bpmn",
    ".dmn": "dmn",
    ".form": "form",
    ".yaml": "procedure",
    ".yml": "procedure",
}


def deploy(store: Store, deployment: Deployment, *, by: str) -> int:
    """Store *deployment* and make it the active one; its id (of the stored one where the content is known).

    Raises:
        ModelInvalid: it has findings of severity error, or no `procedure.yaml`.
    """
    procedure = deployment.procedure
    if procedure is None:
        raise errors.ModelInvalid(file="procedure.yaml", count=1, first="the folder has no procedure.yaml")
    digest = _digest(deployment.files)
    with store.transaction() as connection:
        connection.execute(_LOCK, {"code": procedure.code})
        known = connection.scalar(_SAME, {"code": procedure.code, "hash": digest})
        identifier: int = known or _store(connection, deployment, digest, by)
        connection.execute(
            _ACTIVATE,
            {
                "code": procedure.code,
                "vi": procedure.name.vi,
                "en": procedure.name.en,
                "deployment": identifier,
            },
        )
    return identifier


def _store(connection: Connection, deployment: Deployment, digest: str, by: str) -> int:
    procedure = deployment.procedure
    identifier: int = connection.execute(
        _INSERT,
        {
            "code": deployment.code,
            "process": procedure.process if procedure else "",
            "hash": digest,
            "definition": orjson.dumps({"reports": list(procedure.reports) if procedure else []}).decode(),
            "by": by,
        },
    ).scalar_one()
    for name, content in deployment.files.items():
        canonical = deployment.canonical.get(name, content)
        connection.execute(
            _MODEL,
            {
                "deployment": identifier,
                "name": name,
                "kind": _kind(name),
                "original": content,
                "canonical": canonical,
                "sha": hashlib.sha256(content).hexdigest(),
                "canonical_sha": hashlib.sha256(canonical).hexdigest(),
                "rewriter": deployment.rewriter,
            },
        )
    return identifier


def _kind(name: str) -> str:
    if name.startswith("scenarios/"):
        return "scenario"
    return next((kind for suffix, kind in _KINDS.items() if name.endswith(suffix)), "text")


def _digest(files: Mapping[str, bytes]) -> str:
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{len(files[name])}\0".encode())
        total.update(files[name])
    return total.hexdigest()


class DeploymentShelf:
    """The deployments that a process has read, by id; they never change."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[int, Deployment] = {}

    def __call__(self, deployment: int) -> Deployment:
        known = self._known.get(deployment)
        if known is None:
            known = self._known[deployment] = self._read(deployment)
        return known

    def _read(self, deployment: int) -> Deployment:
        with self._store.reading() as connection:
            files = {row[0]: bytes(row[1]) for row in connection.execute(_FILES, {"id": deployment})}
        if not files:
            raise errors.ModelUnreadable(file=f"deployment {deployment}", reason="it is not stored")
        return from_files(files)
