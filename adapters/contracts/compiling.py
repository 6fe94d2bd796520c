"""From the form of a contract to the contract ready for use; every text that cannot be compiled is named with its path.

The names that each kind of expression may use are here, in one table.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from adapters.contracts import compiled, shape
from adapters.contracts.expressions import Expression
from adapters.contracts.schemas import Check, SchemaInvalid, compile_schema
from adapters.contracts.simulated import compile_simulated
from adapters.contracts.templates import Fill, TemplateInvalid, compile_template, expression
from adapters.soap.publishing import reaches_out
from adapters.soap.service import SoapService, open_service
from engine.errors import LienthongError
from engine.exchange.classification import Occasion, Rule
from engine.exchange.ports import Json, Outcome, Repeat, Terms

NAMES = {
    "header": frozenset({"settings", "key", "body"}),
    "request": frozenset({"inputs", "dossier", "call", "settings"}),
    "key": frozenset({"inputs", "dossier", "call", "settings", "body"}),
    "answer": frozenset({"status", "reply", "fault", "text"}),
    "check": frozenset({"settings"}),
    "ask": frozenset({"key", "body"}),
    "asked": frozenset({"key", "body", "reply", "status"}),
    "inbound": frozenset({"body", "settings"}),
    "error": frozenset({"code", "message", "settings"}),
    "poll": frozenset({"keys", "cursor", "settings"}),
    "page": frozenset({"reply", "cursor"}),
    "item": frozenset({"item", "reply", "settings"}),
    "turned": frozenset({"reply", "cursor", "items"}),
    "exchange": frozenset({"report", "dossier", "settings", "outcome", "fault", "reply", "detail"}),
}


class ContractBroken(ValueError):
    """A contract that has the right form and still cannot work; *where* is the path in the file."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where, self.reason = where, reason


def compile_contract(form: shape.Contract, folder: Path, contract_hash: str) -> compiled.Contract:
    """*form* ready for use. Raises: ContractBroken."""
    try:
        return _contract(form, folder, contract_hash)
    except TemplateInvalid as exc:
        raise ContractBroken(exc.where, exc.reason) from exc


def _contract(form: shape.Contract, folder: Path, contract_hash: str) -> compiled.Contract:
    operations = {
        name: _operation(form, name, operation, folder, contract_hash)
        for name, operation in form.operations.items()
    }
    session = form.transport if isinstance(form.transport, shape.Session) else None
    inbound = {name: _inbound(form.partner, folder, name, item) for name, item in form.inbound.items()}
    contract = compiled.Contract(
        partner=form.partner,
        folder=folder,
        form=form,
        hash=contract_hash,
        transport_headers=_expressions(form.transport.headers, "header", "transport.headers"),
        expired=_feel(session.expired, "answer", "transport.expired") if session else None,
        check=_check(form.check) if form.check else None,
        operations=operations,
        inbound=inbound,
        offered=_offered(inbound),
        feeds={name: _feed(name, item) for name, item in form.feeds.items()},
        exchanges={name: _exchange(name, item) for name, item in form.exchanges.items()},
        simulated={n: compile_simulated(n, item) for n, item in form.simulator.operations.items()},
    )
    _check_references(contract)
    _check_descriptions(form, folder)
    return contract


def _check_descriptions(form: shape.Contract, folder: Path) -> None:
    for i, one in enumerate(form.descriptions):
        file = (folder / one.file).resolve()
        if not file.is_relative_to(folder.resolve()) or not file.is_file():
            raise ContractBroken(
                f"descriptions[{i}].file", f"there is no file {one.file} in the partner's folder"
            )


def _operation(
    form: shape.Contract, name: str, operation: shape.Operation, folder: Path, contract_hash: str
) -> compiled.Operation:
    at = f"operations.{name}"
    soap = _soap(form.partner, folder, name, operation.soap, f"{at}.soap") if operation.soap else None
    return compiled.Operation(
        name=name,
        form=operation,
        terms=_terms(form, name, operation, contract_hash),
        headers=_expressions(operation.headers, "header", f"{at}.headers"),
        request=_fill(operation.request, "request", f"{at}.request"),
        dossier_members=members_read("dossier", [operation.request, operation.key]),
        check_request=_schema(operation.request_schema, f"{at}.request_schema"),
        check_reply=_schema(operation.reply_schema, f"{at}.reply_schema"),
        rules=tuple(_rule(rule, f"{at}.classify[{i}]") for i, rule in enumerate(operation.classify)),
        reply=_optional(operation.reply, "answer", f"{at}.reply"),
        key=_feel(operation.key, "key", f"{at}.key") if operation.key else None,
        ask=_ask(operation.ask, f"{at}.ask") if operation.ask else None,
        soap=soap,
    )


def members_read(name: str, templates: object) -> frozenset[str] | None:
    """The members of *name* that the texts in *templates* read; None where one takes it whole.

    It errs on the side of more: a word in a string literal counts too.
    """
    text = json.dumps(templates, ensure_ascii=False)
    members = re.findall(rf"\b{name}\s*\.\s*(\w+)", text)
    return frozenset(members) if len(members) == len(re.findall(rf"\b{name}\b", text)) else None


def _soap(partner: str, folder: Path, name: str, form: shape.Soap, at: str) -> compiled.Soap:
    wsdl = (folder / form.wsdl).resolve()
    if not wsdl.is_relative_to(folder.resolve()) or not wsdl.is_file():
        raise ContractBroken(f"{at}.wsdl", f"there is no file {form.wsdl} in the partner's folder")
    try:
        service = open_service(
            wsdl,
            name=partner,
            folder=folder,
            port=form.port,
            content_type=form.content_type,
            soap_action=form.soap_action,
            qualified=form.qualified,
        )
    except LienthongError as exc:
        raise ContractBroken(f"{at}.wsdl", exc.message) from exc
    called = form.operation or name
    if called not in service.operations:
        raise ContractBroken(
            f"{at}.operation", f"the WSDL offers {', '.join(service.operations)}, not {called}"
        )
    return compiled.Soap(service=service, operation=called)


def _terms(form: shape.Contract, name: str, operation: shape.Operation, contract_hash: str) -> Terms:
    return Terms(
        partner=form.partner,
        operation=name,
        label=form.label,
        repeat=Repeat(operation.repeat),
        ask=operation.ask is not None,
        settle_s=operation.ask.settle_s if operation.ask else 0.0,
        total_timeout_s=operation.total_timeout_s,
        lane_on_refused=operation.on_refused,
        backoff_s=tuple(operation.backoff_s),
        max_attempts=operation.max_attempts,
        window=operation.window,
        faults=tuple(operation.faults),
        contract_hash=contract_hash,
    )


def _rule(rule: shape.Rule, at: str) -> Rule:
    occasion = Occasion.STATUS if rule.status else Occasion.FAULT if rule.soap_fault else Occasion.REPLY
    detail = _feel(rule.detail, "answer", f"{at}.detail") if rule.detail else None
    return Rule(
        when=_feel(rule.when, "answer", f"{at}.when").holds,
        outcome=Outcome(rule.outcome),
        occasion=occasion,
        statuses=frozenset(rule.status),
        fault=rule.fault,
        detail=detail.text_of if detail else None,
    )


def _ask(ask: shape.Ask, at: str) -> compiled.Ask:
    return compiled.Ask(
        operation=ask.operation,
        inputs=_fills(ask.inputs, "ask", f"{at}.inputs"),
        found=_feel(ask.found, "asked", f"{at}.found"),
        reply=_optional(ask.reply, "asked", f"{at}.reply"),
    )


def _check(check: shape.Check) -> compiled.ConnectionCheck:
    return compiled.ConnectionCheck(
        operation=check.operation, inputs=_fills(check.inputs, "check", "check.inputs")
    )


def _check_reads(contract: compiled.Contract) -> None:
    """A test of the connection must change nothing at the partner."""
    if contract.check is None:
        return
    name = contract.check.operation
    _known(name, set(contract.operations), "check.operation")
    asks = {one.ask.operation for one in contract.operations.values() if one.ask}
    reads = asks | {feed.form.operation for feed in contract.feeds.values()}
    if name not in reads and contract.operations[name].form.method != "GET":
        raise ContractBroken(
            "check.operation", f"{name} is no GET, no ask and no feed: it might change something"
        )


def _offered(inbound: Mapping[str, compiled.Inbound]) -> SoapService | None:
    """The one service that the partner's envelopes are read by."""
    services = {name: one.soap.service for name, one in inbound.items() if one.soap is not None}
    found = next(iter(services.values()), None)
    for name, service in services.items():
        if service is not found:
            reason = "what a partner sends by SOAP is of one WSDL and port, with one set of quirks"
            raise ContractBroken(f"inbound.{name}.soap", reason)
        if reaches_out(service.wsdl):
            reason = "it is handed out as one file: put what it imports or includes inside"
            raise ContractBroken(f"inbound.{name}.soap.wsdl", reason)
    return found


def _inbound(partner: str, folder: Path, name: str, form: shape.Inbound) -> compiled.Inbound:
    at = f"inbound.{name}"
    return compiled.Inbound(
        name=name,
        signed=form.signature is not None,
        soap=_soap(partner, folder, name, form.soap, f"{at}.soap") if form.soap else None,
        message=form.message,
        check=_schema(form.request_schema, f"{at}.request_schema"),
        message_id=_feel(form.message_id, "inbound", f"{at}.message_id"),
        key=_feel(form.key, "inbound", f"{at}.key"),
        reference=_reference(form.reference, "inbound", at),
        payload=_optional(form.payload, "inbound", f"{at}.payload"),
        ok=compiled.Reply(status=form.ok.status, body=_fill(form.ok.body, "inbound", f"{at}.ok.body")),
        duplicate=compiled.Reply(
            status=form.duplicate.status, body=_fill(form.duplicate.body, "inbound", f"{at}.duplicate.body")
        ),
        error=compiled.Reply(
            status=form.error.status, body=_fill(form.error.body, "error", f"{at}.error.body")
        ),
    )


def _feed(name: str, form: shape.Feed) -> compiled.Feed:
    at = f"feeds.{name}"
    return compiled.Feed(
        name=name,
        form=form,
        inputs=_fills(form.inputs, "poll", f"{at}.inputs"),
        items=_feel(form.items, "page", f"{at}.items"),
        keep=_feel(form.keep, "item", f"{at}.keep"),
        message_id=_feel(form.message_id, "item", f"{at}.message_id"),
        key=_feel(form.key, "item", f"{at}.key"),
        reference=_reference(form.reference, "item", at),
        payload=_optional(form.payload, "item", f"{at}.payload"),
        cursor=_feel(form.cursor, "turned", f"{at}.cursor") if form.cursor else None,
        more=_feel(form.more, "turned", f"{at}.more") if form.more else None,
    )


def _reference(form: shape.Reference | None, names: str, at: str) -> compiled.Reference | None:
    if form is None:
        return None
    return compiled.Reference(kind=form.kind, value=_feel(form.value, names, f"{at}.reference.value"))


def _exchange(name: str, form: shape.Exchange) -> compiled.Exchange:
    at = f"exchanges.{name}"
    steps = {
        step: compiled.Step(
            operation=item.operation,
            inputs=_fills(item.inputs, "exchange", f"{at}.steps.{step}.inputs"),
            next=_transitions(item.next, f"{at}.steps.{step}.next"),
        )
        for step, item in form.steps.items()
    }
    return compiled.Exchange(
        name=name,
        reports=form.reports,
        dossier_members=members_read("dossier", form.model_dump(mode="json")),
        start=_transitions(form.start, f"{at}.start"),
        steps=steps,
    )


def _transitions(forms: list[shape.Transition], at: str) -> tuple[compiled.Transition, ...]:
    return tuple(
        compiled.Transition(when=_feel(form.when, "exchange", f"{at}[{i}].when"), to=form.to)
        for i, form in enumerate(forms)
    )


def _check_references(contract: compiled.Contract) -> None:
    """Everything that is named must be there."""
    known = set(contract.operations)
    _check_reads(contract)
    for name, operation in contract.operations.items():
        if operation.ask:
            _known(operation.ask.operation, known, f"operations.{name}.ask.operation")
    for name, feed in contract.feeds.items():
        _known(feed.form.operation, known, f"feeds.{name}.operation")
    for name, exchange in contract.exchanges.items():
        _check_exchange(f"exchanges.{name}", exchange, known)
    for name, simulated in contract.simulated.items():
        _known(name, known, f"simulator.operations.{name}")
        for later in simulated.later:
            if later.form.message is not None:
                _known(later.form.message, set(contract.inbound), f"simulator.operations.{name}.later")
    if sum(exchange.reports for exchange in contract.exchanges.values()) > 1:
        raise ContractBroken("exchanges", "only one of them can carry the reports")


def _known(name: str, known: set[str], at: str) -> None:
    if name not in known:
        raise ContractBroken(at, f"there is no {name}")


def _check_exchange(at: str, exchange: compiled.Exchange, known: set[str]) -> None:
    targets = {transition.to for transition in exchange.start}
    for name, step in exchange.steps.items():
        _known(step.operation, known, f"{at}.steps.{name}.operation")
        targets |= {transition.to for transition in step.next}
    missing = targets - set(exchange.steps) - {"end"}
    if missing:
        raise ContractBroken(at, f"no step {min(missing)}")
    unused = set(exchange.steps) - targets
    if unused:
        raise ContractBroken(at, f"step {min(unused)} is never reached")


def _feel(text: str, names: str, at: str) -> Expression:
    return expression(text, NAMES[names], at)


def _fill(template: object, names: str, at: str) -> Fill:
    return compile_template(template, NAMES[names], at)  # type: ignore[arg-type]  # JsonValue is our Json


def _optional(template: object, names: str, at: str) -> Fill | None:
    return None if template is None else _fill(template, names, at)


def _fills(templates: Mapping[str, object], names: str, at: str) -> dict[str, Fill]:
    return {name: _fill(template, names, f"{at}.{name}") for name, template in templates.items()}


def _expressions(texts: Mapping[str, str], names: str, at: str) -> dict[str, Expression]:
    return {name: _feel(text, names, f"{at}.{name}") for name, text in texts.items()}


def _schema(schema: Mapping[str, object], at: str) -> Check:
    try:
        return compile_schema(_json(schema))
    except SchemaInvalid as exc:
        raise ContractBroken(at, str(exc)) from exc


def _json(value: Mapping[str, object]) -> Mapping[str, Json]:
    return value  # type: ignore[return-value]  # JsonValue is our Json
