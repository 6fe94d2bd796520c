"""What every element shares: SpiffWorkflow's task specification without prediction, with our bindings.

A token arrives (`_update`), runs (`act`), perhaps waits for the outside (`resume`), concludes its outputs and
leaves along the outgoing flows. Kinds of elements override the parts that are theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.util.task import TaskState

from engine.errors import FeelError
from engine.exchange.ports import Json
from engine.models.expressions import Expression, Names, compiled
from engine.models.graph import GATEWAYS, Node, Trigger
from engine.runtime.progress import Happening, Step
from engine.runtime.token import ARMED, ENTERED, Token
from engine.runtime.variables import Variables
from engine.runtime.wording import sort_of

if TYPE_CHECKING:
    from engine.runtime.elements.boundary import Boundary
    from engine.runtime.instance import Instance
    from engine.runtime.scopes import AnyScope, ScopeSpec

DOSSIER = "dossier."
NOTHING: dict[str, object] = {}


@dataclass(slots=True, eq=False)
class Out:
    """An outgoing sequence flow; *target* is set when the scope is complete."""

    id: str
    target: "Element"
    condition: Expression | None = None
    default: bool = False


@dataclass(frozen=True, slots=True)
class Assign:
    """A compiled assignment."""

    source: Expression
    target: str


class Element(BpmnTaskSpec):  # type: ignore[misc]
    """One flow node of one scope."""

    joins = False
    conditional = False
    throws = False  # a signal, which others must have had the chance to wait for
    calls = False  # waits for a partner's answer
    passes = True  # goes through at once, so that no "entered" needs telling

    def __init__(self, scope: "ScopeSpec", node: Node, names: Names) -> None:
        super().__init__(scope, node.id, lane=node.lane)
        self.bpmn_id = node.id
        self.bpmn_name = node.name
        self.id = node.id
        self.node = node
        self.shown = not node.synthetic and node.type not in GATEWAYS
        self.outs: tuple[Out, ...] = ()
        self.flows_in: tuple[str, ...] = ()
        self.boundaries: tuple[Boundary, ...] = ()
        self.handlers: tuple[Element, ...] = ()
        self.triggers: tuple[Trigger, ...] = node.triggers
        self.maps_in = [Assign(compiled(one.source, names), one.target) for one in node.binding.inputs]
        self.maps_out = [Assign(compiled(one.source, names), one.target) for one in node.binding.outputs]
        status = node.binding.properties.get("status", "")
        self.status = int(status) if status.isdigit() else None
        self.phase = node.binding.properties.get("phase")
        self.clock = node.binding.properties.get("clock")
        self.reason = node.binding.properties.get("reason")
        self.ground = node.binding.properties.get("ground")
        self._marked = any((self.status, self.phase, self.clock))

    # -- the life of a token, as SpiffWorkflow calls it -------------------------------------------

    def _update(self, token: Token) -> None:
        if self.arrive(token):
            token._ready()

    def _on_ready(self, token: Token) -> None:
        (token.instance.late if self.throws else token.instance.queue).append(token)

    def _run(self, token: Token) -> bool | None:
        self.enter(token)
        return self.act(token)

    def _on_complete(self, token: Token) -> None:
        self.leave(token)

    def _on_cancel(self, token: Token) -> None:
        """Cancelling is told by the instance."""

    def _on_error(self, token: Token) -> None:
        """Errors are told by the instance."""

    # -- what kinds of elements override ----------------------------------------------------------

    def arrive(self, token: Token) -> bool:
        """Whether the token may run now; joins say no."""
        return True

    def act(self, token: Token) -> bool | None:
        """Do the element's work: True when done, None when the token waits for the outside."""
        if self.id in token.instance.turn.held and token.notes.get("rested") is not True:
            token.notes["rested"] = False
            return None
        return True

    def resume(self, token: Token, happening: Happening) -> bool:
        """Take what came from the outside; False when this element does not wait for such a thing."""
        return False

    def fire(self, token: Token, trigger: Trigger, payload: Json = None) -> None:
        """An event that *token* waits for has come."""

    def meet(self, token: Token) -> None:
        """Look whether a condition has come true."""

    def watched(self, token: Token) -> Sequence[Trigger]:
        """What a waiting token would be fired by."""
        return self.triggers

    def released(self, token: Token) -> bool:
        """Whether a waiting join may go on now that nothing moves."""
        return False

    def chosen(self, token: Token, choice: Token) -> None:
        """One of the events that this event-based gateway waits for has come."""

    def missing(self, token: Token) -> Sequence[str]:
        """The flows that a join still waits for."""
        return ()

    def handle(self, instance: "Instance", host: Token, scope: "AnyScope", facts: dict[str, Json]) -> None:
        """Take an error, escalation or cancel that came from *host* or from inside it."""
        raise NotImplementedError

    def round_done(self, token: Token, inner: Token) -> None:
        """One token inside this container has come to its end."""

    def inner_done(self, token: Token, given: Variables, result: Variables) -> None:
        """The inside of this container has ended."""
        raise NotImplementedError

    # -- parts --------------------------------------------------------------------------------------

    def enter(self, token: Token) -> None:
        """Tell that the token is here and arm what watches over it; done once, also when retried.

        Raises:
            FeelError: a timer's or a correlation key's expression.
        """
        if token.stage == ARMED:
            return
        if token.stage < ENTERED:
            token.stage = ENTERED
            if self._marked or (self.shown and not self.passes):
                token.opened = token.opened or self.clock == "pause"
                token.instance.turn.changes.append(self.step(token, "entered"))
        for boundary in self.boundaries:
            boundary.watch(token)
        token.stage = ARMED

    def step(self, token: Token, what: str) -> Step:
        """What people are told."""
        entered = what == "entered"
        return Step(
            element=self.id,
            type=self.node.type,
            name=self.node.name,
            what=what,
            status=self.status if entered else None,
            phase=self.phase if entered else None,
            clock=self.clock if entered else None,
            reason=self.reason if entered else None,
            ground=self.ground if entered else None,
            task=token.id,
            lane=self.lane,
        )

    def leave(self, token: Token) -> None:
        """The token has done its work: tell, and go on."""
        instance, scope = token.instance, token.scope
        if not self.outs:
            instance.ends(token)
        self.done(token)
        instance.drop(token)
        for out in self.outs:
            instance.go(out, scope, token.variables)

    def done(self, token: Token) -> None:
        """Tell that the element is complete and disarm what watched over it."""
        instance = token.instance
        instance.close(token, completed=True)
        if self.boundaries:
            instance.unwatch(token)
        turn = instance.turn
        if self.shown:
            turn.changes.append(self.step(token, "completed"))
        if turn.trace is not None and not self.node.synthetic:
            turn.trace(self.id)

    def conclude(self, token: Token, name: str, value: Json) -> None:
        """Map the outputs, in which *name* is *value*, and complete; kept for a retry when that fails.

        Raises:
            FeelError: an output's expression.
        """
        token.instance.close(token, completed=True)
        if not self.maps_out:
            token.complete()
            return
        token.notes["came"] = [name, value]
        self.map_outputs(token, {name: value})
        token.complete()

    def map_outputs(self, token: Token, extra: dict[str, object]) -> None:
        """Assign all outputs, or none when one of them fails."""
        if not self.maps_out:
            return
        turn, values = token.instance.turn, token.variables.values
        pairs: dict[str, Json] = {}
        for output in self.maps_out:
            pairs[output.target] = turn.json(output.source, {**values, **_plain(pairs)}, extra)
        self.assign(token, pairs)

    def assign(self, token: Token, pairs: dict[str, Json]) -> None:
        """Set variables of the token; ``dossier.x`` goes to the dossier's data."""
        instance = token.instance
        for target, value in pairs.items():
            if target.startswith(DOSSIER):
                instance.turn.write(target[len(DOSSIER) :], value)
        plain = _plain(pairs)
        if plain:
            instance.stamp += 1
            token.variables = token.variables.assigned(plain, instance.stamp)

    def read_inputs(self, token: Token) -> dict[str, Json]:
        """The inputs' values.

        Raises:
            FeelError: an input's expression.
        """
        turn, values = token.instance.turn, token.variables.values
        return {one.target: turn.json(one.source, values, NOTHING) for one in self.maps_in}

    # -- an admin's acts on a parked token ----------------------------------------------------------

    def retry(self, token: Token) -> None:
        """Try again from where it failed.

        Raises:
            FeelError: it failed again.
        """
        came = token.notes.get("came")
        token._set_state(TaskState.FUTURE)
        if isinstance(came, list):
            self.conclude(token, str(came[0]), came[1])
        else:
            self._update(token)

    def skip(self, token: Token, data: dict[str, Json]) -> bool:
        """Go on as if done, with *data* as variables; False where that makes no sense."""
        self.assign(token, data)
        inner = token.instance.subprocesses.get(token.id)
        if inner is not None:
            token.instance.cancel_scope(inner)
        token.complete()
        return True


def _plain(pairs: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in pairs.items() if not name.startswith(DOSSIER)}


def needed(value: Json, what: str, text: str) -> str:
    """*value* as a non-empty text.

    Raises:
        FeelError: it is none.
    """
    if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
        return str(value)
    raise FeelError(expression=text, reason=f"{what} is {sort_of(value)} where a text is needed")
