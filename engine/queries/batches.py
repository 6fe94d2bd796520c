"""Batches as pages read them: lists with totals that add up, and one batch with its items."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine import errors
from engine.exchange.ports import Json
from engine.queries.incident_groups import OUTCOME


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """A batch with its totals: *total* is the sum of done, skipped, failed and waiting, always; *lately*: in the last minute."""

    id: int
    action: str
    subject: str
    reason: str
    who: str
    target: str
    created_at: datetime
    given: Mapping[str, Json]
    state: str  # running | paused | cancelled
    total: int
    done: int
    skipped: int
    failed: int
    waiting: int
    lately: int

    @property
    def standing(self) -> str:
        """The word for where it stands: what is running and has nothing left to do is finished."""
        return "finished" if self.state == "running" and not self.waiting else self.state

    @property
    def percent(self) -> int:
        """How much of it is over, whatever came of it: 100 only once nothing waits."""
        return 100 if not self.waiting else (self.total - self.waiting) * 100 // self.total

    @property
    def left_s(self) -> int | None:
        """About how long the rest takes at the pace of the last minute, in seconds; None: nothing went on or is left."""
        running = self.state == "running" and self.waiting and self.lately
        return round(self.waiting * 60 / self.lately) if running else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItem:
    """One incident, dossier or call of a batch; *outcome* says whether the work that it was to bring about really ran."""

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
    WHEN b.action = 'migrate' THEN CASE WHEN d.deployment_id = CAST(b.given ->> 'deployment' AS bigint) THEN 'verified'
        WHEN EXISTS (SELECT 1 FROM event e WHERE e.dossier_id = d.id AND e.kind = 'migrated' AND e.status = 'pending')
        THEN 'waiting' ELSE 'failed' END
    WHEN b.action = 'cancel' THEN CASE WHEN d.status = 7 THEN 'verified'
        WHEN EXISTS (SELECT 1 FROM event e WHERE e.dossier_id = d.id AND e.kind = 'withdrawn' AND e.status = 'pending')
        THEN 'waiting' ELSE 'failed' END
    WHEN b.action = 'extend' THEN CASE WHEN EXISTS (SELECT 1 FROM event e WHERE e.dossier_id = d.id AND e.kind = 'extended'
        AND e.status = 'pending') THEN 'waiting' WHEN EXISTS (SELECT 1 FROM ledger_entry l WHERE l.dossier_id = d.id
        AND l.kind = 'extend' AND l.reason = b.reason AND l.ground = b.given ->> 'ground') THEN 'verified' ELSE 'failed' END
    WHEN EXISTS (SELECT 1 FROM incident n WHERE n.dossier_id = d.id AND n.status <> 'closed') THEN 'failed'
    WHEN EXISTS (SELECT 1 FROM call c WHERE c.dossier_id = d.id AND c.status IN ('pending', 'sending', 'unknown'))
        THEN 'waiting' ELSE 'verified' END
"""
# Holding and letting go are done at once; what lets a call go on is told by what became of the call.
_OF_CALL = """
    CASE WHEN b.action IN ('hold', 'release') THEN 'verified'
    WHEN b.action = 'withdraw' THEN CASE WHEN EXISTS (SELECT 1 FROM event e WHERE e.dossier_id = o.dossier_id
        AND e.kind = 'resolved' AND e.status = 'pending') THEN 'waiting' ELSE 'verified' END
    WHEN o.status IN ('done', 'withdrawn') THEN 'verified' WHEN o.status IN ('incident', 'refused') THEN 'failed'
    ELSE 'waiting' END
"""
_WHAT_CAME = f"""
    CASE b.subject WHEN 'dossier' THEN {_OF_DOSSIER} WHEN 'call' THEN {_OF_CALL} ELSE coalesce({OUTCOME}, 'closed') END
"""
_JOINS = """
    FROM batch_item t JOIN batch b ON b.id = t.batch_id
    LEFT JOIN incident i ON b.subject = 'incident' AND i.id = t.incident_id
    LEFT JOIN call o ON b.subject = 'call' AND o.id = t.incident_id
    LEFT JOIN dossier d ON d.id = CASE b.subject WHEN 'dossier' THEN t.incident_id WHEN 'call' THEN o.dossier_id
        ELSE i.dossier_id END
"""
_LINE = """
    SELECT b.id, b.action, b.subject, b.reason, b.who, b.target, b.created_at, b.given, b.state, count(t.*) AS total,
        count(t.*) FILTER (WHERE t.status = 'done') AS done, count(t.*) FILTER (WHERE t.status = 'skipped') AS skipped,
        count(t.*) FILTER (WHERE t.status = 'failed') AS failed, count(t.*) FILTER (WHERE t.status = 'waiting') AS waiting,
        count(t.*) FILTER (WHERE t.done_at > now() - interval '1 minute') AS lately
    FROM batch b LEFT JOIN batch_item t ON t.batch_id = b.id
"""
_CLAUSES = {
    "action": "b.action = :action",
    "subject": "b.subject = :subject",
    "who": "b.who = :who",
    "since": "b.created_at >= :since",
    "until": "b.created_at < :until",
}
_STANDING = {
    "running": "b.state = 'running' AND {waits}",
    "finished": "b.state = 'running' AND NOT {waits}",
    "paused": "b.state = 'paused'",
    "cancelled": "b.state = 'cancelled'",
}
_WAITS = "EXISTS (SELECT 1 FROM batch_item w WHERE w.batch_id = b.id AND w.status = 'waiting')"
STANDINGS = tuple(_STANDING)
"""Where a batch can stand."""
_ONE = text(f"{_LINE} WHERE b.id = :id GROUP BY b.id")
_ITEMS = text(
    f"""
    SELECT t.incident_id AS item, coalesce(i.title, o.partner || '.' || o.operation, d.phase, '') AS title,
        d.code AS dossier, t.status, t.detail, t.done_at, {_WHAT_CAME} AS outcome
    {_JOINS}
    WHERE t.batch_id = :id AND t.incident_id > :after ORDER BY t.incident_id LIMIT :limit
    """
)
_OUTCOMES = text(
    f"SELECT o, count(*) FROM (SELECT {_WHAT_CAME} AS o {_JOINS} WHERE t.batch_id = :id AND t.status = 'done'"
    " AND (i.id IS NOT NULL OR b.subject <> 'incident')) found GROUP BY o"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFilter:
    """What the list is narrowed to; None does not narrow. *since* … *until*, the latter not included."""

    action: str | None = None
    subject: str | None = None
    who: str | None = None
    standing: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def find_batches(
    connection: Connection, wanted: BatchFilter, *, after: int | None, limit: int
) -> list[BatchLine]:
    """The newest batches that fit, at most *limit*; *after* is the id of the last of the page before."""
    given = {name: getattr(wanted, name) for name in _CLAUSES if getattr(wanted, name) is not None}
    clauses = [_CLAUSES[name] for name in given] + (["b.id < :after"] if after is not None else [])
    if wanted.standing is not None:
        clauses.append(_STANDING[wanted.standing].format(waits=_WAITS))
    where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
    statement = text(f"{_LINE} {where} GROUP BY b.id ORDER BY b.id DESC LIMIT :limit")
    rows = connection.execute(statement, {**given, "after": after, "limit": limit})
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
