"""Gateways: where tokens part and meet.

Conditions must be true or false; anything else parks the token. A join takes one token from each incoming
flow and merges their variables; the inclusive one also goes on when no other token can reach it any more.
"""

from collections.abc import Sequence

from SpiffWorkflow.util.task import TaskState

from engine.errors import FeelError
from engine.exchange.ports import Json
from engine.runtime.elements.element import NOTHING, Element, Out
from engine.runtime.token import Token
from engine.runtime.variables import merged
from engine.runtime.wording import sort_of


class Gateway(Element):
    """What diverging gateways share."""

    def holds(self, token: Token, out: Out) -> bool:
        """Whether the condition of *out* is true.

        Raises:
            FeelError: it fails, or is neither true nor false.
        """
        if out.condition is None:
            return True
        value = token.instance.turn.json(out.condition, token.variables.values, NOTHING)
        if isinstance(value, bool):
            return value
        raise FeelError(
            expression=out.condition.text[1:],
            reason=f"the condition of {out.id} is {sort_of(value)}, not true or false",
        )

    def take(self, token: Token, outs: Sequence[Out]) -> None:
        """Leave along *outs* only."""
        self.done(token)
        token.instance.drop(token)
        for out in outs:
            token.instance.go(out, token.scope, token.variables)

    def none_holds(self) -> FeelError:
        conditions = "; ".join(out.condition.text[1:] for out in self.outs if out.condition)
        return FeelError(
            expression=conditions, reason=f"no condition of {self.id} is true and it has no default"
        )

    def skip(self, token: Token, data: dict[str, Json]) -> bool:
        """Goes on along ``data["flow"]``, or along the default flow."""
        wanted = data.pop("flow", None)
        outs = [out for out in self.outs if (out.id == wanted if wanted else out.default)]
        if not outs:
            return False
        self.assign(token, data)
        token._set_state(TaskState.COMPLETED)
        self.take(token, outs)
        return True


class ExclusiveGateway(Gateway):
    """The first flow whose condition is true, in the order of the model; else the default."""

    def act(self, token: Token) -> bool | None:
        chosen = next((out for out in self.outs if not out.default and self.holds(token, out)), None)
        chosen = chosen or next((out for out in self.outs if out.default), None)
        if chosen is None and self.outs:
            raise self.none_holds()
        token.notes["flow"] = chosen.id if chosen else None
        return True

    def _on_complete(self, token: Token) -> None:
        if not self.outs:
            self.leave(token)
            return
        wanted = token.notes.get("flow")
        self.take(token, [out for out in self.outs if out.id == wanted])


class Join(Gateway):
    """A gateway that may have to wait for other tokens."""

    def arrive(self, token: Token) -> bool:
        if not self.joins:
            return True
        token._set_state(TaskState.WAITING)
        return self.ready(token)

    def ready(self, token: Token) -> bool:
        """Whether *token* completes the join; takes the others in if so."""
        firsts = self.arrived(token)
        if len(firsts) < len(self.flows_in):
            return False
        self.take_in(token, firsts)
        return True

    def arrived(self, token: Token) -> dict[str, Token]:
        """The first waiting token of each incoming flow."""
        found: dict[str, Token] = {}
        for other in token.scope.tasks.values():
            if other.task_spec is self and other.state == TaskState.WAITING:
                found.setdefault(other.flow or "", other)
        return found

    def take_in(self, token: Token, firsts: dict[str, Token]) -> None:
        """*token* goes on for all of *firsts*."""
        token.variables = merged(one.variables for one in firsts.values())
        for other in firsts.values():
            if other is not token:
                token.instance.drop(other)

    def missing(self, token: Token) -> Sequence[str]:
        arrived = self.arrived(token)
        return [flow for flow in self.flows_in if flow not in arrived]

    def retry(self, token: Token) -> None:
        if token.stage:
            super().retry(token)
            return
        token._set_state(TaskState.WAITING)
        if self.ready(token):
            token._ready()

    def skip(self, token: Token, data: dict[str, Json]) -> bool:
        """Goes on with the tokens that are there."""
        self.assign(token, data)
        token._set_state(TaskState.WAITING)
        for other in list(token.scope.tasks.values()):
            if other.task_spec is self and other is not token and other.state == TaskState.ERROR:
                other._set_state(TaskState.WAITING)
                other.fault = None
        self.take_in(token, {**self.arrived(token), token.flow or "": token})
        token._ready()
        return True


class ParallelGateway(Join):
    """Waits for a token on each incoming flow, then takes every outgoing one."""

    joins = True

    def arrive(self, token: Token) -> bool:
        if len(self.flows_in) < 2:
            return True
        return super().arrive(token)


class InclusiveGateway(Join):
    """Takes every flow whose condition is true; as a join waits only for tokens that can still come."""

    def arrive(self, token: Token) -> bool:
        if len(self.flows_in) < 2:
            return True
        token._set_state(TaskState.WAITING)
        return False

    def released(self, token: Token) -> bool:
        if token.state != TaskState.WAITING:
            return False
        firsts = self.arrived(token)
        if len(firsts) < len(self.flows_in) and self._can_come(token, firsts):
            return False
        self.take_in(token, firsts)
        return True

    def act(self, token: Token) -> bool | None:
        if len(self.outs) < 2 and not any(out.condition for out in self.outs):
            token.notes["flows"] = [out.id for out in self.outs]
            return True
        true = [out for out in self.outs if out.condition is not None and self.holds(token, out)]
        chosen = [out.id for out in self.outs if out in true or (out.condition is None and not out.default)]
        if not true:
            chosen += [out.id for out in self.outs if out.default]
        if not chosen:
            raise self.none_holds()
        token.notes["flows"] = list(chosen)
        return True

    def _on_complete(self, token: Token) -> None:
        wanted = token.notes.get("flows")
        outs = [out for out in self.outs if isinstance(wanted, list) and out.id in wanted]
        if not outs:
            token.instance.ends(token)
        self.take(token, outs)

    def _can_come(self, token: Token, firsts: dict[str, Token]) -> bool:
        """Whether a token elsewhere can still reach a flow that is empty, and none that is not."""
        reach = self.reach()
        wanted = set().union(*(reach[flow] for flow in self.flows_in if flow not in firsts))
        present = set().union(*(reach[flow] for flow in self.flows_in if flow in firsts))
        return any(
            other.task_spec is not self
            and not other.waits
            and other.element.id in wanted
            and other.element.id not in present
            for other in token.scope.tasks.values()
        )

    def reach(self) -> dict[str, set[str]]:
        """For each incoming flow the elements from which it can be reached without passing here."""
        found: dict[str, set[str]] | None = getattr(self, "_reached", None)
        if found is None:
            found = self._reached = {flow: self._behind(flow) for flow in self.flows_in}
        return found

    def _behind(self, flow: str) -> set[str]:
        elements: dict[str, Element] = self._wf_spec.task_specs
        sources: dict[str, list[str]] = {}
        for element in elements.values():
            for out in element.outs:
                sources.setdefault(out.target.id, []).append(element.id)
                if out.id == flow:
                    start = element.id
            for boundary in element.boundaries + element.handlers:
                sources.setdefault(boundary.id, []).append(element.id)
        seen, todo = {self.id}, [start]
        while todo:
            key = todo.pop()
            if key not in seen:
                seen.add(key)
                todo += sources.get(key, [])
        return seen - {self.id}
