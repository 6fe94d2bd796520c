"""Where a dossier stands, for whoever holds its receipt: no personal data."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_ONE = text(
    """
    SELECT d.code, d.status, d.phase, d.submitted_at, d.received_at, d.due_at, d.finished_at, d.access_code, d.salt,
        p.name_vi, p.name_en, (SELECT u.name FROM unit u WHERE u.code = d.competent_unit) AS unit
    FROM dossier d JOIN procedure p ON p.code = d.procedure_code WHERE d.code = :code
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A dossier as its applicant may see it; *access_code* is the salted digest of what the receipt says."""

    code: str
    status: int
    phase: str
    submitted_at: datetime
    received_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None
    access_code: str | None
    salt: bytes
    name_vi: str
    name_en: str
    unit: str | None


def find(connection: Connection, code: str) -> Tracked | None:
    """The dossier with this very code."""
    row = connection.execute(_ONE, {"code": code}).mappings().one_or_none()
    return None if row is None else Tracked(**{**row, "salt": bytes(row["salt"])})
