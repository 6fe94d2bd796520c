"""Reception by contract: bytes in, a receipt out; what is accepted is durable before the receipt is written.

It checks signature and form and says precisely what is wrong; storing is done by the `Reception` that it is given, what was
refused is told to its `Refusals`, and who may send at all is the web's business.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import orjson
import structlog

from adapters import signatures
from adapters.contracts.compiled import Contract, Inbound, Reply
from adapters.feeds import reference
from adapters.rest import BYTE_ORDER_MARK
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
        scope: dict[str, Json] = {"settings": dict(contract.settings)}
        try:
            signature = self._signature(partner, declared, headers, body)
            scope["body"] = _parsed(headers, body)
            arrival = replace(_arrival(contract, declared, scope, body), signature=signature)
            repeated = self._reception(arrival)
        except LienthongError as exc:
            if exc.status >= 500:
                raise
            log.warning("message_refused", partner=partner, operation=operation, code=exc.code)
            self._refusals(_refusal(partner, operation, exc, body))
            error: dict[str, Json] = {"code": exc.code, "message": exc.message, "settings": scope["settings"]}
            telling = exc.status in _TOLD_BY_STATUS and declared.error.status >= 400
            return _receipt(declared.error, error, status=exc.status if telling else None)
        log.info(
            "message_taken",
            partner=partner,
            operation=operation,
            message=arrival.message_id,
            repeated=repeated,
        )
        return _receipt(declared.duplicate if repeated else declared.ok, scope)

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


def _parsed(headers: Mapping[str, str], body: bytes) -> Json:
    if len(body) > LIMIT_BYTES:
        raise MessageRefused(reason=f"{len(body)} bytes are more than the limit of {LIMIT_BYTES}")
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
