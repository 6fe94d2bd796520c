"""Start, intermediate and end events, receive tasks, and the event-based gateway."""

from typing import TYPE_CHECKING

from SpiffWorkflow.util.task import TaskState

from engine.errors import FeelError
from engine.exchange.ports import Json
from engine.models.expressions import Names
from engine.models.graph import Node, Trigger
from engine.runtime.elements.element import Element
from engine.runtime.elements.waiting import Wait, trigger_of
from engine.runtime.progress import Happening
from engine.runtime.token import Token

if TYPE_CHECKING:
    from engine.runtime.scopes import ScopeSpec


class StartEvent(Element):
    """Where a scope begins; whatever would trigger it has come when the scope is opened."""


class CatchEvent(Element):
    """A receive task or intermediate catch event: waits for its triggers, one of them or all."""

    passes = False

    def __init__(self, scope: "ScopeSpec", node: Node, names: Names) -> None:
        super().__init__(scope, node, names)
        self.waits = tuple(Wait(trigger, names) for trigger in node.triggers)
        self.conditional = any(trigger.kind == "conditional" for trigger in node.triggers)
        self.passes = not node.triggers

    def act(self, token: Token) -> bool | None:
        if not self.waits:
            return True
        for wait in self.waits:
            change = wait.prepare(token, self.id)
            if change is not None:
                token.opened = True
                token.instance.turn.changes.append(change)
        token._set_state(TaskState.WAITING)
        return None

    def resume(self, token: Token, happening: Happening) -> bool:
        found = trigger_of(happening, self.waits)
        if found is None or token.state != TaskState.WAITING:
            return False
        self.fire(token, *found)
        return True

    def fire(self, token: Token, trigger: Trigger, payload: Json = None) -> None:
        if self.node.all_triggers and not self._all_came(token, trigger):
            return
        if token.host:  # the choice of an event-based gateway
            gateway = token.instance.tokens[token.host]
            gateway.element.chosen(gateway, token)
            self.enter(token)
        self.conclude(token, "message", payload)

    def meet(self, token: Token) -> None:
        for wait in self.waits:
            if wait.trigger.kind == "conditional" and wait.met(token):
                self.fire(token, wait.trigger)
                return

    def _all_came(self, token: Token, trigger: Trigger) -> bool:
        came = token.notes.setdefault("triggers", [])
        index = self.triggers.index(trigger)
        if isinstance(came, list) and index not in came:
            came.append(index)
        return isinstance(came, list) and len(came) == len(self.triggers)


class ThrowEvent(Element):
    """An intermediate throw or end event: causes its triggers, then goes on or ends."""

    def __init__(self, scope: "ScopeSpec", node: Node, names: Names) -> None:
        super().__init__(scope, node, names)
        self.throws = any(trigger.kind == "signal" for trigger in node.triggers)

    def leave(self, token: Token) -> None:
        instance = token.instance
        self.done(token)
        kinds = {trigger.kind for trigger in self.triggers}
        for trigger in self.triggers:
            if trigger.kind == "signal" and trigger.name:
                instance.signal(trigger.name)
            elif trigger.kind == "escalation":
                instance.throw(token, "escalation", trigger.code, {"code": trigger.code})
        if token.id not in instance.tokens:  # what it caused has ended its own scope
            return
        instance.drop(token)
        if "terminate" in kinds:
            instance.ends(token)
            for other in list(token.scope.tasks.values()):
                instance.cancel_token(other)
            return
        if not self.outs:
            instance.ends(token)
        for out in self.outs:
            instance.go(out, token.scope, token.variables)


class ErrorEnd(Element):
    """An end event that throws an error, or cancels its transaction; nobody catching it is a model error."""

    def act(self, token: Token) -> bool | None:
        trigger = self.triggers[0]
        instance, turn = token.instance, token.instance.turn
        code = trigger.code or ""
        if instance.handler_for(token, trigger.kind, trigger.code) is None:
            instance.park(token, code or trigger.kind, f"no boundary event catches {trigger.kind} `{code}`")
            return None
        turn.changes.append(self.step(token, "completed"))
        if turn.trace is not None:
            turn.trace(self.id)
        token.stage = 0
        instance.throw(token, trigger.kind, trigger.code, {"code": code, "message": self.node.name})
        return None

    def skip(self, token: Token, data: dict[str, Json]) -> bool:
        """Ends without the error."""
        self.assign(token, data)
        token.complete()
        return True


class EventGateway(Element):
    """Waits for the first of the events behind it; one token stands at each, so that two timers are two timers."""

    def act(self, token: Token) -> bool | None:
        instance, scope = token.instance, token.scope
        waiting = []
        for out in self.outs:
            event = out.target
            if isinstance(event, CatchEvent):
                choice = instance.spawn(scope, event, token.variables, flow=out.id, host=token.id)
                waiting.append(choice)
        try:
            for choice in waiting:
                choice.element.act(choice)
        except FeelError:
            for choice in waiting:
                instance.close(choice, completed=False)
                instance.drop(choice)
            raise
        return None

    def chosen(self, token: Token, choice: Token) -> None:
        """*choice* has come: the gateway is left, the other choices are over."""
        choice.host = ""
        token.instance.unwatch(token)
        self.done(token)
        token.instance.drop(token)

    def skip(self, token: Token, data: dict[str, Json]) -> bool:
        return False
