"""What was refused at the door: the newest first. Reads only."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_COLUMNS = "id, source, operation, code, reason, body_sha256, size_bytes, at, repeats, repeated_at, trace"
_CLAUSES = {
    "source": "source = :source",
    "code": "code = :code",
    "since": "at >= :since",
    "until": "at < :until",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalLine:
    """A message that was not taken; *code* is of the error that its sender was told."""

    id: int
    source: str
    operation: str
    code: str
    reason: str
    body_sha256: str
    size_bytes: int
    at: datetime
    repeats: int
    repeated_at: datetime | None
    trace: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalFilter:
    """What of them is wanted; None: everything."""

    source: str | None = None
    code: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def find_refusals(
    connection: Connection, wanted: RefusalFilter, *, after: int | None, limit: int
) -> list[RefusalLine]:
    """The newest that fit, at most *limit*; *after* is the id of the last one of the page before."""
    given = {name: value for name, value in asdict(wanted).items() if value is not None}
    clauses = [_CLAUSES[name] for name in given] + (["id < :after"] if after is not None else [])
    where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
    statement = text(f"SELECT {_COLUMNS} FROM refusal {where} ORDER BY id DESC LIMIT :limit")
    rows = connection.execute(statement, {**given, "after": after, "limit": limit})
    return [RefusalLine(**row) for row in rows.mappings()]


def codes(connection: Connection) -> list[str]:
    """Every code that something was refused with."""
    return list(connection.scalars(text("SELECT DISTINCT code FROM refusal ORDER BY code")))
