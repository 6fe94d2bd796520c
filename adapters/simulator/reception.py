"""Bytes in, bytes out, for one simulated request: found by its path, checked as the real partner would, then played.

The faults that a rule orders are applied here, before and after the playing.
"""

import threading
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

import orjson

from adapters.contracts import shape
from adapters.contracts.compiled import Contract, Operation
from adapters.simulator import publishing
from adapters.simulator.credentials import Credentials
from adapters.simulator.faults import AFTER, BEFORE, Fault, FaultRule, Faults, broken, page
from adapters.simulator.http import HttpReply, HttpRequest
from adapters.simulator.player import Played, Player
from adapters.simulator.routing import candidates
from engine.errors import ComposeFailed, SoapRefused
from engine.exchange.ports import Json


class Refused(Exception):
    """A request that the simulated partner does not take, with the answer to it."""

    def __init__(self, reply: HttpReply, reason: str) -> None:
        super().__init__(reason)
        self.reply, self.reason = reply, reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request understood."""

    operation: Operation
    body: Json
    text: str


class SimulatedReception:
    """Answers requests to all partners of one server."""

    def __init__(
        self, player: Player, credentials: Credentials, faults: Faults, stop: threading.Event
    ) -> None:
        self._player, self._credentials, self._faults, self._stop = player, credentials, faults, stop

    def answer(self, contract: Contract, request: HttpRequest, path: str) -> HttpReply:
        """The answer of *contract*'s partner to a request for *path* below its address."""
        partner = contract.partner
        if self._faults.meet(partner, "", "", "", frozenset({Fault.DOWN})):
            return HttpReply(
                status=503, body=b"down for a while", content_type="text/plain", headers={"Retry-After": "1"}
            )
        described = publishing.description(contract, request, path)
        if described is not None:
            return described
        login = self._credentials.log_in(contract, request, path)
        if login is not None:
            return login
        try:
            asked = self._understand(contract, request, path)
            return self._play(contract, request, asked)
        except Refused as refusal:
            self._note(partner, path, request, refusal)
            return refusal.reply

    def _play(self, contract: Contract, request: HttpRequest, asked: Asked) -> HttpReply:
        name, partner = asked.operation.name, contract.partner
        key = self._player.key_of(contract, name, asked.body)
        if self._faults.meet(partner, name, key, asked.text, frozenset({Fault.EXPIRE})):
            self._credentials.forget(partner)
        if not self._credentials.accept(contract, request, self._raw(request)):
            raise Refused(_plain(contract.form.simulator.unauthenticated), "not logged in")
        early = self._faults.meet(partner, name, key, asked.text, BEFORE)
        if early is not None and not (early.fault is Fault.HTML and early.after):
            reply = self._early(contract, asked, early, key)
            if reply is not None:
                return reply
        chosen = self._faults.meet(partner, name, key, asked.text, frozenset({Fault.CHOOSE}))
        played = self._player.play(contract, name, asked.body, chosen.choice if chosen else "")
        reply = _wire(asked.operation, played)
        late = early if early is not None and early.after else None
        late = late or self._faults.meet(partner, name, key, asked.text, AFTER - {Fault.HTML})
        return broken(late, reply) if late is not None else reply

    def _early(self, contract: Contract, asked: Asked, rule: FaultRule, key: str) -> HttpReply | None:
        """What a fault answers in place of the partner; None where the partner answers after all, only later."""
        if rule.fault is Fault.SLOW:
            self._stop.wait(rule.seconds)
            return None
        self._player.note(
            {
                "kind": "fault",
                "partner": contract.partner,
                "operation": asked.operation.name,
                "key": key,
                "effect": False,
                "fault": rule.fault.value,
                "body": asked.body,
            }
        )
        if rule.fault is Fault.DROP_BEFORE:
            return HttpReply(drop=True)
        if rule.fault is Fault.HTML:
            return page(rule.status or 502)
        status = 200 if rule.fault is Fault.ERROR_CODE else rule.status or 400
        return HttpReply(status=status, body=orjson.dumps(rule.body if rule.body is not None else {}))

    def _understand(self, contract: Contract, request: HttpRequest, path: str) -> Asked:
        found = candidates(contract, request.method, path)
        if not found:
            raise Refused(HttpReply(status=404, body=b"{}"), f"nothing is at {request.method} {path}")
        if found[0][0].soap is not None:
            return self._envelope(contract, request, path)
        body, text = self._body(request, found[0][1])
        last = "no operation of this contract"
        for operation, _ in found:
            problem = operation.check_request(_without_session(contract, body), "request")
            if problem is None:
                return Asked(operation=operation, body=_without_session(contract, body), text=text)
            last = problem
        raise Refused(_problem(400, last), last)

    def _envelope(self, contract: Contract, request: HttpRequest, path: str) -> Asked:
        offered = [operation for operation, _ in candidates(contract, request.method, path) if operation.soap]
        soap = offered[0].soap
        if soap is None:
            raise Refused(HttpReply(status=404), "no SOAP here")
        try:
            asked = soap.service.parse_request(request.body, request.headers.get("soapaction"))
        except SoapRefused as exc:
            reply = HttpReply(
                status=soap.service.fault_status(str(exc.facts["fault"])),
                body=soap.service.refusal(exc),
                content_type=soap.service.content_type,
            )
            raise Refused(reply, exc.message) from exc
        for operation in offered:
            if operation.soap is not None and operation.soap.operation == asked.operation:
                return Asked(
                    operation=operation, body=asked.body, text=request.body.decode("utf-8", "replace")
                )
        fault = soap.service.fault("Client", f"{asked.operation} is not played here")
        raise Refused(HttpReply(status=500, body=fault, content_type=soap.service.content_type), "not played")

    def _body(self, request: HttpRequest, places: dict[str, str]) -> tuple[Json, str]:
        taken: dict[str, Json] = {name: unquote(value) for name, value in places.items()}
        if request.method in ("GET", "DELETE"):
            members: dict[str, Json] = {**dict(parse_qsl(request.query, keep_blank_values=True)), **taken}
            return members, request.query
        text = request.body.decode("utf-8", "replace")
        try:
            body: Json = orjson.loads(request.body)
        except orjson.JSONDecodeError as exc:
            raise Refused(_problem(400, f"no JSON: {exc}"), "no JSON") from exc
        return ({**body, **taken} if isinstance(body, dict) else body), text

    def _raw(self, request: HttpRequest) -> Json:
        """The body as far as a session may be in it."""
        try:
            body: Json = orjson.loads(request.body) if request.body[:1] == b"{" else None
        except orjson.JSONDecodeError:
            return None
        return body

    def _note(self, partner: str, path: str, request: HttpRequest, refusal: Refused) -> None:
        self._player.note(
            {
                "kind": "refused",
                "partner": partner,
                "path": path,
                "status": refusal.reply.status,
                "reason": refusal.reason,
                "body": request.body.decode("utf-8", "replace"),
            }
        )


def _without_session(contract: Contract, body: Json) -> Json:
    form = contract.form.transport
    if isinstance(form, shape.Session) and isinstance(body, dict):
        return {name: value for name, value in body.items() if name != form.field}
    return body


def _wire(operation: Operation, played: Played) -> HttpReply:
    soap = operation.soap
    if soap is None:
        return HttpReply(
            status=played.status, body=b"" if played.status == 204 else orjson.dumps(played.body)
        )
    if played.fault is not None:
        code, text, detail = played.fault
        body = soap.service.fault(code, text, detail if isinstance(detail, dict) else None)
        return HttpReply(
            status=soap.service.fault_status(code), body=body, content_type=soap.service.content_type
        )
    try:
        body = soap.service.reply(soap.operation, played.body if isinstance(played.body, dict) else {})
    except ComposeFailed as exc:
        fault = soap.service.fault(
            "Server", f"the simulator's answer does not keep to the WSDL: {exc.message}"
        )
        return HttpReply(status=500, body=fault, content_type=soap.service.content_type)
    return HttpReply(body=body, content_type=soap.service.content_type)


def _plain(form: shape.SimulatedAnswer) -> HttpReply:
    return HttpReply(status=form.status, body=orjson.dumps(form.body))


def _problem(status: int, reason: str) -> HttpReply:
    return HttpReply(status=status, body=orjson.dumps({"error_code": -1, "message": reason}))
