"""Whether what was begun at an element is what another version's element of the same id would have begun.

Each difference is a code; what comes after the element (outputs, where its flows lead) is nobody's business here, and of a
parked token nothing is open but its incident: a retry begins anew, by whatever the element says then.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from SpiffWorkflow.util.task import TaskState

from engine.exchange.ports import Json
from engine.runtime.elements.activities import ServiceTask, UserTask
from engine.runtime.elements.containers import Container
from engine.runtime.elements.element import Element
from engine.runtime.elements.events import CatchEvent, EventGateway
from engine.runtime.elements.loops import LoopTask
from engine.runtime.marking import waits_at_join
from engine.runtime.model import Model
from engine.runtime.scopes import AnyScope, ScopeSpec
from engine.runtime.token import ARMED, Token


def placed(one: Element, other: Element | None, inner: "AnyScope | None", model: Model) -> Iterator[str]:
    """Whether *other* is an element of the same kind at all, with the same inside where *inner* is open."""
    if other is None:
        yield "step-gone"
    elif type(one) is not type(other) or one.node.type != other.node.type:
        yield "kind-changed"
    elif inner is not None and (
        inner.spec.key != getattr(other, "inside", "") or inner.spec.key not in model.scopes
    ):
        yield "inside-changed"


def watchers(spec: ScopeSpec) -> dict[str, object]:
    """The event sub-processes that are armed when the scope is opened, and by what."""
    return {one.id: _event(one) for one in spec.watchers if one.waits}


def differing(here: Token, there: Token) -> Iterator[str]:
    """What differs of the same stored token, read as one of each of two versions."""
    one, other = here.element, there.element
    if waits_at_join(there) and there.flow not in other.flows_in:
        yield "flow-gone"
    if here.stage == ARMED and _boundaries(one) != _boundaries(other):
        yield "watch-changed"
    if here.stage and _entering(one) != _entering(other):
        yield "entering-changed"
    parked = here.state == TaskState.ERROR and not here.host
    if isinstance(one, LoopTask) and (not parked or here.notes.get("round")) and one.loop != other.loop:
        yield "loop-changed"
    if parked:
        return
    if _event(one) != _event(other):
        yield "event-changed"
    if isinstance(one, Container) and _inputs(one) != _inputs(other):
        yield "inputs-changed"
    yield from _asked(here, there)


def _asked(here: Token, there: Token) -> Iterator[str]:
    """What was asked of a partner, of a person, or of whatever comes first."""
    one, other = here.element, there.element
    if isinstance(one, ServiceTask):
        if (one.node.binding.service, _inputs(one)) != (other.node.binding.service, _inputs(other)):
            yield "call-changed"
        if _faults(here) != _faults(there):
            yield "faults-changed"
    elif isinstance(one, UserTask):
        form = one.node.binding.form
        if _work(one) != _work(other):
            yield "work-changed"
        elif form in _forms(here) and form not in _forms(there):
            yield "form-gone"
    elif isinstance(one, EventGateway) and _choices(one) != _choices(other):
        yield "choices-changed"


def _forms(token: Token) -> Mapping[str, Json]:
    return token.instance.model.deployment.forms


def _event(element: Element) -> object:
    node = element.node
    interrupting = getattr(element, "interrupting", node.interrupting)
    triggers = tuple(replace(one, line=0) for one in element.triggers)
    return triggers, interrupting, node.all_triggers, node.host


def _boundaries(element: Element) -> dict[str, object]:
    return {one.id: _event(one) for one in element.boundaries}


def _entering(element: Element) -> object:
    """What the dossier took over when the token came: its status, and what the legal clock does."""
    return element.status, element.clock, element.reason, element.ground


def _inputs(element: Element) -> list[tuple[str, str]]:
    return [(one.source, one.target) for one in element.node.binding.inputs]


def _work(element: Element) -> object:
    return element.node.binding.groups, element.node.binding.form, _inputs(element)


def _choices(element: Element) -> set[str]:
    return {out.target.id for out in element.outs if isinstance(out.target, CatchEvent)}


def _faults(token: Token) -> set[str]:
    return {handler.code or "*" for handler in token.instance.catches(token, "error")}
