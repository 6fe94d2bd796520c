"""A walk through a process on a virtual clock: no database, no partners, nobody waits.

The world says what calls answer, how long things take and which messages come; what it does not say happens at once and
well. Scenarios and ``lienthong simulate`` are both made of this.
"""

import heapq
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from SpiffWorkflow.util.task import TaskState

from engine.clock import VIETNAM
from engine.dossiers.calendar import WorkingCalendar
from engine.errors import LimitExceeded
from engine.exchange.ports import Json
from engine.models.deployment import Deployment
from engine.models.timing import after
from engine.runtime import interpreter
from engine.runtime.instance import Instance
from engine.runtime.limits import Budget, Limits
from engine.runtime.model import Model
from engine.runtime.progress import (
    CallOpened,
    CallSettled,
    Change,
    Closed,
    Happening,
    MessageArrived,
    Parked,
    Step,
    TimerFired,
    TimerOpened,
    View,
    WaitOpened,
    WorkItemDone,
    WorkItemOpened,
)
from engine.runtime.turn import Turn

START = datetime(2026, 1, 5, 8, tzinfo=VIETNAM)
TIMEOUT_S = 30.0
TIMEOUT = "timeout"
CALENDAR = WorkingCalendar()
LIMITS = Limits(steps=200_000, seconds=TIMEOUT_S, state_bytes=1 << 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message that comes *at* an ISO duration after the start; *key* None reaches whoever waits for the name."""

    name: str
    at: str = "PT0S"
    key: str | None = None
    data: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What happens outside, by element id.

    In *replies*, *faults* and *forms* there is one entry for each time that the element is reached; the last one repeats.
    A fault of None is none. *took* are ISO durations.
    """

    took: Mapping[str, str] = field(default_factory=dict)
    replies: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    faults: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    forms: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    letters: Sequence[Letter] = ()


@dataclass(slots=True, kw_only=True)
class Walked:
    """What a walk came to. *completed* is in order, each at its moment of *times*; *waiting* are the ids of what still waits,
    *failed* those of what could not be run and is why there is an *error*."""

    completed: list[str] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    ended: bool = False
    waiting: list[str] = field(default_factory=list)
    error: str | None = None
    failed: list[str] = field(default_factory=list)
    calls: list[CallOpened] = field(default_factory=list)
    flows: set[str] = field(default_factory=set)
    statuses: list[int] = field(default_factory=list)
    data: dict[str, Json] = field(default_factory=dict)
    variables: dict[str, Json] = field(default_factory=dict)
    at: datetime = START


class Simulation:
    """One walk; call `run` once. It stops when its *limits* are used up."""

    def __init__(
        self,
        deployment: Deployment,
        process: str,
        *,
        dossier: Mapping[str, Json],
        variables: Mapping[str, Json],
        world: World,
        limits: Limits = LIMITS,
    ) -> None:
        model = Model(deployment, given=frozenset(variables))
        self._instance = Instance(model, process)
        self._world = world
        self._dossier: dict[str, Json] = dict(dossier)
        self._variables = variables
        self._now = START
        self._limits = limits
        self._stop = time.monotonic() + limits.seconds
        self._order = count()
        self._queue: list[tuple[datetime, int, Happening | Letter | str]] = []
        self._kept: list[Letter] = []
        self._waits: dict[str, WaitOpened] = {}
        self._reached: dict[str, int] = {}
        self._resting: set[str] = set()
        self._walked = Walked()
        data = dossier.get("data")
        self._walked.data = dict(data) if isinstance(data, dict) else {}

    def run(self) -> Walked:
        """Walk until nothing more can happen."""
        for letter in self._world.letters:
            self._later(letter.at, letter)
        walked = self._walked
        try:
            self._turn(None)
            while self._queue and not self._instance.ended:
                if time.monotonic() > self._stop:
                    raise LimitExceeded(limit=self._limits.seconds, what="seconds")  # noqa: TRY301
                at, _, event = heapq.heappop(self._queue)
                self._now = max(self._now, at)
                self._turn(event)
        except LimitExceeded as exc:
            slow = exc.facts.get("what") in ("seconds", "steps")
            walked.error = TIMEOUT if slow else exc.message
        walked.ended = self._instance.ended
        walked.waiting = [] if walked.ended else self._still_waiting()
        walked.variables = dict(self._instance.result.values)
        walked.at = self._now
        return walked

    # -- one event ----------------------------------------------------------------------------------

    def _turn(self, event: Happening | Letter | str | None) -> None:
        instance = self._instance
        instance.turn = turn = Turn(
            View(dossier=self._dossier, now=self._now, calendar=CALENDAR),
            Budget(replace(self._limits, seconds=max(self._stop - time.monotonic(), 0.0))),
            held=frozenset(self._world.took),
            trace=self._completed,
            taken=self._walked.flows.add,
        )
        if event is None:
            interpreter.begin(instance, self._variables)
        elif isinstance(event, Letter):
            self._deliver(event)
        elif isinstance(event, str):
            self._rested(event)
        else:
            interpreter.apply(instance, event)
        self._walked.data.update(turn.writes)
        self._dossier["data"] = dict(self._walked.data)
        for change in turn.changes:
            self._changed(change)
        self._rest()

    def _completed(self, element: str) -> None:
        self._walked.completed.append(element)
        self._walked.times.append(self._now)

    def _changed(self, change: Change) -> None:
        if isinstance(change, CallOpened):
            self._walked.calls.append(change)
            self._called(change)
        elif isinstance(change, WorkItemOpened):
            form = self._next(self._world.forms, change.element)
            happening = WorkItemDone(task=change.task, data=form if isinstance(form, dict) else {})
            self._later(self._took(change.element), happening)
        elif isinstance(change, TimerOpened):
            self._push(change.due_at, TimerFired(task=change.task))
        elif isinstance(change, WaitOpened):
            self._waits[change.task] = change
            self._meet(change)
        elif isinstance(change, Closed):
            self._waits.pop(change.task, None)
        elif isinstance(change, Parked):
            self._walked.failed.append(change.element)
            self._walked.error = self._walked.error or f"{change.element}: {change.code}: {change.message}"
        elif isinstance(change, Step) and change.status is not None:
            self._walked.statuses.append(change.status)
            self._dossier["status"] = change.status

    def _called(self, call: CallOpened) -> None:
        fault = self._next(self._world.faults, call.element)
        reply = self._next(self._world.replies, call.element, keep=True)
        self._reached[call.element] = self._reached.get(call.element, 0) + 1
        happening = CallSettled(
            task=call.task, reply=None if fault else reply, fault=str(fault) if fault else None
        )
        self._later(self._took(call.element), happening)

    # -- messages -------------------------------------------------------------------------------------

    def _deliver(self, letter: Letter) -> None:
        for wait in self._waits.values():
            if _fits(letter, wait):
                interpreter.apply(self._instance, MessageArrived(task=wait.task, payload=letter.data))
                return
        self._kept.append(letter)

    def _meet(self, wait: WaitOpened) -> None:
        """An early message meets its wait."""
        for letter in self._kept:
            if _fits(letter, wait):
                self._kept.remove(letter)
                self._push(self._now, MessageArrived(task=wait.task, payload=letter.data))
                return

    # -- tasks that take time although nobody is asked --------------------------------------------------

    def _rest(self) -> None:
        for token in list(self._instance.tokens.values()):
            resting = token.state == TaskState.STARTED and token.notes.get("rested") is False
            if resting and token.id not in self._resting:
                self._resting.add(token.id)
                self._later(self._took(token.element.id), token.id)

    def _rested(self, task: str) -> None:
        token = self._instance.tokens.get(task)
        if token is not None:
            token.notes["rested"] = True
            token._set_state(TaskState.FUTURE)
            token._ready()
            self._instance.run_until_waiting()

    # -- parts ----------------------------------------------------------------------------------------

    def _next(self, entries: Mapping[str, Sequence[Json]], element: str, *, keep: bool = False) -> Json:
        """The entry for this time that *element* is reached."""
        found = entries.get(element)
        index = self._reached.get(element, 0)
        if not keep and entries is self._world.forms:
            self._reached[element] = index + 1
        return found[min(index, len(found) - 1)] if found else None

    def _took(self, element: str) -> str:
        return self._world.took.get(element, "PT0S")

    def _later(self, duration: str, event: Happening | Letter | str) -> None:
        self._push(after(self._now, duration) or self._now, event)

    def _push(self, at: datetime, event: Happening | Letter | str) -> None:
        heapq.heappush(self._queue, (at, next(self._order), event))

    def _still_waiting(self) -> list[str]:
        found: list[str] = []
        for token in self._instance.tokens.values():
            hidden = token.host or token.id in self._instance.subprocesses or token.element.joins
            if not hidden and token.element.id not in found and not token.element.node.synthetic:
                found.append(token.element.id)
        return found


def _fits(letter: Letter, wait: WaitOpened) -> bool:
    return letter.name == wait.name and (letter.key is None or not wait.key or letter.key == wait.key)


def dossier_of(deployment: Deployment, data: Mapping[str, Json]) -> dict[str, Json]:
    """The dossier that a simulated walk is about."""
    applicant = data.get("applicant")
    procedure = deployment.procedure
    unit = "H00.00"
    return {
        "code": "SIM-1",
        "procedure": deployment.code,
        "procedure_name": procedure.name.vi if procedure else "",
        "field": {"code": procedure.field.code, "name": procedure.field.name.vi} if procedure else {},
        "status": 1,
        "phase": None,
        "channel": "online",
        "delivery": None,
        "applicant": applicant if isinstance(applicant, dict) else {},
        "data": dict(data),
        "results": [],
        "documents": [],
        "supplements": [],
        "received_at": START.isoformat(),
        "submitted_at": START.isoformat(),
        "due_at": (START + timedelta(days=3)).isoformat(),
        "finished_at": None,
        "receiving_unit": unit,
        "competent_unit": unit,
        "returning_unit": unit,
    }
