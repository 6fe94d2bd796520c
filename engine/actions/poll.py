"""Reading feeds: polls that answer for many dossiers. Items are stored as messages, with the cursor, in one transaction.

An item's message id is built from the item, so a repeated poll adds nothing; a feed that asks by keys asks for those that
some dossier waits for.
"""

from collections.abc import Iterator
from datetime import datetime

import structlog

from engine import errors
from engine.actions.receive import lock_for, take_message_in
from engine.exchange.ports import Arrival, FeedItem, FeedPage, FeedTerms, Json, Outcome, Partners
from engine.storage import feeds
from engine.storage.database import Connection, Store

log = structlog.get_logger()


def poll_due(store: Store, port: Partners, *, now: datetime, keep_days: float) -> int:
    """Poll every feed that is due; how many items were new."""
    declared = list(port.feeds())
    with store.transaction() as connection:
        feeds.ensure(connection, declared)
    return sum(_poll(store, port, feed, now=now, keep_days=keep_days) for feed in declared)


def _poll(store: Store, port: Partners, feed: FeedTerms, *, now: datetime, keep_days: float) -> int:
    with store.transaction() as connection:
        due, cursor = feeds.claim(connection, feed)
        keys = feeds.awaited_keys(connection, feed.message) if due and feed.batch else []
    if not due or (feed.batch and not keys):
        return 0
    new = 0
    for batch in _batches(keys, feed.batch):
        page = port.poll(feed.partner, feed.name, cursor=cursor, keys=batch)
        with store.transaction() as connection:
            new += _keep(connection, feed, page, cursor, now=now, keep_days=keep_days)
        cursor = page.cursor
    return new


def _batches(keys: list[str], size: int) -> Iterator[list[str]]:
    if not size:
        yield []
        return
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def _keep(
    connection: Connection, feed: FeedTerms, page: FeedPage, cursor: Json, *, now: datetime, keep_days: float
) -> int:
    if page.answer.outcome is not Outcome.OK:
        log.warning("feed_failed", partner=feed.partner, feed=feed.name, outcome=page.answer.outcome.value)
        feeds.store(connection, feed, cursor, more=False, detail=page.answer.detail)
        return 0
    new = 0
    arrivals = [_arrival(feed, item) for item in page.items]
    lock_for(connection, arrivals)
    for arrival in arrivals:
        try:
            new += not take_message_in(connection, arrival, now=now, keep_days=keep_days)
        except errors.MessageConflict:
            log.warning("feed_item_changed", partner=feed.partner, feed=feed.name, message=arrival.message_id)
    feeds.store(connection, feed, page.cursor, more=page.more, detail="")
    return new


def _arrival(feed: FeedTerms, item: FeedItem) -> Arrival:
    return Arrival(
        source=feed.partner,
        message_id=item.message_id,
        name=item.name,
        key=item.key,
        reference=item.reference,
        payload=item.payload,
        body=b"",
    )
