"""Runs instances behind the port that the actions use: bytes and a happening in, bytes and changes out.

Live instances are kept by (id, version), so that a worker that goes on with an instance need not read it
again; a happening that finds its task gone changes nothing.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from engine.errors import LimitExceeded, StateUnreadable
from engine.exchange.ports import Json
from engine.models.deployment import Deployment
from engine.runtime import migrating, moving, state
from engine.runtime.instance import Instance
from engine.runtime.limits import Budget, Limits
from engine.runtime.model import Model, model_of, no_process
from engine.runtime.progress import (
    Cancelled,
    Happening,
    InstanceRef,
    Moved,
    Progress,
    Resolved,
    View,
)
from engine.runtime.token import Token
from engine.runtime.turn import Turn
from engine.runtime.variables import EMPTY

KEPT = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveProgress(Progress):
    """A progress that remembers its instance until it is committed."""

    live: Instance


class SpiffInterpreter:
    """The `Interpreter` over SpiffWorkflow. *load* brings a deployment by its id; safe for several threads."""

    def __init__(
        self,
        load: Callable[[int], Deployment],
        *,
        limits: Limits = Limits(),
        cache_size: int = KEPT,
    ) -> None:
        self._load = load
        self._limits = limits
        self._cache_size = cache_size
        self._live: OrderedDict[tuple[int, int], Instance] = OrderedDict()
        self._models: dict[int, Model] = {}
        self._lock = Lock()

    def begin(self, deployment: int, process: str, variables: Mapping[str, Json], view: View) -> Progress:
        """A new instance of *process*, run until it waits.

        Raises:
            ModelError: the deployment cannot be loaded or has no such process.
            LimitExceeded: it used up its budget.
        """
        model = self._model(deployment)
        if process not in model.scopes:
            raise no_process(model.deployment, process)
        instance = Instance(model, process)
        instance.turn = turn = Turn(view, Budget(self._limits))
        begin(instance, variables)
        return self._progress(instance, turn)

    def advance(self, instance: InstanceRef, state: bytes, happening: Happening, view: View) -> Progress:
        """What *happening* leads to.

        Raises:
            StateUnreadable: written by a newer version.
            LimitExceeded: it used up its budget.
        """
        live = self._take(instance, state)
        live.turn = turn = Turn(view, Budget(self._limits))
        try:
            applied = apply(live, happening)
        except LimitExceeded as exc:
            raise type(exc)(**{**exc.facts, "instance": instance.id}) from exc
        if not applied:
            self._remember((instance.id, instance.version), live)
            return Progress(
                state=state, format=instance.format, ended=live.ended, changes=(), writes={}, applied=False
            )
        return self._progress(live, turn)

    def migrate(self, instance: InstanceRef, state: bytes, deployment: int, view: View) -> Progress:
        """The instance as one of *deployment*, where nothing moves by that; not applied if anything speaks against it.

        Raises:
            ModelError: a deployment cannot be loaded.
            StateUnreadable: written by a newer version.
            LimitExceeded: its state would be too large.
        """
        if migrating.reasons(self._load(instance.deployment), self._load(deployment), state):
            return Progress(
                state=state, format=instance.format, ended=False, changes=(), writes={}, applied=False
            )
        live = migrating.migrated(self._model(deployment), state)
        live.turn = turn = Turn(view, Budget(self._limits))
        return self._progress(live, turn)

    def keep(self, instance: InstanceRef, progress: Progress) -> None:
        """Remember the live instance under its new version, after the commit."""
        if isinstance(progress, LiveProgress) and not progress.ended:
            self._remember((instance.id, instance.version), progress.live)

    # -- parts --------------------------------------------------------------------------------------

    def _progress(self, instance: Instance, turn: Turn) -> Progress:
        data = state.write(instance)
        turn.budget.check("bytes of state", len(data), self._limits.state_bytes)
        return LiveProgress(
            state=data,
            format=state.FORMAT,
            ended=instance.ended,
            changes=tuple(turn.changes),
            writes=turn.writes,
            live=instance,
        )

    def _model(self, deployment: int) -> Model:
        found = self._models.get(deployment)
        if found is None:
            found = self._models[deployment] = model_of(self._load(deployment))
        return found

    def _take(self, ref: InstanceRef, data: bytes) -> Instance:
        with self._lock:
            found = self._live.pop((ref.id, ref.version), None)
        if found is not None:
            return found
        try:
            return state.read(self._model(ref.deployment), data)
        except StateUnreadable as exc:
            raise StateUnreadable(**{**exc.facts, "instance": ref.id}) from exc

    def _remember(self, key: tuple[int, int], live: Instance) -> None:
        with self._lock:
            self._live[key] = live
            while len(self._live) > self._cache_size:
                self._live.popitem(last=False)


def begin(instance: Instance, variables: Mapping[str, Json]) -> None:
    """Start *instance* and let it run."""
    given = EMPTY
    if variables:
        instance.stamp += 1
        given = EMPTY.assigned(variables, instance.stamp)
    instance.start(given)
    instance.run_until_waiting()


def apply(instance: Instance, happening: Happening) -> bool:
    """Apply *happening* and let the instance run; False when nothing waits for it any more."""
    if isinstance(happening, Cancelled):
        if instance.ended:
            return False
        instance.cancel_scope(instance)
        instance.queue.clear()
        instance.ended = True
        return True
    token = instance.tokens.get(happening.task)
    if token is None or instance.ended:
        return False
    if isinstance(happening, Moved):
        if not moving.move(instance, token, happening):
            return False
    elif isinstance(happening, Resolved):
        stuck = (
            token.fault is not None or token.element.calls
        )  # a refused call is an incident, not a parked token
        if not stuck or not _resolve(instance, token, happening):
            return False
    else:
        taken = [False]
        instance.guarded(token, _resume, token, happening, taken)
        if not taken[0]:
            return False
    instance.run_until_waiting()
    return True


def _resume(token: Token, happening: Happening, taken: list[bool]) -> None:
    taken[0] = True  # also when mapping its outputs fails: then the token is parked with what came
    taken[0] = token.element.resume(token, happening)


def _resolve(instance: Instance, token: Token, resolved: Resolved) -> bool:
    fault, token.fault = token.fault, None
    if resolved.act == "retry":
        instance.guarded(token, token.element.retry, token)
        return True
    if resolved.act == "skip":
        done = [False]

        def skip() -> None:
            done[0] = token.element.skip(token, dict(resolved.data))

        instance.guarded(token, skip)
        if not done[0]:
            token.fault = token.fault or fault
        return done[0]
    token.fault = fault
    return False
