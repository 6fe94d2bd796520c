"""Moving a token by hand: where tokens stand that may be moved, where to, and the move itself.

A token moves within its own scope only: out of a sub-process one moves the token that stands at the sub-process. Whether it is
right that steps are left out or done again is for people to say; a join that starves because of it is told as always.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from SpiffWorkflow.util.task import TaskState

from engine.models.deployment import Deployment
from engine.runtime import state
from engine.runtime.elements.element import Element
from engine.runtime.instance import Instance
from engine.runtime.model import model_of
from engine.runtime.progress import Moved
from engine.runtime.token import Token

_RESTING = (TaskState.WAITING, TaskState.STARTED, TaskState.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A token that may be moved.

    *targets*: element → its label, in the order of the model; *ends*: the tasks that end with the token, its own among them.
    """

    task: str
    element: str
    name: str
    targets: Mapping[str, str]
    ends: tuple[str, ...]


def stands(deployment: Deployment, stored: bytes) -> list[Stand]:
    """Where the tokens of a stored instance stand and where each may go.

    Raises:
        StateUnreadable: written by a newer version.
    """
    instance = state.read(model_of(deployment), stored)
    return [_stand(instance, token) for token in instance.tokens.values() if _movable(token)]


def move(instance: Instance, token: Token, moved: Moved) -> bool:
    """End *token* with all that is open for it and begin at the target, with its variables; False where that is not so."""
    target = token.scope.spec.elements.get(moved.target)
    if token.element.id != moved.origin or not _movable(token) or target is None or not _enterable(target):
        return False
    scope, variables = token.scope, token.variables
    instance.cancel_token(token)
    begun = instance.spawn(scope, target, variables)
    instance.guarded(begun, target._update, begun)
    return True


def _movable(token: Token) -> bool:
    """Boundary events and the choices of a gateway go with what they watch over."""
    own = not token.host and not token.element.node.synthetic
    return own and token.state in _RESTING and any(map(_enterable, token.scope.spec.elements.values()))


def _enterable(element: Element) -> bool:
    """What people know as a step, and a sequence flow leads to."""
    return element.shown and bool(element.flows_in)


def _stand(instance: Instance, token: Token) -> Stand:
    elements: Mapping[str, Element] = token.scope.spec.elements
    return Stand(
        task=token.id,
        element=token.element.id,
        name=token.element.node.name or token.element.id,
        targets={one.id: one.node.name or one.id for one in elements.values() if _enterable(one)},
        ends=tuple(one.id for one in _with(instance, token)),
    )


def _with(instance: Instance, token: Token) -> Iterator[Token]:
    """*token*, what watches over it and what is inside it."""
    yield token
    yield from (one for one in token.scope.tasks.values() if one.host == token.id and one is not token)
    inner = instance.subprocesses.get(token.id)
    if inner is not None:
        for one in inner.tasks.values():
            if not one.host:
                yield from _with(instance, one)
