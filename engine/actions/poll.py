"""Reading feeds: polls that answer for many dossiers. Items are stored as messages, with the cursor, in one transaction.

An item's message id is built from the item, so a repeated poll adds nothing; a feed that asks by keys asks for those that
some dossier waits for.
"""

from collections.abc import Iterator
from datetime import datetime

import structlog

from engine import errors
from engine.actions.receive import check, lock_for, take_message_in
from engine.exchange.ports import Arrival, FeedItem, FeedPage, FeedTerms, Json, Outcome, Partners
from engine.storage import feeds, incidents
from engine.storage.database import Connection, Store, plain_text

log = structlog.get_logger()

GIVE_UP = (
    2  # failures until the rest of a poll is left for the next one: one may be a key's, two are the partner's
)


def poll_due(store: Store, port: Partners, *, now: datetime, keep_days: float) -> int:
    """Poll every feed that is due; how many items were new."""
    declared = list(port.feeds())
    with store.transaction() as connection:
        feeds.ensure(connection, declared)
    return sum(_poll_alone(store, port, feed, now=now, keep_days=keep_days) for feed in declared)


def _poll_alone(store: Store, port: Partners, feed: FeedTerms, *, now: datetime, keep_days: float) -> int:
    """`_poll`, whose failure keeps no other feed from being asked."""
    try:
        return _poll(store, port, feed, now=now, keep_days=keep_days)
    except errors.StoreError:
        raise
    except Exception as error:  # noqa: BLE001  # the feed's boundary
        reason = error.code if isinstance(error, errors.LienthongError) else type(error).__name__
        log.warning("feed_broken", partner=feed.partner, feed=feed.name, reason=reason)
        with store.transaction() as connection:
            feeds.rest(connection, feed, detail=reason)
        return 0


def _poll(store: Store, port: Partners, feed: FeedTerms, *, now: datetime, keep_days: float) -> int:
    with store.transaction() as connection:
        due, cursor = feeds.claim(connection, feed)
        keys = feeds.awaited_keys(connection, feed.message) if due and feed.batch else []
        if due and feed.batch and not keys:
            feeds.rest(connection, feed, detail="")
    if not due or (feed.batch and not keys):
        return 0
    new, failures = 0, 0
    batches = list(_batches(keys, feed.batch))
    for batch in batches:
        page = port.poll(feed.partner, feed.name, cursor=cursor, keys=batch)
        with store.transaction() as connection:
            new += _keep(connection, feed, page, cursor, now=now, keep_days=keep_days)
            failures += page.answer.outcome is not Outcome.OK
            if failures == GIVE_UP:
                break
            if batch is not batches[-1]:
                feeds.claim(connection, feed, again=True)
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
    arrivals = [one for item in page.items if _is_usable(connection, feed, one := _arrival(feed, item))]
    lock_for(connection, arrivals)
    for arrival in arrivals:
        try:
            new += not take_message_in(connection, arrival, now=now, keep_days=keep_days)
        except errors.MessageConflict:
            log.warning("feed_item_changed", partner=feed.partner, feed=feed.name, message=arrival.message_id)
    feeds.store(connection, feed, page.cursor, more=page.more, detail="")
    return new


def _is_usable(connection: Connection, feed: FeedTerms, arrival: Arrival) -> bool:
    """Whether it can be stored; one that cannot is told of, and keeps nothing behind it from being read."""
    try:
        check(arrival)
    except errors.MessageRefused as error:
        _tell_unusable(connection, feed, arrival, error)
        return False
    return True


def _tell_unusable(
    connection: Connection, feed: FeedTerms, arrival: Arrival, error: errors.MessageRefused
) -> None:
    facts: dict[str, Json] = {"feed": feed.name, "message_id": plain_text(arrival.message_id, 200)}
    if not incidents.is_open(connection, "message-unusable", feed.partner, facts):
        title = f"{feed.partner}, feed {feed.name}: an item cannot be taken: {error.message}"
        incidents.open_incident(
            connection, "message-unusable", title, partner=feed.partner, facts=facts, actions=["close"]
        )


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
