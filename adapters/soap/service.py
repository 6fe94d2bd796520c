"""One WSDL at work, for both sides: requests composed and replies read, requests read and replies composed.

Every message, in and out, is checked against the WSDL's schemas. Bodies are JSON objects (see `adapters.soap.shapes`).
Nothing here sends or listens; a service holds no state and may be shared between threads.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from adapters.soap import envelope as envelopes
from adapters.soap.documents import Documents
from adapters.soap.envelope import Envelope, SoapFault, SoapVersion
from adapters.soap.operations import Message, Operation, read_operations
from adapters.soap.reading import read
from adapters.soap.schema import Breach, compile_schema
from adapters.soap.writing import Unfit, write
from engine import xml
from engine.errors import CallOutcomeUnknown, ComposeFailed, ReplyInvalid, SoapRefused
from engine.exchange.ports import Json

MAX_BREACHES = 3  # named in one refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapReply:
    """What came back: exactly one of *body* and *fault* is set."""

    body: dict[str, Json] | None = None
    fault: SoapFault | None = None


class SoapRequest(NamedTuple):
    """A request that came in; *body* keeps to the schema."""

    operation: str
    body: dict[str, Json]


class SoapService:
    """The operations of one WSDL. Use `open_service` to share one per file.

    *port* picks one of several ports by name (the first is taken otherwise). *content_type*, *soap_action* and
    *qualified* (children with or without namespace) overrule the WSDL where a partner does not keep to it. *name* is
    the partner's, for errors.

    Raises:
        WsdlRefused: the WSDL cannot be used; says why.
    """

    def __init__(
        self,
        wsdl: bytes | Path,
        *,
        name: str = "",
        folder: Path | None = None,
        port: str | None = None,
        content_type: str | None = None,
        soap_action: str | None = None,
        qualified: bool | None = None,
    ) -> None:
        documents = Documents(wsdl, folder=folder, qualified=qualified)
        offer = read_operations(documents)
        chosen = port or offer.operations[0].port
        own = [operation for operation in offer.operations if operation.port == chosen]
        if not own:
            raise documents.refusal(f"it has no SOAP port {chosen}")
        self.name, self.wsdl, self.version = name, documents.main, own[0].version
        self.unusable = offer.unusable
        self._content_type, self._action = content_type, soap_action
        self._shapes = offer.shapes
        self._schema = compile_schema(documents, offer.rpc_schema)
        self._operations = {operation.name: operation for operation in own}
        self._by_tag: dict[str, list[Operation]] = {}
        for operation in own:
            self._by_tag.setdefault(operation.request.tag if operation.request else "", []).append(operation)

    @property
    def operations(self) -> tuple[str, ...]:
        """The names of the operations that can be used."""
        return tuple(self._operations)

    @property
    def content_type(self) -> str:
        """The Content-Type of requests and replies."""
        return self._content_type or self.version.content_type

    def soap_action(self, operation: str) -> str:
        """The value of the SOAPAction header of *operation*, in its quotes."""
        action = self._operation(operation).action if self._action is None else self._action
        return f'"{action}"'

    def headers(self, operation: str) -> dict[str, str]:
        """The HTTP headers of a request for *operation*; SOAP 1.2 carries the action in the Content-Type."""
        action = self.soap_action(operation)
        if self.version is SoapVersion.V11 or self._content_type:
            return {"Content-Type": self.content_type, "SOAPAction": action}
        suffix = f"; action={action}" if action != '""' else ""
        return {"Content-Type": self.content_type + suffix}

    def compose(self, operation: str, body: Mapping[str, Json]) -> bytes:
        """The envelope that asks for *operation*.

        Raises:
            ComposeFailed: unknown operation, or *body* breaks the schema; names the element.
        """
        return self._compose(operation, self._operation(operation).request, body)

    def parse_reply(self, operation: str, data: bytes) -> SoapReply:
        """What *data*, the partner's answer to *operation*, says: a body or a fault.

        Raises:
            CallOutcomeUnknown: *data* is no envelope of any SOAP version.
            ReplyInvalid: an envelope whose content breaks the schema.
        """
        declared = self._operation(operation)
        try:
            envelope = envelopes.open_envelope(data)
        except SoapRefused as exc:
            raise CallOutcomeUnknown(
                partner=self.name, operation=operation, reason=exc.facts["reason"]
            ) from exc
        if (fault := envelopes.read_fault(envelope)) is not None:
            return SoapReply(fault=fault)
        element = envelope.body
        if declared.reply is None:
            return SoapReply(body={})
        if element is None or element.tag != declared.reply.tag:
            found = "an empty Body" if element is None else etree.QName(element).localname
            reason = f"{etree.QName(declared.reply.tag).localname} is expected, not {found}"
            raise ReplyInvalid(partner=self.name, operation=operation, reason=reason)
        if breaches := self._breaches(element, declared.reply):
            raise ReplyInvalid(partner=self.name, operation=operation, reason=_in_words(breaches))
        return SoapReply(body=self._body(element, declared.reply))

    def parse_request(self, data: bytes, soap_action: str | None = None) -> SoapRequest:
        """The request in *data*; its Body's element names the operation, *soap_action* only where it cannot.

        Raises:
            SoapRefused: answer it with `refusal`.
        """
        envelope = envelopes.open_envelope(data)
        if envelope.version is not self.version:
            reason = f"this service speaks SOAP {self.version}"
            raise envelopes.refused(reason, fault="VersionMismatch", version=self.version)
        envelopes.refuse_unknown_musts(envelope)
        operation = self._asked(envelope, (soap_action or "").strip().strip('"'))
        if operation.request is None or envelope.body is None:
            return SoapRequest(operation.name, {})
        if breaches := self._breaches(envelope.body, operation.request):
            raise envelopes.refused(_in_words(breaches), version=self.version)
        return SoapRequest(operation.name, self._body(envelope.body, operation.request))

    def reply(self, operation: str, body: Mapping[str, Json]) -> bytes:
        """The envelope that answers *operation*.

        Raises:
            ComposeFailed: *body* breaks the schema; names the element.
        """
        return self._compose(operation, self._operation(operation).reply, body)

    def fault(self, code: str, text: str, detail: Mapping[str, Json] | None = None) -> bytes:
        """An envelope with a fault; *code* in the words of SOAP 1.1."""
        return envelopes.fault(self.version, code, text, detail)

    def refusal(self, error: SoapRefused) -> bytes:
        """The fault that answers a refused request; 1.1 and 1.2 alike."""
        return self.fault(str(error.facts["fault"]), str(error.facts["reason"]), {"code": error.code})

    def fault_status(self, code: str) -> int:
        """The HTTP status of a fault with *code*."""
        return 400 if self.version is SoapVersion.V12 and code == "Client" else 500

    def _operation(self, name: str) -> Operation:
        if name not in self._operations:
            reason = self.unusable.get(name, "the WSDL has no such operation")
            raise ComposeFailed(partner=self.name, operation=name, reason=reason)
        return self._operations[name]

    def _asked(self, envelope: Envelope, action: str) -> Operation:
        tag = "" if envelope.body is None else str(envelope.body.tag)
        candidates = self._by_tag.get(tag, [])
        named = [operation for operation in candidates if operation.action == action]
        if len(named or candidates) == 1:
            return (named or candidates)[0]
        missing = f"there is no operation {tag or action or 'in an empty Body'}"
        several = (
            f"{tag or 'an empty Body'} may be any of several operations, and SOAPAction does not say which"
        )
        raise envelopes.refused(several if candidates else missing, version=self.version)

    def _compose(self, operation: str, message: Message | None, body: Mapping[str, Json]) -> bytes:
        root, place = envelopes.new_envelope(self.version)
        if message is not None:
            value = body.get("value") if message.shape.plain else body
            try:
                element = write(place, message.tag, message.shape, value)
            except Unfit as exc:
                raise ComposeFailed(partner=self.name, operation=operation, reason=str(exc)) from exc
            if breaches := self._breaches(element, message):
                raise ComposeFailed(
                    partner=self.name,
                    operation=operation,
                    reason=_in_words(breaches),
                    element=breaches[0].element,
                )
        return xml.serialize(root)

    def _body(self, element: etree._Element, message: Message) -> dict[str, Json]:
        value = read(self._shapes, element, message.shape)
        return value if isinstance(value, dict) else {"value": value}

    def _breaches(self, element: etree._Element, message: Message) -> list[Breach]:
        element.tag = message.checked_as  # an rpc wrapper has no declaration of its own
        try:
            return self._schema.breaches(element)
        finally:
            element.tag = message.tag


def _in_words(breaches: Iterable[Breach]) -> str:
    found = [str(breach) for breach in breaches]
    more = f"; and {len(found) - MAX_BREACHES} more" if len(found) > MAX_BREACHES else ""
    return "; ".join(found[:MAX_BREACHES]) + more


def open_service(wsdl: Path, **quirks: str | bool | Path | None) -> SoapService:
    """The service of the file *wsdl*, one per file, its state on disk and its quirks (see `SoapService`)."""
    state = wsdl.stat()
    return _opened(wsdl.resolve(), (state.st_mtime_ns, state.st_size), tuple(sorted(quirks.items())))


@lru_cache(maxsize=64)
def _opened(
    wsdl: Path, state: tuple[int, int], quirks: tuple[tuple[str, str | bool | Path | None], ...]
) -> SoapService:
    return SoapService(wsdl, **dict(quirks))  # type: ignore[arg-type]
