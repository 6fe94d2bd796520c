"""A deployment as it runs: the specification of every scope, built once and kept by hash."""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock

from engine import feel
from engine.errors import ModelInvalid
from engine.exchange.ports import Json
from engine.models import decisions
from engine.models.deployment import Deployment
from engine.models.expressions import Moment
from engine.runtime.scopes import ScopeSpec

CACHE_SIZE = 64


class Model:
    """The scopes of all processes of one deployment, by key: the process id, then ``/`` and element ids.

    *given* names variables that come from outside when an instance begins.
    """

    __slots__ = ("conditional", "deployment", "scopes")

    def __init__(self, deployment: Deployment, given: frozenset[str] = frozenset()) -> None:
        from engine.runtime.building import build

        self.deployment = deployment
        self.scopes: dict[str, ScopeSpec] = {}
        for process in deployment.processes.values():
            build(process, self.scopes, given)
        elements = (one for scope in self.scopes.values() for one in scope.elements.values())
        self.conditional = any(one.conditional for one in elements)

    def decide(self, decision: str, inputs: Mapping[str, object], moment: Moment) -> Json:
        """The result of a DMN decision of this deployment, as JSON.

        Raises:
            FeelError: anything in it that FEEL would have warned of.
        """
        file, name = self.deployment.decisions[decision]
        files = self.deployment.files
        others = tuple(one for key, one in sorted(files.items()) if key.endswith(".dmn") and key != file)
        surroundings = decisions.Surroundings(clock=moment.now, calendar=moment.calendar, strict=True)
        found = decisions.explain(
            decisions.load(files[file], others), name, inputs, surroundings=surroundings
        )
        value: Json = feel.to_json(found.value)  # type: ignore[assignment]
        return value


_cache: OrderedDict[str, Model] = OrderedDict()
_lock = Lock()


def model_of(deployment: Deployment) -> Model:
    """The running form of *deployment*; built once per content.

    Raises:
        ModelInvalid: something in it cannot be built, which linting would have said.
    """
    key = f"{deployment.hash}:{deployment.rewriter}"
    with _lock:
        found = _cache.get(key)
        if found is not None:
            _cache.move_to_end(key)
            return found
    model = Model(deployment)
    with _lock:
        _cache[key] = model
        while len(_cache) > CACHE_SIZE:
            _cache.popitem(last=False)
    return model


def no_process(deployment: Deployment, process: str) -> ModelInvalid:
    """The error for a process that the deployment does not hold."""
    return ModelInvalid(
        file=deployment.code or "deployment",
        count=1,
        first=f"there is no process `{process}`",
        findings=[],
    )
