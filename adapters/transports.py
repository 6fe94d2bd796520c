"""Picks the way of travelling that a contract names and gives it who we are."""

from collections.abc import Mapping

from adapters.contracts import shape
from adapters.contracts.compiled import Contract
from adapters.outbound import Door
from adapters.transport.mailbox import MailboxTransport
from adapters.transport.plain import PlainTransport
from adapters.transport.session import SessionTransport
from adapters.transport.travel import Access, Transport
from adapters.transport.webhook import WebhookTransport
from adapters.transport.wso2 import Wso2Transport
from engine.exchange.ports import Json


def transport_for(contract: Contract, door: Door, access: Access, settings: Mapping[str, Json]) -> Transport:
    """The transport of *contract*; its own headers are computed once, from *settings*."""
    form, endpoint = contract.form.transport, contract.partner
    scope: dict[str, Json] = {"settings": dict(settings), "key": None, "body": None}
    headers = {name: value.text_of(scope) for name, value in contract.transport_headers.items()}
    if isinstance(form, shape.Session) and contract.expired is not None:
        return SessionTransport(
            door,
            endpoint,
            access,
            login=form.login,
            field=form.field,
            expired=contract.expired.holds,
            headers=headers,
        )
    if isinstance(form, shape.Wso2):
        return Wso2Transport(door, endpoint, access, token=form.token, headers=headers)
    if isinstance(form, shape.Plain):
        return PlainTransport(door, endpoint, access, auth=form.auth, header=form.header, headers=headers)
    if isinstance(form, shape.Webhook):
        return WebhookTransport(door, endpoint, access, headers=headers)
    if isinstance(form, shape.Mailbox):
        return MailboxTransport()
    raise AssertionError(form)
