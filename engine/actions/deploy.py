"""Deploying a procedure: its files stored together as an immutable version, which new dossiers run from then on.

Running dossiers stay on the version that they began with. The same content again is the same deployment.
"""

import hashlib
from collections.abc import Mapping

from engine import errors
from engine.exchange.ports import Json
from engine.models.deployment import Deployment, restored
from engine.models.procedure import Procedure
from engine.queries import procedures
from engine.storage import access, deployments
from engine.storage.database import Connection, Store

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
    with store.transaction() as connection:
        identifier, procedure = _keep(connection, deployment, by)
        _activate(connection, identifier, procedure)
    return identifier


def keep(store: Store, deployment: Deployment, *, by: str) -> int:
    """Store *deployment* as a version that nothing runs yet; its id (of the stored one where the content is known).

    Raises:
        ModelInvalid: it has no `procedure.yaml`.
    """
    with store.transaction() as connection:
        identifier, procedure = _keep(connection, deployment, by)
        facts: dict[str, Json] = {"deployment": identifier, "procedure": procedure.code}
        access.audit(connection, by, "deployment-uploaded", facts=facts)
    return identifier


def activate(store: Store, deployment: int, *, by: str, reason: str) -> None:
    """Let new dossiers of its procedure start with the stored *deployment*; running ones keep theirs.

    Raises:
        DeploymentNotFound.
    """
    with store.transaction() as connection:
        try:
            procedure = procedures.get_rules_of(connection, deployment)
        except errors.ProcedureUnknown:
            raise errors.DeploymentNotFound(deployment=deployment) from None
        deployments.lock(connection, procedure.code)
        _activate(connection, deployment, procedure)
        facts: dict[str, Json] = {"deployment": deployment, "procedure": procedure.code}
        access.audit(connection, by, "deployment-activated", facts=facts, reason=reason)


def _keep(connection: Connection, deployment: Deployment, by: str) -> tuple[int, Procedure]:
    procedure = deployment.procedure
    if procedure is None:
        raise errors.ModelInvalid(file="procedure.yaml", count=1, first="the folder has no procedure.yaml")
    digest = _digest(deployment.files)
    deployments.lock(connection, procedure.code)
    known = deployments.find_same(connection, procedure.code, digest)
    if known is not None:
        return known, procedure
    return _store(connection, deployment, procedure, digest, by), procedure


def _activate(connection: Connection, deployment: int, procedure: Procedure) -> None:
    names = procedure.name
    deployments.activate(connection, procedure.code, vi=names.vi, en=names.en, deployment=deployment)


def _store(connection: Connection, deployment: Deployment, procedure: Procedure, digest: str, by: str) -> int:
    identifier = deployments.insert(
        connection,
        procedure.code,
        process=procedure.process,
        digest=digest,
        definition={"reports": list(procedure.reports)},
        by=by,
    )
    for name, content in deployment.files.items():
        canonical = deployment.canonical.get(name, content)
        columns: dict[str, object] = {
            "name": name,
            "kind": _kind(name),
            "original": content,
            "canonical": canonical,
            "sha": hashlib.sha256(content).hexdigest(),
            "canonical_sha": hashlib.sha256(canonical).hexdigest(),
            "rewriter": deployment.rewriter,
        }
        deployments.insert_model(connection, identifier, columns)
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
        """Running instances load the stored form, so that a newer rewriter changes nothing under them."""
        with self._store.reading() as connection:
            stored = deployments.files(connection, deployment)
        if stored is None:
            raise errors.ModelUnreadable(file=f"deployment {deployment}", reason="it is not stored")
        return restored(stored.files, stored.canonical, stored.rewriter)
