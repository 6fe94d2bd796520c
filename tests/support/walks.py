"""Drives the interpreter in tests: builds models from a few words, answers what it opens, and keeps what it said."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from engine.dossiers.calendar import WorkingCalendar
from engine.exchange.ports import Json
from engine.models.deployment import Deployment, from_files
from engine.runtime import state
from engine.runtime.interpreter import SpiffInterpreter
from engine.runtime.model import model_of
from engine.runtime.progress import (
    CallOpened,
    CallSettled,
    Change,
    Closed,
    Happening,
    InstanceRef,
    MessageArrived,
    Parked,
    Progress,
    Resolved,
    Step,
    TimerFired,
    TimerOpened,
    View,
    WaitOpened,
    WorkItemDone,
    WorkItemOpened,
)

START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" id="d" targetNamespace="t">'
)


def bpmn(body: str, top: str = "", process: str = "p") -> bytes:
    """A file with one process."""
    text = f'{HEAD}{top}<bpmn:process id="{process}" isExecutable="true">{body}</bpmn:process></bpmn:definitions>'
    return text.encode()


def flows(*paths: str) -> str:
    """Sequence flows: ``"a b c"`` joins a to b to c; ids are ``a-b``."""
    pairs = [pair for path in paths for pair in zip(path.split(), path.split()[1:], strict=False)]
    return "".join(f'<bpmn:sequenceFlow id="{a}-{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in pairs)


def when(source: str, target: str, condition: str) -> str:
    """A conditional flow."""
    text = condition.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'<bpmn:sequenceFlow id="{source}-{target}" sourceRef="{source}" targetRef="{target}">'
        f"<bpmn:conditionExpression>{text}</bpmn:conditionExpression></bpmn:sequenceFlow>"
    )


def node(kind: str, key: str, inner: str = "", **attributes: str) -> str:
    """Any element."""
    extra = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<bpmn:{kind} id="{key}"{extra}>{inner}</bpmn:{kind}>'


def zeebe(inner: str) -> str:
    return f"<bpmn:extensionElements>{inner}</bpmn:extensionElements>"


def mapping(inputs: Mapping[str, str] | None = None, outputs: Mapping[str, str] | None = None) -> str:
    """A zeebe:ioMapping: target → source."""
    parts = [f'<zeebe:input source="{_attr(s)}" target="{t}"/>' for t, s in (inputs or {}).items()]
    parts += [f'<zeebe:output source="{_attr(s)}" target="{t}"/>' for t, s in (outputs or {}).items()]
    return f"<zeebe:ioMapping>{''.join(parts)}</zeebe:ioMapping>" if parts else ""


def service(
    key: str,
    inputs: Mapping[str, str] | None = None,
    outputs: Mapping[str, str] | None = None,
    operation: str = "",
) -> str:
    definition = f'<zeebe:taskDefinition type="{operation or "desk." + key}"/>'
    return node("serviceTask", key, zeebe(definition + mapping(inputs, outputs)))


def script(key: str, expression: str, result: str) -> str:
    return node(
        "scriptTask",
        key,
        zeebe(f'<zeebe:script expression="={_attr(expression)}" resultVariable="{result}"/>'),
    )


def timer(text: str, form: str = "Duration") -> str:
    return f"<bpmn:timerEventDefinition><bpmn:time{form}>{_attr(text)}</bpmn:time{form}></bpmn:timerEventDefinition>"


def message(key: str, name: str = "", correlation: str = "=dossier.code") -> str:
    """A message's declaration."""
    inner = zeebe(f'<zeebe:subscription correlationKey="{_attr(correlation)}"/>')
    return f'<bpmn:message id="{key}" name="{name or key}">{inner}</bpmn:message>'


def _attr(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


class Walk:
    """One instance, moved event by event through stored bytes, as a cold worker would."""

    def __init__(
        self,
        model: bytes | Deployment,
        variables: dict[str, Json] | None = None,
        data: dict[str, Json] | None = None,
        *,
        process: str = "p",
        cached: bool = False,
    ) -> None:
        deployment = model if isinstance(model, Deployment) else from_files({"m.bpmn": model})
        self.model = model_of(deployment)
        self.deployments = {1: deployment}
        self.deployment = 1
        self.interpreter = SpiffInterpreter(self.deployments.__getitem__, cache_size=100 if cached else 0)
        self.now = START
        self.data: dict[str, Json] = dict(data or {})
        self.version = 0
        self.process = process
        self.changes: list[Change] = []
        self.last: Progress = self.interpreter.begin(1, process, variables or {}, self.view())
        self._take(self.last)

    def view(self) -> View:
        dossier: dict[str, Json] = {"code": "H1", "status": 1, "data": self.data}
        return View(dossier=dossier, now=self.now, calendar=WorkingCalendar())

    def happen(self, happening: Happening) -> Progress:
        progress = self.interpreter.advance(self._ref(self.last), self.last.state, happening, self.view())
        self._take(progress)
        return progress

    def migrate(self, new: Deployment) -> Progress:
        """Go on under *new*, if that is safe."""
        number = len(self.deployments) + 1
        self.deployments[number] = new
        progress = self.interpreter.migrate(self._ref(self.last), self.last.state, number, self.view())
        if progress.applied:
            self.deployment, self.model = number, model_of(new)
        self._take(progress)
        return progress

    def _ref(self, progress: Progress) -> InstanceRef:
        return InstanceRef(
            id=1,
            version=self.version,
            deployment=self.deployment,
            process=self.process,
            format=progress.format,
        )

    def _take(self, progress: Progress) -> None:
        self.last = progress
        assert state.write(state.read(self.model, progress.state)) == progress.state
        self.changes += progress.changes
        self.data.update(progress.writes)
        self.version += 1
        self.interpreter.keep(self._ref(progress), progress)

    # -- what is open -------------------------------------------------------------------------------

    def open(self, element: str) -> str:
        """The newest task at *element* that is still open."""
        found = [
            change.task
            for change in self.changes
            if isinstance(change, CallOpened | WaitOpened | TimerOpened | WorkItemOpened)
            and change.element == element
        ]
        closed = {change.task for change in self.changes if isinstance(change, Closed)}
        return next(task for task in reversed(found) if task not in closed or self._reopened(task))

    def _reopened(self, task: str) -> bool:
        """A call that was settled by a fault and is made again by a retry has the same task."""
        last = [c for c in self.changes if isinstance(c, CallOpened | Closed) and c.task == task][-1]
        return isinstance(last, CallOpened)

    def settle(self, element: str, reply: Json = None, fault: str | None = None) -> Progress:
        return self.happen(CallSettled(task=self.open(element), reply=reply, fault=fault))

    def done(self, element: str, **form: Json) -> Progress:
        return self.happen(WorkItemDone(task=self.open(element), data=form))

    def message(self, element: str, payload: Json = None) -> Progress:
        return self.happen(MessageArrived(task=self.open(element), payload=payload))

    def fire(self, element: str) -> Progress:
        task = self.open(element)
        due = next(c.due_at for c in reversed(self.changes) if isinstance(c, TimerOpened) and c.task == task)
        self.now = max(self.now, due)
        return self.happen(TimerFired(task=task))

    def resolve(self, element: str, act: str, **data: Json) -> Progress:
        task = next(c.task for c in reversed(self.changes) if isinstance(c, Parked) and c.element == element)
        return self.happen(Resolved(task=task, act=act, data=data))

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    # -- what was said ------------------------------------------------------------------------------

    @property
    def completed(self) -> list[str]:
        return [c.element for c in self.changes if isinstance(c, Step) and c.what == "completed"]

    @property
    def cancelled(self) -> list[str]:
        return [c.element for c in self.changes if isinstance(c, Step) and c.what == "cancelled"]

    @property
    def parked(self) -> list[tuple[str, str]]:
        return [(c.element, c.code) for c in self.changes if isinstance(c, Parked)]

    @property
    def calls(self) -> list[CallOpened]:
        return [c for c in self.changes if isinstance(c, CallOpened)]

    @property
    def ended(self) -> bool:
        return self.last.ended

    def still_open(self) -> set[str]:
        """The elements of everything opened and not closed."""
        closed = {change.task for change in self.changes if isinstance(change, Closed)}
        kinds = CallOpened | WaitOpened | TimerOpened | WorkItemOpened
        return {c.element for c in self.changes if isinstance(c, kinds) and c.task not in closed}
