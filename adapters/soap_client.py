"""The SOAP client: a composed body to an envelope, an envelope to what classification needs.

What envelopes are is known by `adapters.soap`; this joins it to transports and contracts.
"""

from adapters.contracts.compiled import Operation, Soap
from adapters.outbound import Response
from adapters.rest import retry_after_s, unreadable
from adapters.transport.travel import Outgoing
from engine.errors import CallOutcomeUnknown, ComposeFailed, ReplyInvalid
from engine.exchange.classification import Heard
from engine.exchange.ports import Json

TEXT_LIMIT = 4000


def outgoing(operation: Operation, body: Json, headers: dict[str, str]) -> Outgoing:
    """*body* as an envelope that keeps to the WSDL. Raises: ComposeFailed: names the element."""
    soap = _soap(operation)
    form = operation.form
    if not isinstance(body, dict):
        raise ComposeFailed(
            partner=operation.terms.partner, operation=operation.name, reason="an object is needed"
        )
    return Outgoing(
        label=(operation.terms.partner, operation.name),
        method="POST",
        path=form.path,
        headers={
            "Accept": "text/xml, application/soap+xml",
            **soap.service.headers(soap.operation),
            **headers,
        },
        content=soap.service.compose(soap.operation, body),
        total_s=form.total_timeout_s,
        connect_s=form.connect_timeout_s,
    )


def heard(operation: Operation, response: Response) -> Heard:
    """*response* read by the WSDL; a fault is an answer whatever its HTTP status, anything but an envelope is none."""
    soap = _soap(operation)
    wait = retry_after_s(response.headers.get("retry-after"))
    text = response.body[:TEXT_LIMIT].decode("utf-8", "replace")
    try:
        reply = soap.service.parse_reply(soap.operation, response.body)
    except CallOutcomeUnknown as exc:
        return unreadable(response, text, wait, str(exc.facts["reason"]))
    except ReplyInvalid as exc:
        return Heard(
            status=response.status,
            parsed=True,
            text=text,
            retry_after_s=wait,
            valid=False,
            problem=exc.message,
        )
    if reply.fault is not None:
        fault: Json = {"code": reply.fault.code, "text": reply.fault.text, "detail": reply.fault.detail}
        return Heard(status=response.status, parsed=True, soap_fault=fault, retry_after_s=wait)
    problem = operation.check_reply(reply.body, "reply")
    return Heard(
        status=response.status,
        parsed=True,
        reply=reply.body,
        retry_after_s=wait,
        valid=problem is None,
        problem=problem or "",
    )


def _soap(operation: Operation) -> Soap:
    if operation.soap is None:
        raise ComposeFailed(
            partner=operation.terms.partner, operation=operation.name, reason="it is no SOAP operation"
        )
    return operation.soap
