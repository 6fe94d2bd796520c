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


_MOVES = text(
    """
    SELECT kind, reason, ground, at, due_before, due_after FROM ledger_entry l JOIN dossier d ON d.id = l.dossier_id
    WHERE d.code = :code AND kind IN ('pause', 'resume', 'extend') ORDER BY l.id
    """
)
_HOLDERS = text(
    """
    SELECT 'unit' AS kind, coalesce(u.name, w.unit) AS name FROM work_item w JOIN dossier d ON d.id = w.dossier_id
    LEFT JOIN unit u ON u.code = w.unit WHERE d.code = :code AND w.status = 'open'
    UNION SELECT 'partner', c.partner FROM call c JOIN dossier d ON d.id = c.dossier_id
    WHERE d.code = :code AND c.task IS NOT NULL AND c.status IN ('pending', 'sending', 'unknown', 'incident')
    UNION SELECT 'message', '' FROM wait w JOIN dossier d ON d.id = w.dossier_id WHERE d.code = :code
    ORDER BY 1, 2
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMove:
    """What stopped, restarted or extended the term: why, by which law, and what it made of the due date."""

    kind: str  # pause | resume | extend
    reason: str
    ground: str
    at: datetime
    due_before: datetime | None
    due_after: datetime | None

    @property
    def moved(self) -> bool:
        """Whether there is a new due date."""
        return self.due_before is not None and self.due_after not in (None, self.due_before)


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


def clock_moves(connection: Connection, code: str) -> list[ClockMove]:
    """Why a dossier's due date is what it is, oldest first."""
    return [ClockMove(**row) for row in connection.execute(_MOVES, {"code": code}).mappings()]


def holders(connection: Connection, code: str) -> list[tuple[str, str]]:
    """Whom a dossier waits for: (``unit``, its name), (``partner``, its code), (``message``, empty)."""
    return [(row[0], row[1]) for row in connection.execute(_HOLDERS, {"code": code})]
