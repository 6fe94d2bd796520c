"""Batches as pages read them: lists with totals that add up, and one batch with its items."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine import errors
from engine.queries.incident_groups import OUTCOME


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """A batch with its totals: *total* is the sum of done, skipped, failed and waiting, always."""

    id: int
    action: str
    reason: str
    who: str
    target: str
    created_at: datetime
    total: int
    done: int
    skipped: int
    failed: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItem:
    """One incident of a batch; *outcome* says whether the work that it was to bring about really ran."""

    incident: int
    title: str
    dossier: str | None
    status: str
    detail: str
    done_at: datetime | None
    outcome: str


_LINE = """
    SELECT b.id, b.action, b.reason, b.who, b.target, b.created_at, count(t.*) AS total,
        count(t.*) FILTER (WHERE t.status = 'done') AS done, count(t.*) FILTER (WHERE t.status = 'skipped') AS skipped,
        count(t.*) FILTER (WHERE t.status = 'failed') AS failed, count(t.*) FILTER (WHERE t.status = 'waiting') AS waiting
    FROM batch b LEFT JOIN batch_item t ON t.batch_id = b.id
"""
_LIST = text(
    f"{_LINE} WHERE b.id < coalesce(CAST(:after AS bigint), 9223372036854775807) GROUP BY b.id ORDER BY b.id DESC LIMIT :limit"
)
_ONE = text(f"{_LINE} WHERE b.id = :id GROUP BY b.id")
_ITEMS = text(
    f"""
    SELECT t.incident_id AS incident, coalesce(i.title, '') AS title, d.code AS dossier, t.status, t.detail, t.done_at,
        coalesce({OUTCOME}, 'closed') AS outcome
    FROM batch_item t LEFT JOIN incident i ON i.id = t.incident_id LEFT JOIN dossier d ON d.id = i.dossier_id
    WHERE t.batch_id = :id AND t.incident_id > :after ORDER BY t.incident_id LIMIT :limit
    """
)
_OUTCOMES = text(
    f"SELECT o, count(*) FROM (SELECT {OUTCOME} AS o FROM batch_item t JOIN incident i ON i.id = t.incident_id"
    " WHERE t.batch_id = :id AND t.status = 'done') found GROUP BY o"
)


def find_batches(connection: Connection, *, after: int | None, limit: int) -> list[BatchLine]:
    """The newest batches, at most *limit*."""
    rows = connection.execute(_LIST, {"after": after, "limit": limit})
    return [BatchLine(**row) for row in rows.mappings()]


def get_batch(connection: Connection, batch: int) -> BatchLine:
    """Raises: BatchNotFound."""
    row = connection.execute(_ONE, {"id": batch}).mappings().one_or_none()
    if row is None:
        raise errors.BatchNotFound(batch=batch)
    return BatchLine(**row)


def items_of(connection: Connection, batch: int, *, after: int | None, limit: int) -> list[BatchItem]:
    """The items of a batch in their order."""
    rows = connection.execute(_ITEMS, {"id": batch, "after": after or 0, "limit": limit})
    return [BatchItem(**row) for row in rows.mappings()]


def outcomes(connection: Connection, batch: int) -> dict[str, int]:
    """How many of what was done really ran (verified), failed again or still wait."""
    return {row[0]: row[1] for row in connection.execute(_OUTCOMES, {"id": batch})}
