"""Messages that came, over REST: which nobody took, and what a person says whose they are."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import AwareDatetime, Field, JsonValue

from engine import errors
from engine.actions import by_hand, untaken
from engine.queries import candidates, dossiers, exchange
from engine.queries.exchange import MessageFilter, MessageLine
from engine.storage.database import Connection
from web import choosing, conditions, cursors, masking
from web.api.models import Asked, Paged, Told, answer, blueprint, listing, page
from web.auth import check_own, needs, principal
from web.container import Container
from web.idempotency import idempotent


class MessagesQuery(Paged):
    status: Literal["untaken", "kept", "met", "delivered", "unclaimed", "ambiguous", "rejected"] | None = (
        Field(default=None, description="`untaken`: a person must take it in hand.")
    )
    source: str | None = Field(default=None, max_length=64, description="The partner that sent it.")
    name: str | None = Field(default=None, max_length=100)
    dossier: str | None = Field(default=None, max_length=64)
    repeated: bool | None = Field(default=None, description="Whether it came more than once.")
    signature: Literal["good", "none"] | None = Field(
        default=None, description="Whether its contract wants it signed, and it was."
    )
    received_from: AwareDatetime | None = None
    received_before: AwareDatetime | None = None


class MessagePath(Asked):
    id: int = Field(ge=1, lt=2**63)


class MessageActRequest(Asked):
    """One of the message's `actions`, and why. `deliver` gives it to `dossier`."""

    action: Literal["deliver", "offer", "reject"]
    reason: str = Field(min_length=1, max_length=2000)
    dossier: str | None = Field(default=None, min_length=1, max_length=64)


class Message(Told):
    """`key` is what its dossier was looked for by; `repeats`: how often it came again; `trace`: the traceparent it came with."""

    id: int
    source: str
    message_id: str
    name: str
    key: str
    dossier: str | None
    status: str
    actions: list[str]
    received_at: datetime
    keep_until: datetime | None
    delivered_at: datetime | None
    repeats: int
    repeated_at: datetime | None
    trace: str | None
    signature: Literal["good", ""] = Field(description="`good`; empty: the contract wants none.")


class Candidate(Told):
    """A step of a dossier that waits: for a message of `name` with `key`, since `opened_at`."""

    dossier: str
    element: str
    name: str
    key: str
    opened_at: datetime


class MessageWhole(Message):
    """`payload` and `body` with every value hidden: they are personal data. `near`: whose it may be, if nobody took it."""

    payload: JsonValue
    body: str
    near: list[Candidate]


class Messages(Told):
    items: list[Message]
    next: str | None


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about messages."""
    api = blueprint("messages", "What partners sent, and what nobody took of it.")
    _add_reading(api, container)
    _add_acting(api, container)
    return api


def _add_reading(api: APIBlueprint, container: Container) -> None:
    @api.get("/messages", summary="List messages, newest first", responses={200: Messages})
    @needs("messages:handle")
    def list_messages(query: MessagesQuery) -> Response:
        bound: dict[str, object] = query.model_dump(exclude={"limit", "cursor"})
        after = cursors.read(container, query.cursor, bound)
        with container.store.reading() as connection:
            found = exchange.find_messages(connection, _wanted(query), after=after, limit=query.limit + 1)
        rows, more = page(found, query.limit)
        last = rows[-1].id if more else None
        return listing(container, [_told(row) for row in rows], last=last, bound_to=bound)

    @api.get("/messages/<int:id>", summary="Read a message", responses={200: MessageWhole})
    @needs("messages:handle")
    def get_message(path: MessagePath) -> Response:
        line = _find(container, path.id)
        return conditions.tagged(answer(_whole(container, line)), _tag(line))


def _add_acting(api: APIBlueprint, container: Container) -> None:
    @api.post("/messages/<int:id>/act", summary="Do one of a message's actions", responses={200: Message})
    @needs("messages:handle")
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def act_on_message(path: MessagePath, body: MessageActRequest) -> Response:
        _find(container, path.id)
        _do(container, path.id, body)
        now = _find(container, path.id)
        return conditions.tagged(answer(_told(now)), _tag(now))


def _do(container: Container, message: int, body: MessageActRequest) -> None:
    store, by, why, seen = container.store, principal().name, body.reason, _seen(message)
    if body.action == "deliver":
        by_hand.deliver(store, message, _target(container, body.dossier), by=by, reason=why, seen=seen)
    elif body.action == "offer":
        untaken.offer_again(store, message, by=by, reason=why, seen=seen)
    else:
        untaken.reject(store, message, by=by, reason=why, now=container.clock.now(), seen=seen)


def _target(container: Container, dossier: str | None) -> str:
    """The dossier that is given a message. Raises: BodyInvalid; DossierNotFound, also where it is another unit's."""
    if dossier is None:
        fields = [{"field": "dossier", "reason": "is missing"}]
        raise errors.BodyInvalid(reason="dossier is missing", fields=fields)
    with container.store.reading() as connection:
        units = dossiers.get_brief(connection, dossier).units
    check_own(units, errors.DossierNotFound(dossier=dossier))
    return dossier


def _wanted(query: MessagesQuery) -> MessageFilter:
    return MessageFilter(
        unit=principal().unit,
        since=query.received_from,
        until=query.received_before,
        signature="" if query.signature == "none" else query.signature,
        **query.model_dump(exclude={"limit", "cursor", "received_from", "received_before", "signature"}),
    )


def _find(container: Container, message: int) -> MessageLine:
    """Raises: MessageNotFound, also where it is of another unit's dossier, or of none."""
    with container.store.reading() as connection:
        line = exchange.get_message(connection, message)
    check_own(frozenset(unit for unit in line.units if unit), errors.MessageNotFound(message=message))
    return line


def _told(line: MessageLine) -> Message:
    return Message.model_validate(_members(line))


def _whole(container: Container, line: MessageLine) -> MessageWhole:
    acts = choosing.acts_on_message(line)
    with container.store.reading() as connection:
        payload, body = exchange.message_body(connection, line.id)
        unit = principal().unit
        near = candidates.nearest(connection, line.name, line.key, unit=unit) if "deliver" in acts else []
    more: dict[str, object] = {
        "payload": masking.masked(payload),
        "body": masking.masked_text(body),
        "near": [Candidate.model_validate(one) for one in near],
    }
    return MessageWhole.model_validate(_members(line) | more)


def _members(line: MessageLine) -> dict[str, object]:
    found = {name: getattr(line, name) for name in Message.model_fields if name != "actions"}
    return {**found, "actions": list(choosing.acts_on_message(line))}


def _seen(message: int) -> Callable[[Connection], None]:
    """Raises PreconditionMissing or PreconditionFailed where the caller has not seen the message as it is once locked."""
    return lambda connection: conditions.check(_tag(exchange.get_message(connection, message)), required=True)


def _tag(line: MessageLine) -> str:
    """Of the message itself: whose it may be moves by itself."""
    return conditions.tag(_told(line).model_dump(mode="json"))
