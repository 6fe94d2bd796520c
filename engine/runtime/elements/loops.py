"""Loops and multi-instance markers: an activity that is done again and again, or several times at once."""

from typing import TYPE_CHECKING

from SpiffWorkflow.util.task import TaskState

from engine.errors import FeelError
from engine.exchange.ports import Json
from engine.models.expressions import Expression, Names, compiled
from engine.models.graph import Loop, Node
from engine.runtime.elements.containers import Container
from engine.runtime.token import Token
from engine.runtime.variables import Variables, merged
from engine.runtime.wording import sort_of

if TYPE_CHECKING:
    from engine.runtime.scopes import ScopeSpec


class LoopTask(Container):
    """An activity with a loop or multi-instance marker: its inside is the activity without the marker.

    The loop itself is never listed as completed; each round of the activity is.
    """

    def __init__(self, scope: "ScopeSpec", node: Node, names: Names, inside: str) -> None:
        super().__init__(scope, node, names, inside)
        self.loop: Loop = node.loop or Loop(kind="standard")
        self.cardinality = self._compiled(self.loop.cardinality, names)
        self.collection = self._compiled(self.loop.collection, names)
        self.condition = self._compiled(self.loop.condition, names)
        self.gather = self._compiled(self.loop.gather, names)
        self.maps_in, self.maps_out, self.shown, self._marked = [], [], False, False
        self.parallel = self.loop.kind == "multi" and not self.loop.sequential

    def act(self, token: Token) -> bool | None:
        token.notes.update(items=self._items(token), round=0, gathered=[])
        if self.loop.kind == "standard" and self.loop.before and not self._goes_on(token):
            return True
        if self._total(token) == 0:
            self._gathered(token)
            return True
        if self.parallel:
            self._all_rounds(token)
        else:
            self._round(token)
        return None

    def round_done(self, token: Token, inner: Token) -> None:
        """Of rounds that run in parallel each gathers its own output; a condition that holds ends the others."""
        gathered, index = token.notes.get("gathered"), _number(inner.notes.get("round"))
        if not self.parallel or not isinstance(gathered, list):
            return
        turn = token.instance.turn
        if self.gather is not None:
            gathered[index] = turn.json(self.gather, inner.variables.values, {})
        if self.condition is not None and self._true(inner, self.condition):
            for other in list(inner.scope.tasks.values()):
                if other is not inner:
                    token.instance.cancel_token(other)

    def inner_done(self, token: Token, given: Variables, result: Variables) -> None:
        if not self.parallel:
            self._collect(token, result)
        token.variables = merged((token.variables, result.without(self._local())))
        if self._over(token):
            self._gathered(token)
            token.complete()
        else:
            self._round(token)

    def retry(self, token: Token) -> None:
        if not token.notes.get("round"):
            super().retry(token)
            return
        token._set_state(TaskState.STARTED)
        if self._over(token):
            self._gathered(token)
            token.complete()
        else:
            self._round(token)

    def done(self, token: Token) -> None:
        """The rounds were listed; the loop itself only closes what it opened."""
        token.instance.close(token, completed=True)
        token.instance.unwatch(token)

    # -- rounds -------------------------------------------------------------------------------------

    def _round(self, token: Token) -> None:
        """Open the next round (all of them where they run in parallel)."""
        index = _number(token.notes.get("round"))
        token.notes["round"] = index + 1
        pairs: dict[str, Json] = {"loopCounter": index + 1}
        items = token.notes.get("items")
        if self.loop.item and isinstance(items, list):
            pairs[self.loop.item] = items[index]
        self.open(token, self._with(token, token.variables, pairs))

    def _all_rounds(self, token: Token) -> None:
        total, items = self._total(token), token.notes.get("items")
        budget = token.instance.turn.budget
        budget.check("rounds at once", total, budget.limits.tokens)  # before anything is made of that size
        token.notes.update(round=total, gathered=[None] * total)
        self.open(token, token.variables, begin=False)
        scope, instance = token.instance.subprocesses[token.id], token.instance
        for index in range(total):
            pairs: dict[str, Json] = {"loopCounter": index + 1}
            if self.loop.item and isinstance(items, list):
                pairs[self.loop.item] = items[index]
            element = scope.spec.starts[0]
            inner = instance.spawn(scope, element, self._with(token, token.variables, pairs))
            inner.notes["round"] = index
            element._update(inner)

    def _over(self, token: Token) -> bool:
        rounds = _number(token.notes.get("round"))
        if self.parallel:
            return True
        if self.loop.kind == "standard":
            return (self.loop.maximum is not None and rounds >= self.loop.maximum) or not self._goes_on(token)
        if rounds >= self._total(token):
            return True
        return self.condition is not None and self._true(token, self.condition)

    def _goes_on(self, token: Token) -> bool:
        return self.condition is None or self._true(token, self.condition)

    def _items(self, token: Token) -> Json:
        if self.collection is None:
            return None
        items = token.instance.turn.json(self.collection, token.variables.values, {})
        if not isinstance(items, list):
            raise FeelError(expression=self.collection.text, reason="the collection of a loop is no list")
        return items

    def _total(self, token: Token) -> int:
        items = token.notes.get("items")
        if isinstance(items, list):
            return len(items)
        if self.cardinality is None:
            return 1
        total = token.instance.turn.json(self.cardinality, token.variables.values, {})
        if not isinstance(total, int) or isinstance(total, bool) or total < 0:
            raise FeelError(
                expression=self.cardinality.text, reason=f"{sort_of(total)} is no number of rounds"
            )
        return total

    def _collect(self, token: Token, result: Variables) -> None:
        gathered = token.notes.get("gathered")
        if self.gather is not None and isinstance(gathered, list):
            gathered.append(token.instance.turn.json(self.gather, result.values, {}))

    def _gathered(self, token: Token) -> None:
        gathered = token.notes.get("gathered")
        if self.loop.gathered and isinstance(gathered, list):
            self.assign(token, {self.loop.gathered: gathered})

    def _local(self) -> list[str]:
        return ["loopCounter", *([self.loop.item] if self.loop.item else [])]

    def _true(self, token: Token, condition: Expression) -> bool:
        value = token.instance.turn.json(condition, token.variables.values, {})
        if not isinstance(value, bool):
            raise FeelError(expression=condition.text, reason=f"it is {sort_of(value)}, not true or false")
        return value

    @staticmethod
    def _compiled(text: str | None, names: Names) -> Expression | None:
        return compiled(text, names) if text else None


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0
