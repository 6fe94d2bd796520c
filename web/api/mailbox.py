"""The mailbox over REST: an agency that cannot be called lists, fetches and acknowledges what waits for it."""

from datetime import datetime

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field, JsonValue, model_validator

from engine import errors
from engine.actions import mailbox
from engine.exchange.ports import Mailboxes
from web import cursors
from web.api.models import Asked, Paged, Told, answer, blueprint, listing, page
from web.auth import needs, principal
from web.container import Container
from web.idempotency import idempotent


class MailboxPath(Asked):
    id: int = Field(ge=1, lt=2**63)


class FetchRequest(Asked):
    """Nothing is asked; the body is an empty object."""


class AcknowledgementRequest(Asked):
    """What became of the call that was fetched: the reply that the contract promises, or why it is refused."""

    attempt: int = Field(ge=1, lt=2**31, description="As it was fetched.")
    reply: JsonValue = None
    refused: str | None = Field(default=None, min_length=1, max_length=2000)

    @model_validator(mode="after")
    def _one_of_both(self) -> "AcknowledgementRequest":
        if self.refused is not None and self.reply is not None:
            raise ValueError("has a reply and a refusal: one of the two")
        return self


class Waiting(Told):
    """A call that may be fetched. `key` stays the same however often it is fetched: drop what you did already."""

    id: int
    dossier: str
    operation: str
    key: str
    created_at: datetime
    attempt: int


class Mailbox(Told):
    items: list[Waiting]
    next: str | None


class Fetched(Told):
    """A call that is yours until `lease_until`; acknowledge it with its `attempt`."""

    id: int
    dossier: str
    operation: str
    key: str
    attempt: int
    body: JsonValue
    lease_until: datetime | None
    trace: str | None


class Acknowledged(Told):
    id: int
    status: str


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about the mailbox."""
    api = blueprint("mailbox", "For agencies that cannot be called: what waits for them.")

    @api.get("/mailbox", summary="List what waits for the key's partner", responses={200: Mailbox})
    @needs("mailbox")
    def list_mailbox(query: Paged) -> Response:
        partner, _ = _mine(container)
        bound: dict[str, object] = {"partner": partner}
        after = cursors.read(container, query.cursor, bound)
        found = mailbox.list_waiting(container.store, partner, after=after, limit=query.limit + 1)
        rows, more = page(found, query.limit)
        items = [Waiting.model_validate(row) for row in rows]
        return listing(container, items, last=rows[-1].id if more else None, bound_to=bound)

    @api.post("/mailbox/<int:id>/fetch", summary="Fetch a call", responses={200: Fetched})
    @needs("mailbox")
    @idempotent(container)
    def fetch_call(path: MailboxPath, body: FetchRequest) -> Response:
        partner, _ = _mine(container)
        if not container.may_send():
            raise errors.CallNotWaiting(call=path.id, reason="this system sends nothing")
        found = mailbox.fetch(container.store, partner, path.id, holder=f"mailbox {principal().id}")
        call = found.call
        told = Fetched(
            id=call.id,
            dossier=found.dossier,
            operation=call.operation,
            key=call.key,
            attempt=call.attempt,
            body=call.body,
            lease_until=found.lease_until,
            trace=call.trace,
        )
        return answer(told)

    @api.post(
        "/mailbox/<int:id>/acknowledge",
        summary="Say what became of a fetched call",
        responses={200: Acknowledged},
    )
    @needs("mailbox")
    @idempotent(container)
    def acknowledge_call(path: MailboxPath, body: AcknowledgementRequest) -> Response:
        partner, port = _mine(container)
        if body.refused is not None:
            said = mailbox.refused(body.refused)
        else:
            said = mailbox.judged(container.store, port, partner, path.id, body.reply)
        status = mailbox.acknowledge(
            container.store, port, partner, path.id, attempt=body.attempt, answer=said
        )
        return answer(Acknowledged(id=path.id, status=status))

    return api


def _mine(container: Container) -> tuple[str, Mailboxes]:
    """The partner whose key asks. Raises: NotAllowed: the key is of no partner, or of one that is called."""
    partner, port = principal().partner, container.mailboxes
    if partner is None or port is None:
        raise errors.NotAllowed(what="use a mailbox: it belongs to no partner")
    if not port.has_mailbox(partner):
        raise errors.NotAllowed(what=f"use a mailbox: {partner} is called and fetches nothing")
    return partner, port
