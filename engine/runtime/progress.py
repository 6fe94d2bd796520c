"""The port between the actions and whatever runs an instance, and the values that cross it.

`Interpreter` is implemented by `engine.runtime.interpreter` over SpiffWorkflow. It is pure: state bytes and a happening in, new
state bytes and a list of what changed out. The actions write that down in one transaction. Ids of tasks are strings that stay
the same for the life of the task.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from engine.exchange.ports import Json

# -- what happens to an instance ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSettled:
    """A call of *task* ended: with *reply*, or with the business *fault* code."""

    task: str
    reply: Json = None
    fault: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageArrived:
    task: str
    payload: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired:
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItemDone:
    task: str
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """An admin's act on a parked token: ``retry``, or ``skip`` (goes on as if done, with *data* as variables)."""

    task: str
    act: str
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """An admin takes the token of *task* away from *origin* and has one begin at *target*, beside it in the model."""

    task: str
    origin: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """The whole instance ends now (withdrawal)."""

    reason: str


Happening: TypeAlias = CallSettled | MessageArrived | TimerFired | WorkItemDone | Resolved | Moved | Cancelled

# -- what it led to ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A token entered or left an element that matters to people (tasks, events, ends; not gateways)."""

    element: str
    type: str  # BPMN element name: serviceTask, userTask, endEvent …
    name: str  # the label in the model
    what: str  # "entered" | "completed" | "cancelled"
    status: int | None = None  # only when entered: the model's `status` property
    phase: str | None = None  # only when entered
    clock: str | None = None  # only when entered: "pause" | "resume" | "start" | "stop"
    reason: str | None = None  # of the pause
    ground: str | None = None  # the law that allows the pause
    task: str = ""
    lane: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOpened:
    task: str
    element: str
    partner: str
    operation: str
    inputs: Mapping[str, Json]
    faults: tuple[str, ...] = ()  # codes that a boundary event here (or above) catches; "*" = any


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitOpened:
    task: str
    element: str
    name: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerOpened:
    """A timer to store. Legal ones say how they were counted, so that they can be counted again."""

    task: str
    element: str
    due_at: datetime
    legal_from: datetime | None = None
    legal_days: int | None = None
    host: str = ""  # the task whose boundary it sits on, else the task itself


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItemOpened:
    task: str
    element: str
    name: str
    groups: tuple[str, ...]
    form: str | None
    given: Mapping[str, Json] = field(default_factory=dict)  # the task's inputs: what the form begins with


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Whatever was open for *task* is over.

    Its wait and timer are gone, its work item is cancelled or done, its call withdrawn if unsent, its pause ended.
    """

    task: str
    completed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A model error at *element*: its token stays there until an admin acts on *task*; other branches went on."""

    task: str
    element: str
    code: str
    message: str


Change: TypeAlias = Step | CallOpened | WaitOpened | TimerOpened | WorkItemOpened | Closed | Parked


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The outcome of one happening. *changes* are in the order in which they came about."""

    state: bytes
    format: int
    ended: bool
    changes: Sequence[Change]
    writes: Mapping[str, Json]  # top-level keys of the dossier's data to set (outputs to `dossier.x`)
    applied: bool = True  # False: the task was gone (lost race, late reply): nothing changed


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What expressions may read besides the variables: the dossier and the time."""

    dossier: Mapping[
        str, Json
    ]  # code, procedure, status, channel, applicant, data, received_at, due_at, units …
    now: datetime
    calendar: "Calendar | None" = None


class Calendar(Protocol):
    """Working-time arithmetic of the unit's calendar; aware datetimes in and out."""

    def add_working_days(self, start: datetime, days: int) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRef:
    """Names a stored instance; (id, version) keys the cache of live ones."""

    id: int
    version: int
    deployment: int
    process: str
    format: int


class Interpreter(Protocol):
    """Runs instances of deployed processes until every token waits."""

    def begin(self, deployment: int, process: str, variables: Mapping[str, Json], view: View) -> Progress:
        """Raises: LimitExceeded; ModelError when the deployment cannot be loaded."""
        ...

    def advance(self, instance: InstanceRef, state: bytes, happening: Happening, view: View) -> Progress:
        """Raises: StateUnreadable, LimitExceeded."""
        ...

    def migrate(self, instance: InstanceRef, state: bytes, deployment: int, view: View) -> Progress:
        """The instance as one of *deployment*; not applied where its state would not mean the same there.

        Raises: StateUnreadable, LimitExceeded; ModelError when the deployment cannot be loaded.
        """
        ...

    def keep(self, instance: InstanceRef, progress: Progress) -> None:
        """Called after the commit with the instance's new version: the live instance may be cached."""
        ...
