"""Reception by contract: bytes in, a receipt out; what is accepted is durable before the receipt is written.

It checks signature and form and says precisely what is wrong; storing is done by the `Reception` that it is given, what was
refused is told to its `Refusals`, and who may send at all is the web's business.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Protocol

import orjson
import structlog

from adapters import signatures, soap_inbound
from adapters.contracts.compiled import Contract, Inbound, Reply
from adapters.feeds import reference
from adapters.rest import BYTE_ORDER_MARK
from adapters.soap.service import SoapService
from engine.errors import FeelError, LienthongError, MessageRefused, OperationUnknown, SignatureUncheckable
from engine.exchange.ports import SIGNED, Arrival, Json, Receipt, Reception, Refusal, Refusals
from engine.json_members import crowded, flaw

LIMIT_BYTES = 36 * 1024 * 1024
JSON_TYPE = "application/json; charset=utf-8"
_TOLD_BY_STATUS = (401, 409)  # beside what the contract's error says
log = structlog.get_logger(__name__)


class Contracts(Protocol):
    """Finds contracts by partner; `registry.ContractPartners` does."""

    def contract(self, partner: str) -> Contract:
        """Raises: PartnerUnknown."""
        ...

    def inbound_secrets(self, partner: str) -> tuple[str, ...]:
        """What *partner* signs its messages with. Raises: PartnerUnknown."""
        ...


class ContractInbound:
    """Implements `engine.exchange.ports.Inbound`."""

    def __init__(self, contracts: Contracts, reception: Reception, refusals: Refusals) -> None:
        self._contracts, self._reception, self._refusals = contracts, reception, refusals

    def receive(self, partner: str, operation: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        """The reply in the shape that the partner's contract promises: taken, taken before, or what is wrong.

        Raises:
            PartnerUnknown, OperationUnknown: nobody promised anything at this address.
            SignatureUncheckable: their signature cannot be judged, our side of the secret is missing.
            StoreError, and whatever else is our own fault: nothing was taken, the partner sends again.
        """
        contract = self._contracts.contract(partner)
        declared = contract.inbound.get(operation)
        if declared is None:
            raise OperationUnknown(partner=partner, operation=operation)
        if declared.soap is not None:
            raise MessageRefused(reason=f"this message is taken as SOAP, at /soap/{partner}")
        try:
            scope, repeated = self._take(contract, declared, headers, body, partial(_parsed, headers, body))
        except LienthongError as exc:
            if exc.status >= 500:
                raise
            error: dict[str, Json] = {
                "code": exc.code,
                "message": exc.message,
                "settings": dict(contract.settings),
            }
            telling = exc.status in _TOLD_BY_STATUS and declared.error.status >= 400
            return _receipt(declared.error, error, status=exc.status if telling else None)
        return _receipt(declared.duplicate if repeated else declared.ok, scope)

    def receive_envelope(
        self, partner: str, headers: Mapping[str, str], body: bytes, *, trace_id: str
    ) -> Receipt:
        """The reply that the WSDL promises, or a fault that tells what is wrong: theirs (Client) or ours (Server).

        Raises:
            PartnerUnknown, OperationUnknown: nobody promised to take envelopes at this address.
        """
        contract = self._contracts.contract(partner)
        service = _offered(contract)
        try:
            declared, asked = self._asked(contract, service, headers, body)
            scope, repeated = self._take(contract, declared, headers, body, lambda: asked)
            reply = (declared.duplicate if repeated else declared.ok).body(scope)
            return soap_inbound.reply(service, declared, reply)
        except LienthongError as exc:
            return soap_inbound.fault(service, exc, trace_id)

    def describe(self, partner: str, address: str) -> Receipt:
        """The WSDL that *partner* is offered, with *address* in it. Raises: PartnerUnknown, OperationUnknown."""
        return soap_inbound.description(_offered(self._contracts.contract(partner)), address)

    def _asked(
        self, contract: Contract, service: SoapService, headers: Mapping[str, str], body: bytes
    ) -> tuple[Inbound, Json]:
        """What came, and its body. Raises: SoapRefused, MessageRefused: written down."""
        try:
            _check_size(body)
            return soap_inbound.asked(contract, service, headers, body)
        except MessageRefused as exc:
            self._note(contract.partner, "SOAP", exc, body)
            raise

    def _take(
        self,
        contract: Contract,
        declared: Inbound,
        headers: Mapping[str, str],
        body: bytes,
        read: Callable[[], Json],
    ) -> tuple[dict[str, Json], bool]:
        """What replies are filled from, and whether it came before. Raises: whatever was wrong; a refusal is written down."""
        partner = contract.partner
        scope: dict[str, Json] = {"settings": dict(contract.settings)}
        try:
            signature = self._signature(partner, declared, headers, body)
            scope["body"] = read()
            arrival = replace(_arrival(contract, declared, scope, body), signature=signature)
            repeated = self._reception(arrival)
        except LienthongError as exc:
            if exc.status < 500:
                self._note(partner, declared.name, exc, body)
            raise
        log.info(
            "message_taken",
            partner=partner,
            operation=declared.name,
            message=arrival.message_id,
            repeated=repeated,
        )
        return scope, repeated

    def _note(self, partner: str, operation: str, error: LienthongError, body: bytes) -> None:
        log.warning("message_refused", partner=partner, operation=operation, code=error.code)
        self._refusals(_refusal(partner, operation, error, body))

    def _signature(self, partner: str, declared: Inbound, headers: Mapping[str, str], body: bytes) -> str:
        """What is known of who wrote this: `SIGNED`, or empty where no signature was agreed on. Raises: SignatureInvalid."""
        if not declared.signed:
            return ""
        secrets = self._contracts.inbound_secrets(partner)
        if not secrets:
            raise SignatureUncheckable(variable=partner.upper())
        signatures.check(secrets, headers, body, now=time.time())
        return SIGNED


def _refusal(partner: str, operation: str, error: LienthongError, body: bytes) -> Refusal:
    return Refusal(
        source=partner,
        operation=operation,
        code=error.code,
        reason=str(error.facts.get("reason") or error.message),
        body_sha256=hashlib.sha256(body).hexdigest(),
        size_bytes=len(body),
    )


def _offered(contract: Contract) -> SoapService:
    if contract.offered is None:
        raise OperationUnknown(partner=contract.partner, operation="SOAP")
    return contract.offered


def _check_size(body: bytes) -> None:
    if len(body) > LIMIT_BYTES:
        raise MessageRefused(reason=f"{len(body)} bytes are more than the limit of {LIMIT_BYTES}")


def _parsed(headers: Mapping[str, str], body: bytes) -> Json:
    _check_size(body)
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    if "xml" in kind.lower():
        raise MessageRefused(reason="this message is taken as JSON; XML is for the SOAP address")
    crowd = crowded(body)
    if crowd is not None:
        raise MessageRefused(reason=crowd)
    try:
        parsed: Json = orjson.loads(body.removeprefix(BYTE_ORDER_MARK))
    except orjson.JSONDecodeError as exc:
        raise MessageRefused(reason=f"the body is no JSON: {exc}") from exc
    wrong = flaw(body)
    if wrong is not None:
        raise MessageRefused(reason=wrong)
    return parsed


def _arrival(contract: Contract, declared: Inbound, scope: dict[str, Json], body: bytes) -> Arrival:
    problem = declared.check(scope["body"], "body")
    if problem is not None:
        raise MessageRefused(reason=problem)
    try:
        message_id, key = declared.message_id.text_of(scope), declared.key.text_of(scope)
        payload = declared.payload(scope) if declared.payload else scope["body"]
        named = reference(declared.reference, scope)
    except FeelError as exc:
        raise MessageRefused(reason=exc.message) from exc
    if not message_id or not key:
        raise MessageRefused(reason="it holds no message id or no key")
    return Arrival(
        source=contract.partner,
        message_id=message_id,
        name=declared.message,
        key=key,
        reference=named,
        payload=payload,
        body=body,
    )


def _receipt(reply: Reply, scope: Mapping[str, Json], status: int | None = None) -> Receipt:
    body = orjson.dumps(reply.body(scope))
    return Receipt(status=status or reply.status, content_type=JSON_TYPE, body=body)
