"""Exchanges: which call comes next, by the contract's transitions over the answer to the one before.

Pure: it calls nobody and stores nothing; each step is a call of its own that the engine writes.
"""

from collections.abc import Mapping, Sequence

from adapters.calling import members
from adapters.contracts.compiled import Contract, Exchange, Transition
from engine.errors import ComposeFailed, FeelError, OperationUnknown
from engine.exchange.ports import Answer, Json, NextCall, Outcome

END = "end"


def next_call(
    contract: Contract,
    settings: Mapping[str, Json],
    name: str,
    *,
    step: str | None,
    answer: Answer | None,
    report: Mapping[str, Json],
    dossier: Mapping[str, Json],
) -> NextCall | None:
    """The call after *step* given its *answer*; None when the exchange is over.

    A call that was found to have happened after all counts as `ok`. Where no transition holds, it is over: what an
    answer means for the lane is settled before anybody asks here.

    Raises:
        OperationUnknown: no exchange or step of that name.
        ComposeFailed: the inputs of the next step cannot be built.
    """
    exchange = contract.exchanges.get(name)
    if exchange is None:
        raise OperationUnknown(partner=contract.partner, operation=name)
    scope: dict[str, Json] = {
        "report": dict(report),
        "dossier": members(dossier, exchange.dossier_members),
        "settings": dict(settings),
        "outcome": _outcome(answer) if answer else None,
        "fault": answer.fault if answer else None,
        "reply": answer.reply if answer else None,
        "detail": answer.detail if answer else None,
    }
    try:
        target = _target(_transitions(contract, exchange, step), scope)
        if target == END:
            return None
        following = exchange.steps[target]
        inputs = {member: fill(scope) for member, fill in following.inputs.items()}
    except FeelError as exc:
        raise ComposeFailed(partner=contract.partner, operation=name, reason=exc.message) from exc
    return NextCall(step=target, operation=following.operation, inputs={"report": dict(report), **inputs})


def _outcome(answer: Answer) -> str:
    return Outcome.OK.value if answer.outcome is Outcome.FOUND else answer.outcome.value


def _transitions(contract: Contract, exchange: Exchange, step: str | None) -> Sequence[Transition]:
    if step is None:
        return exchange.start
    if step not in exchange.steps:
        raise OperationUnknown(partner=contract.partner, operation=f"{exchange.name}.{step}")
    return exchange.steps[step].next


def _target(transitions: Sequence[Transition], scope: Mapping[str, Json]) -> str:
    for transition in transitions:
        if transition.when.holds(scope):
            return transition.to
    return END
