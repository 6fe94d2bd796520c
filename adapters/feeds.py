"""Feeds: one poll asked, its items turned into messages whose ids are built from the items.

The cursor is given and handed back; storing it with the items is the engine's business.
"""

from collections.abc import Sequence

from adapters.calling import Caller
from adapters.contracts.compiled import Contract, Feed, Reference
from engine.errors import FeelError, OperationUnknown
from engine.exchange.ports import Answer, FeedItem, FeedPage, FeedTerms, Json, Outcome


def terms(contract: Contract) -> list[FeedTerms]:
    """The feeds that *contract* declares."""
    return [
        FeedTerms(
            partner=contract.partner,
            name=feed.name,
            every_s=feed.form.every_s,
            batch=feed.form.batch,
            message=feed.form.message,
            timeout_s=contract.operations[feed.form.operation].terms.total_timeout_s,
        )
        for feed in contract.feeds.values()
    ]


def poll(caller: Caller, name: str, *, cursor: Json, keys: Sequence[str]) -> FeedPage:
    """What one poll brings; without a usable answer no items and the same cursor.

    A page is taken whole or not at all: one item that the contract cannot read makes the answer unusable, so that the
    cursor does not pass it.

    Raises:
        OperationUnknown: no feed of that name.
        ComposeFailed: the request cannot be built.
    """
    feed = caller.contract.feeds.get(name)
    if feed is None:
        raise OperationUnknown(partner=caller.contract.partner, operation=name)
    operation = caller.contract.operations[feed.form.operation]
    scope: dict[str, Json] = {"keys": list(keys), "cursor": cursor, "settings": caller.settings}
    inputs = {member: fill(scope) for member, fill in feed.inputs.items()}
    composed = caller.compose(operation, inputs, dossier={}, call_key=f"feed-{name}", now=None)
    answer = caller.call(operation, composed.body, composed.key)
    if answer.outcome is not Outcome.OK:
        return FeedPage(items=(), cursor=cursor, more=False, answer=answer)
    try:
        return _page(feed, answer, cursor, caller.settings)
    except (FeelError, ValueError) as exc:
        return FeedPage(items=(), cursor=cursor, more=False, answer=_unusable(answer, str(exc)))


def _page(feed: Feed, answer: Answer, cursor: Json, settings: dict[str, Json]) -> FeedPage:
    listed = feed.items({"reply": answer.reply, "cursor": cursor})
    raw = listed if isinstance(listed, list) else []
    scopes: list[dict[str, Json]] = [
        {"item": item, "reply": answer.reply, "settings": settings} for item in raw
    ]
    items = [_item(feed, scope) for scope in scopes if feed.keep.holds(scope)]
    turned: dict[str, Json] = {"reply": answer.reply, "cursor": cursor, "items": raw}
    next_cursor = feed.cursor(turned) if feed.cursor else cursor
    return FeedPage(
        items=items,
        cursor=cursor if next_cursor is None else next_cursor,
        more=feed.more is not None and feed.more.holds(turned),
        answer=answer,
    )


def _item(feed: Feed, scope: dict[str, Json]) -> FeedItem:
    message_id, key = feed.message_id.text_of(scope), feed.key.text_of(scope)
    if not message_id or not key:
        raise ValueError(f"an item of feed {feed.name} has no message id or no key")
    return FeedItem(
        message_id=message_id,
        name=feed.form.message,
        key=key,
        reference=reference(feed.reference, scope),
        payload=feed.payload(scope) if feed.payload else scope["item"],
    )


def reference(declared: Reference | None, scope: dict[str, Json]) -> tuple[str, str] | None:
    """The number of theirs that names the dossier, where the contract declares one and the message holds it."""
    if declared is None:
        return None
    value = declared.value.text_of(scope)
    return (declared.kind, value) if value else None


def _unusable(answer: Answer, reason: str) -> Answer:
    return Answer(
        outcome=Outcome.INVALID,
        reply=answer.reply,
        detail=reason,
        http_status=answer.http_status,
        request_bytes=answer.request_bytes,
        reply_bytes=answer.reply_bytes,
        contract_hash=answer.contract_hash,
    )
