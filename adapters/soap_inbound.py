"""The SOAP server: what an envelope asks for by the contract, and the reply or fault that answers it.

What envelopes are is known by `adapters.soap`; what becomes of a message is `adapters.inbound`'s business.
"""

from collections.abc import Mapping

import structlog

from adapters.contracts.compiled import Contract, Inbound
from adapters.soap import publishing
from adapters.soap.envelope import refused
from adapters.soap.service import SoapService
from engine.errors import ComposeFailed, LienthongError, SoapRefused
from engine.exchange.ports import Json, Receipt

AGAIN_S = 2
log = structlog.get_logger(__name__)


def asked(
    contract: Contract, service: SoapService, headers: Mapping[str, str], body: bytes
) -> tuple[Inbound, Json]:
    """The message that *body* is by the contract, and what it says. Raises: SoapRefused."""
    action = next((value for name, value in headers.items() if name.lower() == "soapaction"), None)
    request = service.parse_request(body, action)
    for one in contract.inbound.values():
        if one.soap is not None and one.soap.operation == request.operation:
            return one, dict(request.body)
    raise refused(f"{request.operation} is not taken here", version=service.version)


def reply(service: SoapService, declared: Inbound, body: Json) -> Receipt:
    """The answer by the WSDL. Raises: ComposeFailed: the contract's reply is not what its WSDL promises."""
    operation = declared.soap.operation if declared.soap else declared.name
    if not isinstance(body, dict):
        raise ComposeFailed(partner=service.name, operation=operation, reason="an object is needed")
    return Receipt(status=200, content_type=service.content_type, body=service.reply(operation, body))


def fault(service: SoapService, error: LienthongError, trace_id: str) -> Receipt:
    """The fault that tells *error*: its stable code and the trace id in the detail; 500 as WS-I wants it, 400 in SOAP 1.2."""
    ours = error.status >= 500
    if ours:
        log.error("envelope_failed", partner=service.name, code=error.code, trace=trace_id)
    told = str(error.facts["fault"]) if isinstance(error, SoapRefused) else "Server" if ours else "Client"
    text = "nothing was taken; send it again" if ours else str(error.facts.get("reason") or error.message)
    return Receipt(
        status=service.fault_status(told),
        content_type=service.content_type,
        body=service.fault(told, text, {"code": error.code, "trace_id": trace_id}),
        headers={"Retry-After": str(AGAIN_S)} if ours else {},
    )


def description(service: SoapService, address: str) -> Receipt:
    """The WSDL with *address*, where we listen."""
    body = publishing.with_address(service.wsdl, address)
    return Receipt(status=200, content_type="text/xml; charset=utf-8", body=body)
