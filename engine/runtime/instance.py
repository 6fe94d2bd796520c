"""A running instance: SpiffWorkflow's workflow with flat scans, a queue of ready tokens and no history.

It moves tokens until every one waits, and tells the turn what came about. What an element does is the
element's own; what may follow for an instance as a whole (ends, errors, signals, starving joins) is decided
here.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from engine.errors import FeelError
from engine.exchange.ports import Json
from engine.runtime.elements.element import Element, Out
from engine.runtime.model import Model
from engine.runtime.progress import Closed, Parked
from engine.runtime.scopes import AnyScope, InnerScope, ScopeSpec
from engine.runtime.token import Token
from engine.runtime.turn import Turn
from engine.runtime.variables import EMPTY, Variables, merged

STARVED = "join-starved"


@dataclass(frozen=True, slots=True)
class Handler:
    """An element that catches what *host* or something inside it throws; *code* None takes all."""

    host: Token
    scope: AnyScope
    element: Element
    code: str | None


class _NoScripts:
    """Stands where SpiffWorkflow keeps its Python engine: nothing in a model is ever Python."""


class Instance(BpmnWorkflow):  # type: ignore[misc]
    """One run of *process*; `turn` must be set before anything moves."""

    def __init__(self, model: Model, process: str) -> None:
        self.model = model
        self.process = process
        self.tokens: dict[str, Token] = {}
        self.queue: deque[Token] = deque()
        self.late: deque[Token] = deque()  # what throws signals goes after what may wait for them
        self.counter = 0
        self.stamp = 0
        self.ended = False
        self.finishing = False
        self.given: Variables = EMPTY
        self.result: Variables = EMPTY
        self.turn: Turn
        super().__init__(model.scopes[process], script_engine=_NoScripts(), deserializing=True)

    key = ""

    # -- moving ---------------------------------------------------------------------------------

    def start(self, variables: Variables) -> None:
        """Put the first tokens at the process's start."""
        self.given = variables.over(self.spec.blank)
        self.open(self, self.given)

    def run_until_waiting(self) -> None:
        """Let every token move until each one waits, is parked, or all have ended.

        Raises:
            LimitExceeded: the event used up its budget.
        """
        while True:
            while self.queue or self.late:
                token = self.queue.popleft() if self.queue else self.late.popleft()
                if self.model.conditional and self._meet_conditions():
                    self.queue.appendleft(token)
                    continue
                if token.state == TaskState.READY:
                    self.turn.budget.step()
                    self.guarded(token, token.run)
                    if not token.scope.tasks:
                        self.finish(token.scope)
            if not self._settle():
                return

    def guarded(self, token: Token, action: object, *args: object) -> None:
        """Do *action*; a model error in it parks *token* where it is."""
        try:
            action(*args)  # type: ignore[operator]
        except FeelError as exc:
            self.park(token, exc.code, exc.message)

    def spawn(self, scope: AnyScope, element: Element, variables: Variables, **marks: str | None) -> Token:
        """A new token before *element*; it does not move by itself."""
        self.counter += 1
        token = Token(scope, element, f"t{self.counter}", variables)
        token.flow = marks.get("flow")
        token.host = marks.get("host") or ""
        self.tokens[token.id] = token
        self.turn.budget.check("tokens", len(self.tokens), self.turn.budget.limits.tokens)
        return token

    def go(self, out: Out, scope: AnyScope, variables: Variables) -> None:
        """Send a token along *out*."""
        token = self.spawn(scope, out.target, variables, flow=out.id)
        if self.turn.taken is not None:
            self.turn.taken(out.id)
        out.target._update(token)

    def open(self, scope: AnyScope, variables: Variables) -> None:
        """Begin *scope*: arm its event sub-processes, then start."""
        spec: ScopeSpec = scope.spec
        for watcher in spec.watchers:
            watcher.watch(self, scope, variables)
        for element in spec.starts:
            element._update(self.spawn(scope, element, variables))

    # -- leaving --------------------------------------------------------------------------------

    def drop(self, token: Token) -> None:
        """Forget a token."""
        self.tokens.pop(token.id, None)
        token.scope.tasks.pop(token.id, None)

    def close(self, token: Token, *, completed: bool) -> None:
        """Tell that whatever was open for *token* is over."""
        if token.opened:
            token.opened = False
            self.turn.changes.append(Closed(task=token.id, completed=completed))

    def unwatch(self, host: Token) -> None:
        """Disarm everything that watches over *host*."""
        for token in [one for one in host.scope.tasks.values() if one.host == host.id and one is not host]:
            if token.state in (TaskState.WAITING, TaskState.ERROR):
                self.close(token, completed=False)
                self.drop(token)

    def cancel_token(self, token: Token) -> None:
        """End *token* and all inside it without completing."""
        if token.id not in self.tokens:
            return
        inner = self.subprocesses.get(token.id)
        if inner is not None:
            self.cancel_scope(inner)
        self.unwatch(token)
        self.close(token, completed=False)
        if token.stage and not token.waits and token.element.shown:
            self.turn.changes.append(token.element.step(token, "cancelled"))
        token._set_state(TaskState.CANCELLED)
        self.drop(token)

    def cancel_scope(self, scope: AnyScope) -> None:
        """End every token in *scope* without completing."""
        for token in list(scope.tasks.values()):
            self.cancel_token(token)
        if isinstance(scope, InnerScope):
            self.subprocesses.pop(scope.host.id, None)

    def newest(self, token: Token) -> Variables:
        """The variables as they are now around *token*, whichever branch assigned them: what a condition looks at."""
        return merged((token.variables, *(other.variables for other in self.tokens.values())))

    def ends(self, token: Token) -> None:
        """*token* reached an end: its variables count for the scope's result."""
        scope = token.scope
        if isinstance(scope, InnerScope):
            scope.host.element.round_done(scope.host, token)
        scope.result = token.variables if scope.result is EMPTY else merged((scope.result, token.variables))

    # -- what becomes of an instance as a whole ---------------------------------------------------

    def _settle(self) -> bool:
        """What can happen only once nothing moves; whether something did."""
        conditions = self.model.conditional and self._meet_conditions()
        return self._release_joins() or conditions or self._finish_scopes() or self._starved()

    def _scopes(self) -> Iterator[AnyScope]:
        """The innermost first."""
        yield from sorted(self.subprocesses.values(), key=lambda scope: -scope.depth)
        yield self

    def _release_joins(self) -> bool:
        for scope in self._scopes():
            for token in list(scope.tasks.values()):
                if token.state == TaskState.WAITING and token.element.released(token):
                    token._ready()
                    return True
        return False

    def _meet_conditions(self) -> bool:
        waiting = [
            one for one in self.tokens.values() if one.element.conditional and one.state == TaskState.WAITING
        ]
        before = len(self.turn.changes)
        for token in waiting:
            if token.id in self.tokens:
                self.guarded(token, token.element.meet, token)
        return len(self.turn.changes) != before or any(one.state != TaskState.WAITING for one in waiting)

    def _finish_scopes(self) -> bool:
        moved = False
        for scope in list(self._scopes()):
            if isinstance(scope, InnerScope) and scope.host.id not in self.tokens:
                continue
            if all(token.waits for token in scope.tasks.values()):
                moved = self.finish(scope) or moved
        return moved

    def finish(self, scope: AnyScope) -> bool:
        """*scope* has come to its end; whether something moves because of that."""
        if isinstance(scope, InnerScope) and self.subprocesses.get(scope.host.id) is not scope:
            return False
        for token in list(scope.tasks.values()):
            self.cancel_token(token)
        result = scope.result if scope.result is not EMPTY else scope.given
        if not isinstance(scope, InnerScope):
            self.ended = True
            self.completed = True
            return False
        host = scope.host
        self.subprocesses.pop(host.id, None)
        self.guarded(host, host.element.inner_done, host, scope.given, result)
        return True

    def _starved(self) -> bool:
        """Joins that can never be complete are a model error, not an instance that waits for ever."""
        for scope in self._scopes():
            live = [token for token in scope.tasks.values() if not token.waits]
            stuck = [token for token in live if token.state == TaskState.WAITING and token.element.joins]
            if stuck and len(stuck) == len(live):
                for token in stuck:
                    missing = ", ".join(token.element.missing(token))
                    self.park(token, STARVED, f"no token can come any more by {missing}")
        return False

    # -- events inside the instance ---------------------------------------------------------------

    def signal(self, name: str) -> None:
        """Give a signal to every event of this instance that waits for it."""
        for token in [one for one in self.tokens.values() if one.state == TaskState.WAITING]:
            for trigger in token.element.watched(token):
                if trigger.kind == "signal" and trigger.name == name and token.id in self.tokens:
                    self.guarded(token, token.element.fire, token, trigger)
                    break

    def catches(self, token: Token, kind: str) -> Iterator[Handler]:
        """The handlers of *kind* around *token*, nearest first."""
        host: Token | None = token
        while host is not None:
            inside = host.scope
            for handler in (*host.element.handlers, *inside.spec.watchers):
                for trigger in handler.triggers:
                    if trigger.kind == kind:
                        yield Handler(host, inside, handler, trigger.code)
            host = inside.host if isinstance(inside, InnerScope) else None

    def handler_for(self, token: Token, kind: str, code: str | None) -> Handler | None:
        """The nearest handler that catches *code*; on one level one that names it before one that takes all."""
        best: Handler | None = None
        for handler in self.catches(token, kind):
            if best is not None and handler.host is not best.host:
                break
            if handler.code is not None and handler.code == code:
                return handler
            if handler.code is None and best is None:
                best = handler
        return best

    def throw(self, token: Token, kind: str, code: str | None, facts: dict[str, Json]) -> bool:
        """Hand an error, escalation or cancel to the nearest handler; whether there was one."""
        handler = self.handler_for(token, kind, code)
        if handler is None:
            return False
        handler.element.handle(self, handler.host, handler.scope, facts)
        return True

    # -- model errors -----------------------------------------------------------------------------

    def park(self, token: Token, code: str, message: str) -> None:
        """Leave *token* where it is until an admin acts; other branches go on."""
        token._set_state(TaskState.ERROR)
        token.fault = (code, message)
        token.opened = True  # the incident, which ends with the token's stay here
        self.turn.changes.append(Parked(task=token.id, element=token.element.id, code=code, message=message))
