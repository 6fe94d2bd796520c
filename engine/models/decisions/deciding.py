"""Ask a DMN model for a decision or a decision service, and get the result with its trace and warnings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from engine.errors import DecisionUnknown
from engine.feel.compiled_calls import invoke
from engine.feel.runtime import DEFAULT_LIMITS, TOO_DEEP, Limits, Run, Warning_, WorkingCalendar
from engine.feel.values import with_items
from engine.models.decisions.elements import Node
from engine.models.decisions.graph import Deciding, Model, together
from engine.models.decisions.reading import read


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision's result, how it came about (inputs, matched rules, results of decisions), and what went wrong."""

    value: object
    trace: tuple[object, ...]
    warnings: tuple[Warning_, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an evaluation may use beside its inputs."""

    clock: Callable[[], datetime] | None = None
    calendar: WorkingCalendar | None = None
    limits: Limits = DEFAULT_LIMITS
    strict: bool = False


NOTHING = Surroundings()


@lru_cache(maxsize=64)
def load(model: bytes, imports: tuple[bytes, ...] = ()) -> Model:
    """A model with those it imports, compiled as far as it was used; kept for the next question.

    Raises:
        ModelUnreadable: a file is no DMN.
    """
    return together([read(data) for data in (model, *imports)])[0]


def explain(
    model: Model,
    name: str,
    inputs: Mapping[str, object],
    *,
    kind: str = "decision",
    surroundings: Surroundings = NOTHING,
    takes_decisions: bool = False,
) -> Decided:
    """The result of a decision (or `decisionService`) for these inputs, with its trace and warnings.

    With *takes_decisions* an input of the name of a required decision stands for its result.

    Raises:
        DecisionUnknown: the model has none of that name and kind.
        FeelError: a budget is used up; in strict mode any error.
    """
    warnings: list[Warning_] = []
    run = Run(
        name,
        surroundings.clock,
        surroundings.calendar,
        surroundings.strict,
        warnings.append,
        surroundings.limits,
    )
    run.trace = []
    node = _find(model, name, kind)
    try:
        value = (
            _service(model, node, inputs, run)
            if kind == "decisionService"
            else Deciding(run, inputs, model, takes_decisions).asked_for(model, node)
        )
    except RecursionError:
        run.exceeded(TOO_DEEP)
    return Decided(value=with_items(value), trace=tuple(run.trace), warnings=tuple(warnings))


def decide(
    model: bytes,
    name: str,
    inputs: Mapping[str, object],
    *,
    imports: Sequence[bytes] = (),
    kind: str = "decision",
) -> object:
    """The result of the decision *name*, or with *kind* `decisionService` of that service, for these inputs.

    Inputs may hold the results of required decisions. The computer's clock answers `now()` and `today()`; `explain`
    takes any other.

    Raises:
        ModelUnreadable: a file is no DMN.
        DecisionUnknown: the model has none of that name and kind.
        FeelError: a budget is used up.
    """
    surroundings = Surroundings(clock=lambda: datetime.now(UTC))
    loaded = load(model, tuple(imports))
    return explain(loaded, name, inputs, kind=kind, surroundings=surroundings, takes_decisions=True).value


def _find(model: Model, name: str, kind: str) -> Node:
    found = [node for node in model.definitions.named(name) if kind in ("decision", node.kind)]
    if not found:
        known = [node.name for node in model.definitions.nodes.values() if node.kind == kind]
        raise DecisionUnknown(decision=name, kind=kind, known=", ".join(known[:20]))
    return found[0]


def _service(model: Model, node: Node, inputs: Mapping[str, object], run: Run) -> object:
    service = Deciding(run, inputs).service(model, node, direct=True)
    for name in service.params:
        if name not in inputs:
            run.fault(0, f"the input {name} is missing", "missing")
    return invoke(run, service, [inputs.get(name) for name in service.params], None)
