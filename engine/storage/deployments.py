"""Deployment rows: models stored together as an immutable version, and which version a procedure's new dossiers run."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.exchange.ports import Json
from engine.models.origin import Origin
from engine.storage.database import json_text

_SAME = text("SELECT id FROM deployment WHERE procedure_code = :code AND hash = :hash")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('deploy ' || :code))")
_INSERT = text(
    """
    INSERT INTO deployment (procedure_code, version, process, hash, definition, deployed_by, findings,
        commit_id, commit_changed)
    SELECT :code, coalesce(max(version), 0) + 1, :process, :hash, CAST(:definition AS jsonb), :by, :findings,
        :commit, :changed
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
_STANDING = text(
    "SELECT d.procedure_code AS procedure, d.retired_at IS NOT NULL AS retired, p.active_deployment_id AS active"
    " FROM deployment d LEFT JOIN procedure p ON p.code = d.procedure_code WHERE d.id = :id"
)
_RETIRE = text(
    "UPDATE deployment SET retired_at = CASE WHEN :retired THEN coalesce(retired_at, now()) END WHERE id = :id"
)
_COUNT = text("UPDATE deployment SET findings = :findings WHERE id = :id AND findings IS NULL")
_ORIGIN = text(
    "UPDATE deployment SET commit_id = :commit, commit_changed = :changed"
    " WHERE id = :id AND (commit_id IS NULL OR (commit_changed AND NOT coalesce(:changed, TRUE)))"
)
_RUN = text(
    "INSERT INTO scenario_run (deployment_id, who, results) VALUES (:id, :who, CAST(:results AS jsonb))"
    " ON CONFLICT (deployment_id) DO UPDATE SET at = now(), who = excluded.who, results = excluded.results"
)
_FILES = text("SELECT name, kind, original, canonical, rewriter FROM model WHERE deployment_id = :id")


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
    findings: int | None = None,
    origin: Origin | None = None,
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
            "findings": findings,
            **_columns(origin),
        },
    ).scalar_one()
    return identifier


def insert_model(connection: Connection, deployment: int, columns: Mapping[str, object]) -> None:
    """Write one file: name, kind, original, canonical, sha, canonical_sha, rewriter."""
    connection.execute(_MODEL, {"deployment": deployment, **columns})


def activate(connection: Connection, procedure: str, *, vi: str, en: str, deployment: int) -> None:
    """Let new dossiers of *procedure* run *deployment*."""
    connection.execute(_ACTIVATE, {"code": procedure, "vi": vi, "en": en, "deployment": deployment})


def count_findings(connection: Connection, deployment: int, findings: int) -> None:
    """Remember how many warnings there are about a version that nobody had looked at."""
    connection.execute(_COUNT, {"id": deployment, "findings": findings})


def keep_origin(connection: Connection, deployment: int, origin: Origin) -> None:
    """Remember the commit of a version that had none, or only one to which something was changed."""
    connection.execute(_ORIGIN, {"id": deployment, **_columns(origin)})


def _columns(origin: Origin | None) -> dict[str, object]:
    return {
        "commit": origin.commit if origin else None,
        "changed": origin.changed if origin else None,
    }


def keep_scenario_run(connection: Connection, deployment: int, who: str, results: list[Json]) -> None:
    """Remember how the scenarios of a version went, instead of the run before."""
    connection.execute(_RUN, {"id": deployment, "who": who, "results": json_text(results)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a version stands: *active* is the version that new dossiers of its procedure run, None: there is none."""

    procedure: str
    retired: bool
    active: int | None


def place(connection: Connection, deployment: int) -> Place | None:
    """None when there is no deployment of this id."""
    row = connection.execute(_STANDING, {"id": deployment}).mappings().one_or_none()
    return None if row is None else Place(**row)


def retire(connection: Connection, deployment: int, *, retired: bool) -> None:
    """Take a version out of use, or back; its dossiers go on either way."""
    connection.execute(_RETIRE, {"id": deployment, "retired": retired})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFiles:
    """A deployment's files as written, and the rewritten forms of its models, which instances run."""

    files: Mapping[str, bytes]
    canonical: Mapping[str, bytes]
    rewriter: int


def files(connection: Connection, deployment: int) -> StoredFiles | None:
    """What is stored of a deployment; None when there is none of this id."""
    rows = connection.execute(_FILES, {"id": deployment}).all()
    if not rows:
        return None
    return StoredFiles(
        files={row.name: row.original for row in rows},
        canonical={row.name: row.canonical for row in rows if row.kind == "bpmn"},
        rewriter=rows[0].rewriter,
    )
