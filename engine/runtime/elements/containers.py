"""Elements with an inside: sub-processes, transactions, called processes and event sub-processes."""

from typing import TYPE_CHECKING

from SpiffWorkflow.util.task import TaskState

from engine.exchange.ports import Json
from engine.models.expressions import Names
from engine.models.graph import Node, Trigger
from engine.runtime.elements.element import Element
from engine.runtime.elements.waiting import Wait, trigger_of
from engine.runtime.progress import Change, Happening
from engine.runtime.scopes import InnerScope
from engine.runtime.token import Token
from engine.runtime.variables import EMPTY, Variables, merged

if TYPE_CHECKING:
    from engine.runtime.instance import Instance
    from engine.runtime.scopes import AnyScope, ScopeSpec


class Container(Element):
    """A sub-process: opens a scope of its own and goes on when that has ended."""

    passes = False

    def __init__(self, scope: "ScopeSpec", node: Node, names: Names, inside: str) -> None:
        super().__init__(scope, node, names)
        self.inside = inside

    def act(self, token: Token) -> bool | None:
        self.open(token, self.given(token))
        return None

    def given(self, token: Token) -> Variables:
        """What the inside begins with: everything, and the inputs."""
        inputs = self.read_inputs(token)
        return self._with(token, token.variables, inputs)

    def open(self, token: Token, given: Variables, *, begin: bool = True) -> None:
        """Start the inside."""
        instance = token.instance
        scope = InnerScope(instance.model.scopes[self.inside], token, instance)
        instance.turn.budget.check("levels", scope.depth, instance.turn.budget.limits.depth)
        instance.subprocesses[token.id] = scope
        scope.given = given
        token._set_state(TaskState.STARTED)
        if begin:
            instance.open(scope, given)

    def inner_done(self, token: Token, given: Variables, result: Variables) -> None:
        self.take_back(token, result)
        token.complete()

    def take_back(self, token: Token, result: Variables) -> None:
        """Outputs are taken if there are any, else every variable but the inputs.

        Raises:
            FeelError: an output's expression; the result is kept for a retry.
        """
        if self.maps_out:
            token.notes["came"] = ["inside", dict(result.values)]
            self.map_outputs(token, dict(result.values))
            del token.notes["came"]
        else:
            token.variables = merged((token.variables, result.without(one.target for one in self.maps_in)))

    def retry(self, token: Token) -> None:
        came = token.notes.get("came")
        if isinstance(came, list) and isinstance(came[1], dict):
            token._set_state(TaskState.STARTED)
            self.map_outputs(token, dict(came[1]))
            del token.notes["came"]
            token.complete()
            return
        super().retry(token)

    def _with(self, token: Token, base: Variables, pairs: dict[str, Json]) -> Variables:
        if not pairs:
            return base
        token.instance.stamp += 1
        return base.assigned(pairs, token.instance.stamp)


class CallActivity(Container):
    """Another process of the same deployment, run inside this one."""

    def given(self, token: Token) -> Variables:
        base = token.variables if self.node.binding.pass_all else EMPTY
        child: ScopeSpec = token.instance.model.scopes[self.inside]
        return self._with(token, base, self.read_inputs(token)).over(child.blank)

    def take_back(self, token: Token, result: Variables) -> None:
        if self.maps_out or self.node.binding.take_all:
            super().take_back(token, result)


class EventSubProcess(Container):
    """A sub-process that its start event's trigger opens while the scope around it runs."""

    def __init__(self, scope: "ScopeSpec", node: Node, names: Names, inside: str) -> None:
        super().__init__(scope, node, names, inside)
        start = (
            next(one for one in node.inner.nodes.values() if one.type == "startEvent") if node.inner else node
        )
        self.triggers = start.triggers
        self.interrupting = start.interrupting
        self.waits = tuple(
            Wait(one, names) for one in start.triggers if one.kind not in ("error", "escalation")
        )
        self.conditional = any(one.kind == "conditional" for one in start.triggers)

    def watch(self, instance: "Instance", scope: "AnyScope", variables: Variables) -> None:
        """Wait for the trigger beside the tokens of *scope*."""
        if not self.waits:
            return
        token = instance.spawn(scope, self, variables, host=f"scope:{scope.key}")
        token._set_state(TaskState.WAITING)
        instance.guarded(token, self._prepare, token)

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
        self._begin(token.instance, token.scope, token, {"message": payload})

    def handle(self, instance: "Instance", host: Token, scope: "AnyScope", facts: dict[str, Json]) -> None:
        token = instance.spawn(scope, self, host.variables)
        self._begin(instance, scope, token, {"error": facts})

    def given(self, token: Token) -> Variables:
        return token.variables

    def _prepare(self, token: Token) -> None:
        changes = [wait.prepare(token, self.id) for wait in self.waits]
        told = [change for change in changes if change is not None]
        token.opened = bool(told)
        token.instance.turn.changes.extend(told)

    def _begin(self, instance: "Instance", scope: "AnyScope", token: Token, came: dict[str, Json]) -> None:
        token.host = ""
        if self.interrupting:
            for other in list(scope.tasks.values()):
                if other is not token:
                    instance.cancel_token(other)
        else:
            self._rearm(instance, scope, token)
        instance.close(token, completed=True)
        instance.stamp += 1
        token.variables = token.variables.assigned(came, instance.stamp)
        token._set_state(TaskState.FUTURE)
        token._ready()

    def _rearm(self, instance: "Instance", scope: "AnyScope", fired: Token) -> None:
        for wait in self.waits:
            if wait.trigger.kind == "conditional":
                continue
            token = instance.spawn(scope, self, fired.variables, host=f"scope:{scope.key}")
            token._set_state(TaskState.WAITING)
            if wait.trigger.kind == "timer":
                change: Change | None = wait.again(token, self.id, fired.notes, instance.turn)
                if change is None:
                    instance.drop(token)
                    continue
            else:
                change = wait.prepare(token, self.id)
            if change is not None:
                token.opened = True
                instance.turn.changes.append(change)
