"""Feed rows: which poll is due, and its cursor, which is stored with the items that it brought."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from engine.exchange.ports import FeedTerms, Json
from engine.storage.database import json_text, plain_text

MARGIN_S = 5.0  # for storing what a poll brought

_ENSURE = text("INSERT INTO feed (partner, name) VALUES (:partner, :name) ON CONFLICT DO NOTHING")
_CLAIM = text(
    "UPDATE feed SET next_at = now() + make_interval(secs => :lease_s)"
    " WHERE partner = :partner AND name = :name AND (next_at <= now() OR :again)"
    " AND NOT EXISTS (SELECT 1 FROM installation i WHERE i.name = 'sending' AND i.value = '\"paused\"')"
    " AND NOT EXISTS (SELECT 1 FROM partner p WHERE p.name = feed.partner AND p.breaker = 'open'"
    " AND p.opened_reason IS NOT NULL AND (p.probe_at IS NULL OR p.probe_at > now())) RETURNING cursor"
)
_STORE = text(
    "UPDATE feed SET cursor = CAST(:cursor AS jsonb), last_at = now(), detail = :detail,"
    " next_at = now() + make_interval(secs => CASE WHEN :more THEN 0.0 ELSE :every_s END)"
    " WHERE partner = :partner AND name = :name"
)
_REST = text(
    "UPDATE feed SET detail = :detail, next_at = now() + make_interval(secs => :every_s)"
    " WHERE partner = :partner AND name = :name"
)
_KEYS = text(
    "SELECT key FROM wait WHERE name = :name AND message_id IS NULL GROUP BY key ORDER BY min(opened_at), key"
)


def ensure(connection: Connection, feeds: Sequence[FeedTerms]) -> None:
    """Have a row for each declared feed."""
    for feed in feeds:
        connection.execute(_ENSURE, {"partner": feed.partner, "name": feed.name})


def claim(connection: Connection, feed: FeedTerms, *, again: bool = False) -> tuple[bool, Json]:
    """(due, cursor): whether this poll is ours to make now: never while sending is paused, nor while a person holds the
    partner's breaker open. Nobody else makes it until it is stored or overdue.

    *again*: it is ours already, and its next part begins.
    """
    lease_s = feed.timeout_s + MARGIN_S
    row = connection.execute(
        _CLAIM, {"partner": feed.partner, "name": feed.name, "lease_s": lease_s, "again": again}
    ).one_or_none()
    return (False, None) if row is None else (True, row[0])


def rest(connection: Connection, feed: FeedTerms, *, detail: str) -> None:
    """There was nothing to ask, or no asking: due again after *every_s*."""
    given = {"partner": feed.partner, "name": feed.name, "every_s": feed.every_s}
    connection.execute(_REST, given | {"detail": plain_text(detail)})


def awaited_keys(connection: Connection, message: str) -> list[str]:
    """The correlation keys of all open waits for *message*, the longest waiting first."""
    return list(connection.scalars(_KEYS, {"name": message}))


def store(connection: Connection, feed: FeedTerms, cursor: Json, *, more: bool, detail: str) -> None:
    """Keep the cursor; the feed is due again after *every_s*, with *more* at once."""
    connection.execute(
        _STORE,
        {
            "partner": feed.partner,
            "name": feed.name,
            "cursor": json_text(cursor),
            "more": more,
            "every_s": feed.every_s,
            "detail": plain_text(detail),
        },
    )
