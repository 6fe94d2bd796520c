"""Versions of procedures over REST: judge an upload, keep it, let new dossiers start with it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field

from engine import errors
from engine.actions import deploy
from engine.models import differences
from engine.models.deployment import Deployment, from_files
from engine.models.findings import Finding, errors_in
from engine.models.linting import lint
from engine.models.origin import DIRTY, MOST, origin
from engine.queries import deployments, standing
from engine.queries.deployments import DeploymentLine
from engine.storage.database import Connection
from web import conditions, cursors, packages
from web.api.models import Asked, Paged, ReasonRequest, Told, answer, blueprint, listing, page
from web.auth import needs, principal
from web.container import Container
from web.idempotency import idempotent

PACKAGE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            packages.ZIP_TYPES[0]: {"schema": {"type": "string", "contentMediaType": packages.ZIP_TYPES[0]}},
            packages.FORM_TYPE: {
                "schema": {
                    "type": "object",
                    "properties": {
                        "files": {
                            "type": "array",
                            "items": {"type": "string", "contentMediaType": "application/octet-stream"},
                        },
                        "commit": {"type": "string"},
                    },
                }
            },
        },
    }
}


class DeploymentsQuery(Paged):
    procedure: str | None = Field(default=None, max_length=32)
    active: bool | None = None
    findings: bool | None = Field(default=None, description="Whether there were any when it was stored.")
    running: bool | None = Field(default=None, description="Whether dossiers run on it.")


class DeploymentPath(Asked):
    id: int = Field(ge=1, lt=2**63)


class FindingTold(Told):
    """What is wrong or doubtful; `error` refuses the upload. `line` is 0 where none is known."""

    file: str
    element: str
    line: int
    rule: str
    severity: str
    message: str
    remedy: str


class Findings(Told):
    procedure: str
    findings: list[FindingTold]


class DeploymentFile(Told):
    name: str
    kind: str
    sha256: str
    size_bytes: int


class StoredDeployment(Told):
    """A stored version. `active`: new dossiers start with it; `running`: dossiers on it that are not over. `warnings`: findings
    when it was stored, null: nobody looked. `retired_at`: since when it cannot be activated. `commit`: where its folder came
    from, `commit_changed`: whether that had changes in no commit; null: nobody said.
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


class DeploymentWithFiles(StoredDeployment):
    files: list[DeploymentFile]


class Uploaded(DeploymentWithFiles):
    """A version that is now stored, with the warnings about it."""

    findings: list[FindingTold]


class ElementChanged(Told):
    """`how`: added, removed or changed; `what` of it changed: name, kind, flow, content."""

    how: str
    element: str
    kind: str
    name: str
    what: list[str]


class FileChanged(Told):
    name: str
    lines: list[str]


class DeploymentChanges(Told):
    """What a version has that version `against` has not; null: there is no other to hold it against."""

    against: int | None
    elements: list[ElementChanged]
    files: list[FileChanged]


class UploadQuery(Asked):
    commit: str = Field(
        default="",
        max_length=MOST + len(DIRTY),
        description="The commit's id or the tag that the folder came from; `-dirty` at its end: with changes in no commit."
        " A form may have it as its field `commit` instead.",
    )


class ChangesQuery(Asked):
    """`against`: without it, the active version."""

    against: int | None = Field(default=None, ge=1, lt=2**63)


class Deployments(Told):
    items: list[StoredDeployment]
    next: str | None


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about versions of procedures."""
    api = blueprint("deployments", "Procedures as they are uploaded, judged and activated.")
    _add_reading(api, container)
    _add_writing(api, container)
    _add_use(api, container)
    return api


def _add_reading(api: APIBlueprint, container: Container) -> None:
    @api.get("/deployments", summary="List stored versions, newest first", responses={200: Deployments})
    @needs("deployments")
    def list_deployments(query: DeploymentsQuery) -> Response:
        bound: dict[str, object] = query.model_dump(exclude={"limit", "cursor"})
        after = cursors.read(container, query.cursor, bound)
        with container.store.reading() as connection:
            found = deployments.find_deployments(
                connection,
                procedure=query.procedure,
                active=query.active,
                findings=query.findings,
                running=query.running,
                after=after,
                limit=query.limit + 1,
            )
        rows, more = page(found, query.limit)
        items = [StoredDeployment.model_validate(row) for row in rows]
        return listing(container, items, last=rows[-1].id if more else None, bound_to=bound)

    @api.get(
        "/deployments/<int:id>",
        summary="Read a stored version and its files",
        responses={200: DeploymentWithFiles},
    )
    @needs("deployments")
    def get_deployment(path: DeploymentPath) -> Response:
        return _told(container, path.id)


def _add_use(api: APIBlueprint, container: Container) -> None:
    @api.get(
        "/deployments/<int:id>/changes",
        summary="Read what a version has that another has not",
        responses={200: DeploymentChanges},
    )
    @needs("deployments")
    def get_changes(path: DeploymentPath, query: ChangesQuery) -> Response:
        return answer(_changes(container, path.id, query.against))

    @api.post(
        "/deployments/<int:id>/retire",
        summary="Let a version never be activated again",
        responses={200: DeploymentWithFiles},
    )
    @needs("deployments", of_all_units=True)
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def retire_deployment(path: DeploymentPath, body: ReasonRequest) -> Response:
        by = principal().name
        deploy.retire(container.store, path.id, by=by, reason=body.reason, seen=_seen(path.id))
        return _told(container, path.id)

    @api.post(
        "/deployments/<int:id>/bring-back",
        summary="Let a retired version be activated again",
        responses={200: DeploymentWithFiles},
    )
    @needs("deployments", of_all_units=True)
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def bring_deployment_back(path: DeploymentPath, body: ReasonRequest) -> Response:
        by = principal().name
        deploy.bring_back(container.store, path.id, by=by, reason=body.reason, seen=_seen(path.id))
        return _told(container, path.id)


def _changes(container: Container, deployment: int, against: int | None) -> DeploymentChanges:
    """Raises: DeploymentNotFound."""
    with container.store.reading() as connection:
        line = deployments.get_deployment(connection, deployment)
        if against is None:
            active = deployments.find_deployments(
                connection, procedure=line.procedure, active=True, after=None, limit=1
            )
            against = active[0].id if active else None
        if against is None:
            return DeploymentChanges(against=None, elements=[], files=[])
        deployments.get_deployment(connection, against)
        before, after = (standing.files(connection, one) for one in (against, deployment))
    return DeploymentChanges(
        against=against,
        elements=[ElementChanged.model_validate(one) for one in differences.elements(before, after)],
        files=[FileChanged(name=name, lines=lines) for name, lines in differences.files(before, after)],
    )


def _add_writing(api: APIBlueprint, container: Container) -> None:
    @api.post(
        "/deployments/check",
        summary="Judge a procedure; nothing is stored",
        responses={200: Findings},
        openapi_extensions=PACKAGE,
    )
    @needs("deployments")
    @idempotent(container)
    def check_deployment() -> Response:
        deployment = from_files(packages.files_of(request))
        return answer(Findings(procedure=deployment.code, findings=_shown(_judged(container, deployment))))

    @api.post(
        "/deployments",
        summary="Upload a procedure as a new version",
        responses={201: Uploaded},
        openapi_extensions=PACKAGE,
    )
    @needs("deployments", of_all_units=True)
    @idempotent(container)
    def upload_deployment(query: UploadQuery) -> Response:
        source = origin(query.commit or request.form.get("commit", ""))
        deployment = from_files(packages.files_of(request))
        findings = _judged(container, deployment)
        wrong = errors_in(findings)
        if wrong:
            raise errors.ModelInvalid(
                file=wrong[0].file, count=len(wrong), first=str(wrong[0]), findings=findings
            )
        by = principal().name
        stored = deploy.keep(container.store, deployment, by=by, findings=len(findings), origin=source)
        line, facts = _facts(container, stored)
        told = Uploaded.model_validate(facts | {"findings": _shown(findings)})
        href = f"/api/v1/deployments/{stored}"
        return conditions.tagged(answer(told, 201, Location=href), _tag(line))

    @api.post(
        "/deployments/<int:id>/activate",
        summary="Let new dossiers start with a version",
        responses={200: DeploymentWithFiles},
    )
    @needs("deployments", of_all_units=True)
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def activate_deployment(path: DeploymentPath, body: ReasonRequest) -> Response:
        by = principal().name
        deploy.activate(container.store, path.id, by=by, reason=body.reason, seen=_seen(path.id))
        return _told(container, path.id)


def _judged(container: Container, deployment: Deployment) -> list[Finding]:
    return lint(deployment, offered=container.offered())


def _shown(findings: list[Finding]) -> list[FindingTold]:
    return [FindingTold.model_validate(one.as_json()) for one in findings]


def _facts(container: Container, deployment: int) -> tuple[DeploymentLine, dict[str, object]]:
    with container.store.reading() as connection:
        found = deployments.get_deployment(connection, deployment)
        files = deployments.files_of(connection, deployment)
    told: dict[str, object] = {name: getattr(found, name) for name in StoredDeployment.model_fields}
    return found, told | {"files": [DeploymentFile.model_validate(one) for one in files]}


def _told(container: Container, deployment: int) -> Response:
    found, facts = _facts(container, deployment)
    return conditions.tagged(answer(DeploymentWithFiles.model_validate(facts)), _tag(found))


def _seen(deployment: int) -> Callable[[Connection], None]:
    """Raises PreconditionFailed where the caller's If-Match, if there is one, no longer holds."""
    return lambda connection: conditions.check(_tag(deployments.get_deployment(connection, deployment)))


def _tag(found: DeploymentLine) -> str:
    origin_ = (found.commit, found.commit_changed)
    return conditions.tag(found.id, found.hash, found.active, found.retired_at, *origin_)
