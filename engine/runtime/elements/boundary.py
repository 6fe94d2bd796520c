"""Boundary events: they watch over an activity while its token is there.

Timers, messages, signals and conditions are armed when the host is entered. Errors, escalations and cancels
are not: they are handed over when they are thrown.
"""

from typing import TYPE_CHECKING

from SpiffWorkflow.util.task import TaskState

from engine.exchange.ports import Json
from engine.models.expressions import Names
from engine.models.graph import Node, Trigger
from engine.runtime.elements.element import Element
from engine.runtime.elements.waiting import Wait, trigger_of
from engine.runtime.progress import Change, Happening
from engine.runtime.token import Token

if TYPE_CHECKING:
    from engine.runtime.instance import Instance
    from engine.runtime.scopes import AnyScope, ScopeSpec

THROWN = frozenset(("error", "escalation", "cancel"))


class Boundary(Element):
    """A boundary event; its token waits beside the host's."""

    def __init__(self, scope: "ScopeSpec", node: Node, names: Names) -> None:
        super().__init__(scope, node, names)
        self.waits = tuple(Wait(trigger, names) for trigger in node.triggers if trigger.kind not in THROWN)
        self.conditional = any(trigger.kind == "conditional" for trigger in node.triggers)

    def watch(self, host: Token) -> None:
        """Begin to watch over *host*.

        Raises:
            FeelError: a timer's or key's expression; nothing is armed then.
        """
        if any(one.task_spec is self and one.host == host.id for one in host.scope.tasks.values()):
            return
        instance = host.instance
        token = instance.spawn(host.scope, self, host.variables, host=host.id)
        token._set_state(TaskState.WAITING)
        try:
            changes = [wait.prepare(token, self.id) for wait in self.waits]
        except Exception:
            instance.drop(token)
            raise
        told = [change for change in changes if change is not None]
        token.opened = bool(told)
        instance.turn.changes.extend(told)

    def resume(self, token: Token, happening: Happening) -> bool:
        found = trigger_of(happening, self.waits)
        if found is None or token.state != TaskState.WAITING:
            return False
        self.fire(token, *found)
        return True

    def meet(self, token: Token) -> None:
        if any(wait.trigger.kind == "conditional" and wait.met(token) for wait in self.waits):
            self.fire(token, self.triggers[0])

    def fire(self, token: Token, trigger: Trigger, payload: Json = None) -> None:
        instance = token.instance
        host = instance.tokens.get(token.host)
        if host is None:
            return
        token.variables = host.variables
        if self.node.interrupting:
            token.host = ""
            instance.cancel_token(host)
        else:
            token.host = ""
            self._rearm(token, host, trigger)
        self.enter(token)
        self.conclude(token, "message", payload)

    def handle(self, instance: "Instance", host: Token, scope: "AnyScope", facts: dict[str, Json]) -> None:
        variables = host.variables
        if self.node.interrupting:
            instance.cancel_token(host)
        token = instance.spawn(scope, self, variables)
        instance.guarded(token, self._caught, token, facts)

    def _caught(self, token: Token, facts: dict[str, Json]) -> None:
        self.enter(token)
        self.conclude(token, "error", facts)

    def _rearm(self, fired: Token, host: Token, trigger: Trigger) -> None:
        """A non-interrupting event may come again: messages, signals always, timers while their cycle lasts."""
        instance = host.instance
        wait = next(wait for wait in self.waits if wait.trigger is trigger)
        if trigger.kind == "conditional":
            return
        token = instance.spawn(host.scope, self, host.variables, host=host.id)
        token._set_state(TaskState.WAITING)
        if trigger.kind == "timer":
            change: Change | None = wait.again(token, self.id, fired.notes, instance.turn)
            if change is None:
                instance.drop(token)
                return
        else:
            change = wait.prepare(token, self.id)
        if change is not None:
            token.opened = True
            instance.turn.changes.append(change)
