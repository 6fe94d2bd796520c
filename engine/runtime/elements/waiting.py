"""Waiting for what comes from outside or from another branch: messages, timers, signals and conditions.

Shared by catch events, receive tasks, boundary events, event-based gateways and event sub-processes.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from engine.errors import FeelError
from engine.exchange.ports import Json
from engine.models import timing
from engine.models.expressions import Expression, Names, compiled
from engine.models.graph import Trigger
from engine.runtime import timers
from engine.runtime.elements.element import needed
from engine.runtime.progress import Change, Happening, MessageArrived, TimerFired, TimerOpened, WaitOpened
from engine.runtime.token import Token
from engine.runtime.wording import sort_of

if TYPE_CHECKING:
    from engine.runtime.turn import Turn


class Wait:
    """One trigger, compiled: opens what is to be waited for."""

    __slots__ = ("expression", "trigger")

    def __init__(self, trigger: Trigger, names: Names) -> None:
        self.trigger = trigger
        text = trigger.key if trigger.kind == "message" else trigger.text
        self.expression: Expression | None = compiled(text, names) if text else None

    def prepare(self, token: Token, element: str) -> Change | None:
        """What is to be told when *token* begins to wait; also notes in the token what a cycle needs.

        Raises:
            FeelError: the timer's or key's expression.
        """
        if self.trigger.kind == "message":
            return WaitOpened(
                task=token.id, element=element, name=self.trigger.name or "", key=self._key(token)
            )
        if self.trigger.kind == "timer" and self.expression is not None:
            due = timers.due(self.expression, token.variables.values, token.instance.turn)
            return self._timer(token, element, due)
        return None

    def again(
        self, token: Token, element: str, notes: dict[str, Json], missed_by: "Turn"
    ) -> TimerOpened | None:
        """The next turn of a cycle for a fresh *token*; None when it has ended."""
        every, left, at = notes.get("every"), notes.get("left"), notes.get("at")
        if not isinstance(every, str) or not isinstance(at, str):
            return None
        last = timing.Due(
            at=datetime.fromisoformat(at), left=left if isinstance(left, int) else None, every=every
        )
        following = timing.again(last, missed_by.now)
        if following is None:
            return None
        due, missed = following
        if missed:
            token.notes["missed"] = missed
        return self._timer(token, element, due)

    def met(self, token: Token) -> bool:
        """Whether the condition holds now.

        Raises:
            FeelError: the condition fails or is not boolean.
        """
        if self.expression is None:
            return False
        values = token.instance.newest(token).values
        value = token.instance.turn.json(self.expression, values, {})
        if value is not None and not isinstance(value, bool):
            raise FeelError(
                expression=self.expression.text, reason=f"it is {sort_of(value)}, not true or false"
            )
        return value is True

    def _key(self, token: Token) -> str:
        if self.expression is None:
            return ""
        value = token.instance.turn.json(self.expression, token.variables.values, {})
        return needed(value, "the correlation key", self.expression.text)

    def _timer(self, token: Token, element: str, due: timing.Due) -> TimerOpened:
        if due.every is not None:
            token.notes.update(every=due.every, left=due.left, at=due.at.isoformat())
        return TimerOpened(
            task=token.id,
            element=element,
            due_at=due.at,
            legal_from=due.legal_from,
            legal_days=due.legal_days,
            host=token.host if token.element.node.host else token.id,
        )


def trigger_of(happening: Happening, waits: tuple[Wait, ...]) -> tuple[Trigger, Json] | None:
    """Which trigger a happening belongs to, and what it brings; None when none of *waits* waits for such a thing."""
    kind = {MessageArrived: "message", TimerFired: "timer"}.get(type(happening))
    payload = happening.payload if isinstance(happening, MessageArrived) else None
    for wait in waits:
        if wait.trigger.kind == kind:
            return wait.trigger, payload
    return None
