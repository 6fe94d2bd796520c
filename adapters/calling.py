"""One operation of one partner at work: its request composed, sent once, and the answer classified.

The only place where a protocol, a transport and the contract's table meet. Feeds and exchanges are elsewhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import orjson

from adapters import rest, soap_client
from adapters.contracts import shape
from adapters.contracts.compiled import Contract, Operation
from adapters.outbound import CONNECT_S, Response
from adapters.signatures import ID as WEBHOOK_ID
from adapters.transport.travel import Outgoing, Transport, Travelled
from engine.errors import CallOutcomeUnknown, CallUnavailable, ComposeFailed, FeelError, OperationUnknown
from engine.exchange.classification import Heard, Verdict, classify
from engine.exchange.ports import Answer, Composed, Json, Outcome

Bounds = tuple[float | None, float | None]
"""Seconds in all and for the connection, in place of the operation's; None: as the operation says."""

Compose = Callable[[Operation, Json, dict[str, str]], Outgoing]
Hear = Callable[[Operation, Response], Heard]
PROTOCOLS: Mapping[str, tuple[Compose, Hear]] = {
    "rest": (rest.outgoing, rest.heard),
    "soap": (soap_client.outgoing, soap_client.heard),
}


class Caller:
    """Calls one partner by its contract."""

    def __init__(self, contract: Contract, transport: Transport, settings: Mapping[str, Json]) -> None:
        self.contract, self._transport = contract, transport
        self.settings: dict[str, Json] = {**contract.settings, **settings}

    def compose(
        self,
        operation: Operation,
        inputs: Mapping[str, Json],
        *,
        dossier: Mapping[str, Json],
        call_key: str,
        now: datetime | None,
    ) -> Composed:
        """The request of a call: its body after the contract's mapping, and its key.

        Raises:
            ComposeFailed: the mapping fails, or what it gives breaks the request's schema.
        """
        scope: dict[str, Json] = {
            "inputs": dict(inputs),
            "dossier": members(dossier, operation.dossier_members),
            "call": {"key": call_key, "now": now.isoformat() if now else None},
            "settings": self.settings,
        }
        try:
            body = operation.request(scope)
            problem = operation.check_request(body, "request")
            if problem is not None:
                raise self._unfit(operation, problem)
            key = operation.key.text_of({**scope, "body": body}) if operation.key else call_key
        except FeelError as exc:
            raise self._unfit(operation, exc.message) from exc
        if not key:
            raise self._unfit(operation, "its key is empty")
        self._outgoing(
            operation, body, key
        )  # an envelope that cannot be built is found here, before anything is sent
        return Composed(key=key, body=body)

    def knock(self, total_s: float) -> Travelled:
        """Ask for the partner's root, logged in as for a call; what it answers means nothing, that it answers does.

        Raises:
            CallUnavailable, CallOutcomeUnknown.
        """
        label = (self.contract.partner, "check")
        return self._transport.carry(
            Outgoing(label=label, method="GET", path="/", total_s=total_s, connect_s=total_s)
        )

    def fetch(self, path: str, *, total_s: float, limit_bytes: int) -> Response:
        """What is at *path* below the partner's address, asked for as a call would be; any status.

        Raises:
            CallUnavailable, CallOutcomeUnknown: more than *limit_bytes*, too.
        """
        label = (self.contract.partner, "description")
        outgoing = Outgoing(
            label=label,
            method="GET",
            path=path,
            total_s=total_s,
            connect_s=CONNECT_S,
            limit_bytes=limit_bytes,
        )
        return self._transport.carry(replace(outgoing, headers={"Accept": "*/*"})).response

    def check(self, total_s: float) -> Answer:
        """Call what the contract names as its `check`, which changes nothing, within *total_s*.

        Raises:
            ComposeFailed, CallUnavailable, CallOutcomeUnknown.
        """
        declared = self.contract.check
        if declared is None:
            raise OperationUnknown(partner=self.contract.partner, operation="check")
        operation = self.contract.operations[declared.operation]
        inputs = {name: fill({"settings": self.settings}) for name, fill in declared.inputs.items()}
        composed = self.compose(operation, inputs, dossier={}, call_key="check", now=None)
        outgoing = self._outgoing(operation, composed.body, composed.key)
        bounded = replace(
            outgoing, total_s=min(outgoing.total_s, total_s), connect_s=min(outgoing.connect_s, total_s)
        )
        travelled = self._transport.carry(bounded)
        heard = PROTOCOLS[operation.form.protocol][1](operation, travelled.response)
        return self._judged(operation, heard, travelled)

    def call(
        self,
        operation: Operation,
        body: Json,
        key: str,
        trace: str | None = None,
        bounds: Bounds = (None, None),
    ) -> Answer:
        """Send *body* once; never raises for the partner's sake."""
        answer, _ = self._call(operation, body, key, trace, bounds)
        return answer

    def ask(
        self,
        operation: Operation,
        body: Json,
        key: str,
        trace: str | None = None,
        bounds: Bounds = (None, None),
    ) -> Answer:
        """Ask what became of an earlier sending: `FOUND` with a reply, `ABSENT`, or why it is still not known.

        Raises:
            ComposeFailed: the operation cannot be asked about.
        """
        ask = operation.ask
        if ask is None:
            raise self._unfit(operation, "its contract names no way to ask")
        asking = self.contract.operations[ask.operation]
        scope: dict[str, Json] = {"key": key, "body": body}
        inputs = {name: fill(scope) for name, fill in ask.inputs.items()}
        composed = self.compose(asking, inputs, dossier={}, call_key=key, now=None)
        answer, heard = self._call(asking, composed.body, composed.key, trace, bounds)
        if heard is None or answer.outcome is not Outcome.OK:
            unanswered = answer.outcome in (Outcome.NOT_SENT, Outcome.UNKNOWN)
            return answer if unanswered else replace(answer, outcome=Outcome.UNKNOWN, fault=None)
        scope |= {"reply": heard.reply, "status": heard.status}
        found = ask.found.holds(scope)
        return Answer(
            outcome=Outcome.FOUND if found else Outcome.ABSENT,
            reply=ask.reply(scope) if found and ask.reply else heard.reply if found else None,
            detail=answer.detail,
            http_status=answer.http_status,
            request_bytes=answer.request_bytes,
            reply_bytes=answer.reply_bytes,
            contract_hash=self.contract.hash,
        )

    def _call(
        self, operation: Operation, body: Json, key: str, trace: str | None, bounds: Bounds
    ) -> tuple[Answer, Heard | None]:
        outgoing = self._outgoing(operation, body, key, trace)
        total_s, connect_s = bounds
        outgoing = replace(
            outgoing, total_s=total_s or outgoing.total_s, connect_s=connect_s or outgoing.connect_s
        )
        try:
            travelled = self._transport.carry(outgoing)
        except CallUnavailable as exc:
            return self._failed(Outcome.NOT_SENT, exc, outgoing), None
        except CallOutcomeUnknown as exc:
            return self._failed(Outcome.UNKNOWN, exc, outgoing), None
        heard = PROTOCOLS[operation.form.protocol][1](operation, travelled.response)
        return self._judged(operation, heard, travelled), heard

    def _judged(self, operation: Operation, heard: Heard, travelled: Travelled) -> Answer:
        """The answer as classified; one that the contract's own expressions choke on is kept as unusable."""
        if travelled.refused:
            verdict = Verdict(outcome=Outcome.REFUSED, detail="the log-in was refused, a fresh one too")
            return self._answer(heard, verdict, travelled)
        try:
            verdict = classify(heard, operation.rules)
            mapped = operation.reply is not None and verdict.outcome is Outcome.OK
            return self._answer(
                replace(heard, reply=operation.reply(heard.scope())) if mapped and operation.reply else heard,
                verdict,
                travelled,
            )
        except FeelError as exc:
            return self._answer(heard, Verdict(outcome=Outcome.INVALID, detail=exc.message), travelled)

    def judge(self, operation: Operation, reply: Json) -> Answer:
        """What *reply* comes to that the partner brings itself, as if it had answered a request with it."""
        body = orjson.dumps(reply)
        response = Response(status=200, headers={"content-type": "application/json"}, body=body)
        travelled = Travelled(response=response, request_bytes=b"", reply_bytes=body)
        return self._judged(operation, rest.heard(operation, response), travelled)

    def _answer(self, heard: Heard, verdict: Verdict, travelled: Travelled) -> Answer:
        return Answer(
            outcome=verdict.outcome,
            reply=heard.reply if heard.soap_fault is None else heard.soap_fault,
            fault=verdict.fault,
            detail=verdict.detail,
            http_status=heard.status,
            retry_after_s=verdict.retry_after_s,
            request_bytes=travelled.request_bytes,
            reply_bytes=travelled.reply_bytes,
            contract_hash=self.contract.hash,
        )

    def _failed(
        self, outcome: Outcome, error: CallUnavailable | CallOutcomeUnknown, outgoing: Outgoing
    ) -> Answer:
        return Answer(
            outcome=outcome,
            detail=str(error.facts["reason"]),
            request_bytes=outgoing.content or b"",
            contract_hash=self.contract.hash,
        )

    def _outgoing(self, operation: Operation, body: Json, key: str, trace: str | None = None) -> Outgoing:
        scope: dict[str, Json] = {"settings": self.settings, "key": key, "body": body}
        try:
            headers = {name: header.text_of(scope) for name, header in operation.headers.items()}
        except FeelError as exc:
            raise self._unfit(operation, exc.message) from exc
        if isinstance(self.contract.form.transport, shape.Webhook):
            headers[WEBHOOK_ID] = key
        if trace:
            headers["traceparent"] = headers["X-Request-Id"] = trace
        return PROTOCOLS[operation.form.protocol][0](operation, body, headers)

    def _unfit(self, operation: Operation, reason: str) -> ComposeFailed:
        return ComposeFailed(partner=self.contract.partner, operation=operation.name, reason=reason)


def members(dossier: Mapping[str, Json], wanted: frozenset[str] | None) -> dict[str, Json]:
    """What a mapping reads of the dossier, each member asked for by name: some are fetched only then."""
    return {name: dossier[name] for name in dossier if wanted is None or name in wanted}
