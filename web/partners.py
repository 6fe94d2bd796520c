"""The door for partners that call us, by JSON or SOAP: it hands bytes to the contract and its receipt back.

What a message means, how it is checked and what the partner is told is its contract's business (`exchange.Inbound`).
"""

from flask import Blueprint, Response, current_app, request

from engine import errors
from engine.exchange.ports import Inbound, Receipt
from web import limits, tracing
from web.auth import OPEN, authenticated, needs
from web.container import Container


def routes(container: Container) -> Blueprint:
    """``/partners/<partner>/<operation>``, with what follows, and ``/soap/<partner>``."""
    blueprint = Blueprint("partners", __name__)

    @blueprint.route("/partners/<string:partner>/<path:operation>", methods=["GET", "POST", "PUT"])
    @needs(OPEN)
    def receive(partner: str, operation: str) -> Response:
        if container.partner_keys:
            _admit(container, partner)
        return _response(
            _inbound(container, partner).receive(
                partner, operation, dict(request.headers), request.get_data(cache=False)
            )
        )

    @blueprint.post("/soap/<string:partner>")
    @needs(OPEN)
    def receive_envelope(partner: str) -> Response:
        if container.partner_keys:
            _admit(container, partner)
        if "xml" not in request.mimetype:
            raise errors.MediaTypeUnsupported(
                found=request.mimetype or "none", wanted="text/xml or application/soap+xml"
            )
        return _response(
            _inbound(container, partner).receive_envelope(
                partner, dict(request.headers), request.get_data(cache=False), trace_id=tracing.trace_id()
            )
        )

    @blueprint.get("/soap/<string:partner>")
    @needs(OPEN)
    def describe(partner: str) -> Response:
        """The WSDL holds no secret, and tools that read it show no key."""
        if [name.lower() for name in request.args] != ["wsdl"]:
            raise errors.RequestInvalid(reason="ask for `?wsdl`, or POST an envelope")
        address = f"{(container.public_url or request.host_url).rstrip('/')}{request.path}"
        return _response(_inbound(container, partner).describe(partner, address))

    return blueprint


def _inbound(container: Container, partner: str) -> Inbound:
    if container.inbound is None:
        raise errors.PartnerUnknown(partner=partner)
    return container.inbound


def _response(receipt: Receipt) -> Response:
    response = Response(receipt.body, status=receipt.status, content_type=receipt.content_type)
    response.headers.update(receipt.headers)
    return response


def _admit(container: Container, partner: str) -> None:
    """Let in a key with the scope ``messages`` that belongs to *partner*, or an admin's."""
    caller = authenticated(container)
    limits.count(caller, current_app)
    caller.require("messages")
    if caller.partner != partner and "admin" not in caller.scopes:
        raise errors.NotAllowed(
            what=f"send messages as {partner}: it belongs to {caller.partner or 'nobody'}"
        )
