"""A dossier's data as a correction needs it: under the dossier's lock, or only looked at."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.exchange.ports import Json

_LOCK = text("SELECT id FROM dossier WHERE code = :code FOR NO KEY UPDATE")
_READ = text(
    "SELECT id, procedure_code AS procedure, deployment_id AS deployment, status, data, salt FROM dossier WHERE code = :code"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierData:
    """What is stored of a dossier's data now, and what its digests are made with."""

    id: int
    procedure: str
    deployment: int
    status: int
    data: Mapping[str, Json]
    salt: bytes


def lock(connection: Connection, code: str) -> None:
    """Let nobody change the dossier until the transaction ends."""
    connection.execute(_LOCK, {"code": code})


def read(connection: Connection, code: str) -> DossierData | None:
    """None: there is no dossier of this code."""
    row = connection.execute(_READ, {"code": code}).mappings().one_or_none()
    return None if row is None else DossierData(**{**row, "salt": bytes(row["salt"])})
