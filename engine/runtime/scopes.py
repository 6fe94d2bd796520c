"""The insides that tokens live in: the process itself and its sub-processes, loops and called processes.

Scopes are SpiffWorkflow's (sub-)workflows whose task list holds live tokens only; their specifications hold
elements.
"""

from typing import TYPE_CHECKING, TypeAlias

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec

from engine.exchange.ports import Json
from engine.runtime.variables import EMPTY, Variables

if TYPE_CHECKING:
    from engine.runtime.elements.containers import EventSubProcess
    from engine.runtime.elements.element import Element
    from engine.runtime.instance import Instance
    from engine.runtime.token import Token


class ScopeSpec(BpmnProcessSpec):  # type: ignore[misc]
    """The elements of one scope; *key* names it in stored states."""

    def __init__(self, key: str) -> None:
        WorkflowSpec.__init__(self, name=key)
        self.key = key
        self.io_specification = None
        self.data_objects: dict[str, object] = {}
        self.data_stores: dict[str, object] = {}
        self.correlation_keys: dict[str, object] = {}
        self.bpmn_start_events: list[object] = []
        self.blank: dict[str, Json] = {}  # the variables that the process sets somewhere, before it did
        self.starts: list[Element] = []
        self.watchers: list[EventSubProcess] = []

    @property
    def elements(self) -> "dict[str, Element]":
        found: dict[str, Element] = self.task_specs
        return found


class InnerScope(BpmnSubWorkflow):  # type: ignore[misc]
    """A running sub-process, loop or called process inside *host*."""

    def __init__(self, spec: ScopeSpec, host: "Token", instance: "Instance") -> None:
        self._host = host
        super().__init__(spec, host.id, instance, deserializing=True)
        self.given: Variables = EMPTY
        self.result: Variables = EMPTY
        self.finishing = False

    @property
    def host(self) -> "Token":
        return self._host

    @property
    def key(self) -> str:
        """The host's id: names the scope in states."""
        key: str = self._host.id
        return key

    def _calculate_depth(self) -> int:
        above = self._host.scope
        return 1 + (above.depth if isinstance(above, InnerScope) else 0)


AnyScope: TypeAlias = "InnerScope | Instance"
