"""A token: SpiffWorkflow's task without its history, its log extras and its copies of data.

A token lives from reaching an element to leaving it; then it is dropped, for history is the dossier's timeline.
"""

from typing import TYPE_CHECKING

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.exchange.ports import Json
from engine.runtime.variables import Variables

if TYPE_CHECKING:
    from engine.runtime.elements.element import Element
    from engine.runtime.instance import Instance
    from engine.runtime.scopes import AnyScope

NEW, ENTERED, ARMED = 0, 1, 2  # how far entering an element has got


class Token(Task):  # type: ignore[misc]
    """One token at one element.

    *flow* is the sequence flow it came by; *host* the token that it watches over (a boundary event, or a
    choice of an event-based gateway), or "" when it stands for itself. *notes* is what the element remembers,
    as JSON.
    """

    def __init__(self, scope: "AnyScope", element: "Element", key: str, variables: Variables) -> None:
        self.variables = variables
        self._state: int = TaskState.FUTURE
        super().__init__(scope, element, state=TaskState.FUTURE, id=key)
        self.instance: Instance = scope.top_workflow
        self.flow: str | None = None
        self.host = ""
        self.stage = NEW
        self.opened = False
        self.fault: tuple[str, str] | None = None
        self.notes: dict[str, Json] = {}

    @property
    def data(self) -> dict[str, Json]:
        """What SpiffWorkflow calls the task's data: the variables, not to be changed in place."""
        return self.variables.values

    @data.setter
    def data(self, value: dict[str, Json]) -> None:
        """Data changes only by `Instance.assign`; what SpiffWorkflow sets at birth is dropped."""

    @property
    def scope(self) -> "AnyScope":
        scope: AnyScope = self.workflow
        return scope

    @property
    def element(self) -> "Element":
        element: Element = self.task_spec
        return element

    @property
    def waits(self) -> bool:
        """Whether it watches over another token and has not fired."""
        return bool(self.host) and self._state == TaskState.WAITING

    def run(self) -> bool | None:
        """Let the element work; a token that waits for an event is WAITING, any other that waits STARTED."""
        done: bool | None = self.task_spec._run(self)
        if done:
            self.complete()
        elif self._state == TaskState.READY:
            self._state = TaskState.STARTED
        return done

    def _set_state(self, value: int) -> None:
        self._state = value
