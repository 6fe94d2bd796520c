"""Tasks: calls to partners, work for people, FEEL scripts, and plain ones.

A call or a work item only becomes a change; whoever applies the event writes it down. Nothing is sent from
here.
"""

from typing import TYPE_CHECKING

from engine.exchange.ports import Json
from engine.models.expressions import Names, compiled
from engine.models.graph import Node
from engine.runtime.elements.element import NOTHING, Element
from engine.runtime.progress import CallOpened, CallSettled, Happening, WorkItemDone, WorkItemOpened
from engine.runtime.token import Token

if TYPE_CHECKING:
    from engine.runtime.scopes import ScopeSpec


class ServiceTask(Element):
    """A call of ``<partner>.<operation>`` that is answered from outside."""

    calls = True
    passes = False

    def __init__(self, scope: "ScopeSpec", node: Node, names: Names) -> None:
        super().__init__(scope, node, names)
        self.partner, _, self.operation = (node.binding.service or "").partition(".")

    def act(self, token: Token) -> bool | None:
        inputs = self.read_inputs(token)
        faults = {handler.code or "*" for handler in token.instance.catches(token, "error")}
        token.opened = True
        token.instance.turn.changes.append(
            CallOpened(
                task=token.id,
                element=self.id,
                partner=self.partner,
                operation=self.operation,
                inputs=inputs,
                faults=tuple(sorted(faults)),
            )
        )
        return None

    def resume(self, token: Token, happening: Happening) -> bool:
        if not isinstance(happening, CallSettled) or token.fault is not None:
            return False
        if happening.fault is None:
            self.conclude(token, "reply", happening.reply)
            return True
        token.instance.close(token, completed=True)
        facts: dict[str, Json] = {
            "code": happening.fault,
            "message": happening.message,
            "reply": happening.reply,
        }
        if not token.instance.throw(token, "error", happening.fault, facts):
            token.instance.park(token, happening.fault, happening.message or "the partner refused")
        return True


class UserTask(Element):
    """A work item for a role; done from outside."""

    passes = False

    def act(self, token: Token) -> bool | None:
        given = self.read_inputs(token)
        token.opened = True
        token.instance.turn.changes.append(
            WorkItemOpened(
                task=token.id,
                element=self.id,
                name=self.node.name,
                groups=self.node.binding.groups,
                form=self.node.binding.form,
                given=given,
            )
        )
        return None

    def resume(self, token: Token, happening: Happening) -> bool:
        if not isinstance(happening, WorkItemDone) or token.fault is not None:
            return False
        self.conclude(token, "form", dict(happening.data))
        return True


class PlainTask(Element):
    """A task that nobody does: it passes, mapping its outputs on the way."""

    def act(self, token: Token) -> bool | None:
        if super().act(token) is None:
            return None
        self.map_outputs(token, NOTHING)
        return True


class DecisionTask(Element):
    """A DMN decision of the same deployment; it reads the inputs, or every variable where there are none."""

    def act(self, token: Token) -> bool | None:
        if super().act(token) is None:
            return None
        binding, turn = self.node.binding, token.instance.turn
        values = self.read_inputs(token) if self.maps_in else token.variables.values
        found = token.instance.model.decide(
            binding.decision or "", turn.context(values, NOTHING), turn.moment
        )
        if binding.result:
            self.assign(token, {binding.result: found})
        self.map_outputs(token, {"result": found})
        return True


class ScriptTask(Element):
    """A FEEL expression whose value becomes a variable."""

    def __init__(self, scope: "ScopeSpec", node: Node, names: Names) -> None:
        super().__init__(scope, node, names)
        self.expression = compiled(node.binding.script or "=null", names)
        self.target = node.binding.result

    def act(self, token: Token) -> bool | None:
        if super().act(token) is None:
            return None
        value = token.instance.turn.json(self.expression, token.variables.values, self.read_inputs(token))
        if self.target:
            self.assign(token, {self.target: value})
        self.map_outputs(token, NOTHING)
        return True
