"""The door for partners that call us: one route, which hands bytes to the contract and its receipt back.

What a message means, how it is checked and what the partner is told is its contract's business (`exchange.Inbound`).
"""

from flask import Blueprint, Response, current_app, request

from engine import errors
from web import limits
from web.auth import OPEN, authenticated, needs
from web.container import Container


def routes(container: Container) -> Blueprint:
    """``/partners/<partner>/<operation>``, with what follows."""
    blueprint = Blueprint("partners", __name__)

    @blueprint.route("/partners/<string:partner>/<path:operation>", methods=["GET", "POST", "PUT"])
    @needs(OPEN)
    def receive(partner: str, operation: str) -> Response:
        if container.partner_keys:
            _admit(container, partner)
        if container.inbound is None:
            raise errors.PartnerUnknown(partner=partner)
        receipt = container.inbound.receive(
            partner, operation, dict(request.headers), request.get_data(cache=False)
        )
        response = Response(receipt.body, status=receipt.status, content_type=receipt.content_type)
        response.headers.update(receipt.headers)
        return response

    return blueprint


def _admit(container: Container, partner: str) -> None:
    """Let in a key with the scope ``messages`` that belongs to *partner*, or an admin's."""
    caller = authenticated(container)
    limits.count(caller, current_app)
    caller.require("messages")
    if caller.partner != partner and "admin" not in caller.scopes:
        raise errors.NotAllowed(
            what=f"send messages as {partner}: it belongs to {caller.partner or 'nobody'}"
        )
