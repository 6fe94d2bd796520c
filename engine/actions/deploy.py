"""Deploying a procedure: its files stored together as an immutable version, which new dossiers run from then on.

Running dossiers stay on their version until `engine.actions.migrate` takes them to another. The same content again is the
same deployment.
"""

import hashlib
from collections.abc import Callable, Mapping

from engine import errors
from engine.exchange.ports import Json
from engine.models.deployment import Deployment, restored
from engine.models.origin import Origin
from engine.models.procedure import Procedure
from engine.queries import procedures
from engine.storage import access, deployments
from engine.storage.database import Connection, Store

Seen = Callable[[Connection], None]
"""Asked under the procedure's lock; raises when the version is not what the caller has seen."""

_KINDS: Mapping[str, str] = {
    ".bpmn": "bpmn",
    ".dmn": "dmn",
    ".form": "form",
    ".yaml": "procedure",
    ".yml": "procedure",
}


def deploy(
    store: Store,
    deployment: Deployment,
    *,
    by: str,
    findings: int | None = None,
    origin: Origin | None = None,
) -> int:
    """Store *deployment* and make it the active one; its id (of the stored one where the content is known).

    The trail tells of it unless it was the active one already. *findings*: how many warnings there are about it; None: nobody
    looked. *origin*: the commit that it came from, kept where
    none is known yet.

    Raises:
        ModelInvalid: it has findings of severity error, or no `procedure.yaml`.
    """
    with store.transaction() as connection:
        identifier, procedure = _keep(connection, deployment, by, findings, origin)
        place = _place(connection, identifier)
        deployments.retire(connection, identifier, retired=False)
        _activate(connection, identifier, procedure)
        if place.active != identifier or place.retired:
            facts: dict[str, Json] = {
                "deployment": identifier,
                "procedure": procedure.code,
                "instead_of": place.active,
            }
            facts |= {"commit": origin.commit} if origin is not None else {}
            access.audit(connection, by, "deployment-activated", facts=facts)
    return identifier


def keep(
    store: Store,
    deployment: Deployment,
    *,
    by: str,
    findings: int | None = None,
    origin: Origin | None = None,
) -> int:
    """Store *deployment* as a version that nothing runs yet; its id (of the stored one where the content is known).

    *findings*: how many warnings there are about it. *origin*: as for `deploy`.

    Raises:
        ModelInvalid: it has no `procedure.yaml`.
    """
    with store.transaction() as connection:
        identifier, procedure = _keep(connection, deployment, by, findings, origin)
        facts: dict[str, Json] = {"deployment": identifier, "procedure": procedure.code}
        facts |= {"commit": origin.commit} if origin is not None else {}
        access.audit(connection, by, "deployment-uploaded", facts=facts)
    return identifier


def activate(
    store: Store,
    deployment: int,
    *,
    by: str,
    reason: str,
    instead_of: int | None = None,
    seen: Seen | None = None,
) -> None:
    """Let new dossiers of its procedure start with the stored *deployment*; running ones keep theirs.

    *instead_of* is the active version that the caller held it against; None: whichever there is.

    Raises:
        DeploymentNotFound. ActionNotNow: it is retired. PreconditionFailed: another version is active by now.
    """
    with store.transaction() as connection:
        try:
            procedure = procedures.get_rules_of(connection, deployment)
        except errors.ProcedureUnknown:
            raise errors.DeploymentNotFound(deployment=deployment) from None
        place = _held(connection, deployment, seen)
        if place.retired:
            raise errors.ActionNotNow(what="this version is retired; bring it back first")
        if instead_of is not None and place.active != instead_of:
            raise errors.PreconditionFailed(etag=str(place.active))
        _activate(connection, deployment, procedure)
        facts: dict[str, Json] = {
            "deployment": deployment,
            "procedure": procedure.code,
            "instead_of": place.active,
        }
        access.audit(connection, by, "deployment-activated", facts=facts, reason=reason)


def retire(store: Store, deployment: int, *, by: str, reason: str, seen: Seen | None = None) -> None:
    """Let *deployment* never be activated again until it is brought back; dossiers that run on it go on.

    Raises:
        DeploymentNotFound. ActionNotNow: new dossiers start with it, or it is retired already.
    """
    with store.transaction() as connection:
        place = _held(connection, deployment, seen)
        if place.active == deployment:
            raise errors.ActionNotNow(what="new dossiers start with this version; activate another one first")
        if place.retired:
            raise errors.ActionNotNow(what="this version is retired already")
        deployments.retire(connection, deployment, retired=True)
        facts: dict[str, Json] = {"deployment": deployment, "procedure": place.procedure}
        access.audit(connection, by, "deployment-retired", facts=facts, reason=reason)


def bring_back(store: Store, deployment: int, *, by: str, reason: str, seen: Seen | None = None) -> None:
    """Let a retired *deployment* be activated again.

    Raises:
        DeploymentNotFound. ActionNotNow: it is not retired.
    """
    with store.transaction() as connection:
        place = _held(connection, deployment, seen)
        if not place.retired:
            raise errors.ActionNotNow(what="this version is not retired")
        deployments.retire(connection, deployment, retired=False)
        facts: dict[str, Json] = {"deployment": deployment, "procedure": place.procedure}
        access.audit(connection, by, "deployment-brought-back", facts=facts, reason=reason)


def _held(connection: Connection, deployment: int, seen: Seen | None) -> deployments.Place:
    """Where it stands, under its procedure's lock. Raises: DeploymentNotFound, and what *seen* raises."""
    deployments.lock(connection, _place(connection, deployment).procedure)
    if seen is not None:
        seen(connection)
    return _place(connection, deployment)


def _place(connection: Connection, deployment: int) -> deployments.Place:
    found = deployments.place(connection, deployment)
    if found is None:
        raise errors.DeploymentNotFound(deployment=deployment)
    return found


def _keep(
    connection: Connection,
    deployment: Deployment,
    by: str,
    findings: int | None,
    origin: Origin | None,
) -> tuple[int, Procedure]:
    procedure = deployment.procedure
    if procedure is None:
        raise errors.ModelInvalid(file="procedure.yaml", count=1, first="the folder has no procedure.yaml")
    digest = _digest(deployment.files)
    deployments.lock(connection, procedure.code)
    known = deployments.find_same(connection, procedure.code, digest)
    if known is not None:
        if findings is not None:
            deployments.count_findings(connection, known, findings)
        if origin is not None:
            deployments.keep_origin(connection, known, origin)
        return known, procedure
    stored = _store(connection, deployment, procedure, digest, by=by, findings=findings, origin=origin)
    return stored, procedure


def _activate(connection: Connection, deployment: int, procedure: Procedure) -> None:
    names = procedure.name
    deployments.activate(connection, procedure.code, vi=names.vi, en=names.en, deployment=deployment)


def _store(
    connection: Connection,
    deployment: Deployment,
    procedure: Procedure,
    digest: str,
    *,
    by: str,
    findings: int | None,
    origin: Origin | None,
) -> int:
    identifier = deployments.insert(
        connection,
        procedure.code,
        process=procedure.process,
        digest=digest,
        definition={"reports": list(procedure.reports)},
        by=by,
        findings=findings,
        origin=origin,
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
