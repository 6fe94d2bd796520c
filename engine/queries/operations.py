"""Who did what: the audit trail as pages read it, and the ledger of a dossier."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine.exchange.ports import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What the trail is narrowed to; None does not narrow. *address* and *words* look in the newest `SEARCHED` lines only."""

    who: str | None = None
    what: str | None = None
    dossier: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    refused: bool | None = None
    address: str | None = None
    words: str | None = None  # a part of the reason


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One thing that somebody did."""

    id: int
    at: datetime
    who: str
    what: str
    dossier: str | None
    address: str
    facts: Mapping[str, Json]
    reason: str

    @property
    def refused(self) -> bool:
        """Whether it was tried only."""
        return self.what in REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSeal:
    """How far the trail is sealed: up to the line numbered *through*; *hash* in hexadecimal."""

    number: int
    through: int
    hash: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One entry of the legal clock."""

    id: int
    kind: str
    reason: str
    ground: str
    task: str
    at: datetime
    due_before: datetime | None
    due_after: datetime | None


REFUSED = ("denied", "sign-in-refused")
"""What was tried and did not come about."""

SEARCHED = 100_000
"""The newest lines, among which addresses and words are looked for."""

_NEWEST = f"a.id > (SELECT coalesce(max(id), 0) FROM audit) - {SEARCHED}"
_CLAUSES = {
    "who": "a.who = :who",
    "what": "a.what = :what",
    "dossier": "d.code = :dossier",
    "since": "a.at >= :since",
    "until": "a.at < :until",
    "refused": "(a.what = ANY(:refusals)) = :refused",
    "address": f"a.address = :address AND {_NEWEST}",
    "words": f"position(lower(:words) in lower(a.reason)) > 0 AND {_NEWEST}",
}
_LAST_SEAL = text("SELECT number, through, hash, at FROM audit_seal ORDER BY number DESC LIMIT 1")
_LEDGER = text(
    "SELECT id, kind, reason, ground, task, at, due_before, due_after FROM ledger_entry WHERE dossier_id = :id ORDER BY id"
)


def find_audit(
    connection: Connection, wanted: AuditFilter, *, after: int | None, limit: int
) -> list[AuditLine]:
    """The newest lines that fit, by sequence, at most *limit*; *after* is the id of the last of the page before."""
    given = {name: getattr(wanted, name) for name in _CLAUSES if getattr(wanted, name) is not None}
    clauses = [_CLAUSES[name] for name in given] + (["a.id < :after"] if after is not None else [])
    where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
    statement = text(
        "SELECT a.id, a.at, a.who, a.what, d.code AS dossier, a.address, a.facts, a.reason"
        f" FROM audit a LEFT JOIN dossier d ON d.id = a.dossier_id {where} ORDER BY a.id DESC LIMIT :limit"
    )
    rows = connection.execute(statement, {**given, "after": after, "limit": limit, "refusals": [*REFUSED]})
    return [AuditLine(**row) for row in rows.mappings()]


def last_seal(connection: Connection) -> LastSeal | None:
    """The newest seal of the trail; None before the first night."""
    row = connection.execute(_LAST_SEAL).mappings().one_or_none()
    return LastSeal(**{**row, "hash": bytes(row["hash"]).hex()}) if row is not None else None


def ledger(connection: Connection, dossier: int) -> list[LedgerLine]:
    """The legal clock of a dossier, oldest first."""
    return [LedgerLine(**row) for row in connection.execute(_LEDGER, {"id": dossier}).mappings()]
