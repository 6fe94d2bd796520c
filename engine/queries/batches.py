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
    subject: str
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
    """One incident or dossier of a batch; *outcome* says whether the work that it was to bring about really ran."""

    item: int
    title: str
    dossier: str | None
    status: str
    detail: str
    done_at: datetime | None
    outcome: str


# What became of an act about a dossier: suspending is done at once, the rest only once it really ran.
_OF_DOSSIER = """
    CASE WHEN b.action IN ('suspend', 'resume') THEN 'verified'
    WHEN b.action = 'cancel' THEN CASE WHEN d.status = 7 THEN 'verified'
        WHEN EXISTS (SELECT 1 FROM event e WHERE e.dossier_id = d.id AND e.kind = 'withdrawn' AND e.status = 'pending')
        THEN 'waiting' ELSE 'failed' END
    WHEN EXISTS (SELECT 1 FROM incident n WHERE n.dossier_id = d.id AND n.status <> 'closed') THEN 'failed'
    WHEN EXISTS (SELECT 1 FROM call c WHERE c.dossier_id = d.id AND c.status IN ('pending', 'sending', 'unknown'))
        THEN 'waiting' ELSE 'verified' END
"""
_JOINS = """
    FROM batch_item t JOIN batch b ON b.id = t.batch_id
    LEFT JOIN incident i ON b.subject = 'incident' AND i.id = t.incident_id
    LEFT JOIN dossier d ON d.id = CASE b.subject WHEN 'dossier' THEN t.incident_id ELSE i.dossier_id END
"""
_LINE = """
    SELECT b.id, b.action, b.subject, b.reason, b.who, b.target, b.created_at, count(t.*) AS total,
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
    SELECT t.incident_id AS item, coalesce(i.title, d.phase, '') AS title, d.code AS dossier, t.status, t.detail, t.done_at,
        CASE WHEN b.subject = 'dossier' THEN {_OF_DOSSIER} ELSE coalesce({OUTCOME}, 'closed') END AS outcome
    {_JOINS}
    WHERE t.batch_id = :id AND t.incident_id > :after ORDER BY t.incident_id LIMIT :limit
    """
)
_OUTCOMES = text(
    f"SELECT o, count(*) FROM (SELECT CASE WHEN b.subject = 'dossier' THEN {_OF_DOSSIER} ELSE {OUTCOME} END AS o"
    f" {_JOINS} WHERE t.batch_id = :id AND t.status = 'done' AND (i.id IS NOT NULL OR b.subject = 'dossier')) found GROUP BY o"
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
