"""Which running dossiers are on other versions of a procedure than a given one, with what it takes to judge them."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.dossiers.statuses import Status

_ELSEWHERE = """
    FROM dossier d JOIN instance i ON i.dossier_id = d.id AND i.status = 'running'
    WHERE d.procedure_code = (SELECT p.procedure_code FROM deployment p WHERE p.id = :id) AND d.deployment_id <> :id
        AND NOT d.status = ANY(CAST(:final AS smallint[]))
"""
_COUNT = text(f"SELECT count(*) {_ELSEWHERE}")
_OLDEST = text(
    f"SELECT d.id, d.code, d.deployment_id AS deployment, i.state {_ELSEWHERE} ORDER BY d.id LIMIT :limit"
)
_FINAL = [status.value for status in Status if status.is_final]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A running dossier with its deployment and its stored instance."""

    id: int
    code: str
    deployment: int
    state: bytes


def count_elsewhere(connection: Connection, deployment: int) -> int:
    """How many dossiers of the same procedure run on other versions than *deployment*."""
    number: int = connection.execute(_COUNT, {"id": deployment, "final": _FINAL}).scalar_one()
    return number


def elsewhere(connection: Connection, deployment: int, *, limit: int) -> Iterator[Candidate]:
    """Those dossiers, oldest first."""
    given = {"id": deployment, "final": _FINAL, "limit": limit}
    for row in connection.execute(_OLDEST, given).mappings():
        yield Candidate(**{**row, "state": bytes(row["state"])})
