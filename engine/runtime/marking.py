"""Where the tokens of a scope stand, and whether a model can come to that by itself: the token game without data.

A place is an element with a token at it, or a flow on which a token waits before a join. Data are not looked at: a choice may go
either way, whatever watches over a step may fire. What cannot be found within `MOST` markings counts as not to be come to.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from heapq import heappop, heappush
from itertools import combinations

from SpiffWorkflow.util.task import TaskState

from engine.runtime.elements.boundary import Boundary
from engine.runtime.elements.element import Element
from engine.runtime.elements.events import ErrorEnd, EventGateway
from engine.runtime.elements.gateways import ExclusiveGateway, InclusiveGateway, Join
from engine.runtime.scopes import AnyScope, ScopeSpec
from engine.runtime.token import Token

MOST = 5_000
MOST_FLOWS = 8  # out of an inclusive gateway: each set of them is a way to go
Place = tuple[str, str]  # element, and the flow on which a token waits before it
Marking = tuple[Place, ...]


def marking(scope: AnyScope) -> Marking:
    """Where the tokens of *scope* stand; what watches over them goes with them."""
    return tuple(sorted(_place(token) for token in scope.tasks.values() if not token.host))


@lru_cache(maxsize=4096)
def can_come_to(spec: ScopeSpec, wanted: Marking) -> bool:
    """Whether tokens that begin at the starts of *spec* can come to stand as *wanted*."""
    if spec.key.endswith("*"):  # the rounds of a loop, which all stand at its one activity
        return all(place == (spec.starts[0].id, "") for place in wanted)
    return _Game(spec, wanted).found()


def joins(element: Element) -> bool:
    """Whether *element* waits for tokens of more than one flow."""
    return isinstance(element, Join) and len(element.flows_in) > 1


def waits_at_join(token: Token) -> bool:
    """Whether the token has come by a flow that a join counts, and is not taken in yet."""
    resting = token.state in (TaskState.WAITING, TaskState.ERROR)
    return joins(token.element) and resting and not token.stage


def _place(token: Token) -> Place:
    return token.element.id, (token.flow or "") if waits_at_join(token) else ""


class _Game:
    """One search; markings are kept as sorted tuples."""

    def __init__(self, spec: ScopeSpec, wanted: Marking) -> None:
        self.elements = spec.elements
        self.spec = spec
        self.wanted = wanted
        self.goal = Counter(wanted)
        self.most = len(wanted) + 8
        self.watching: dict[str, list[Boundary]] = {}
        for one in self.elements.values():
            if isinstance(one, Boundary) and one.node.host:
                self.watching.setdefault(one.node.host, []).append(one)
        self.events = [one for one in spec.watchers if (one.id, "") in self.goal]

    def found(self) -> bool:
        """Those nearest to what is wanted are looked at first."""
        first = self._still([(one.id, "") for one in self.spec.starts])
        seen, todo = {first}, [(0, first)]
        while todo:
            _, at = heappop(todo)
            if at == self.wanted:
                return True
            for following in self._following(at):
                if following not in seen and self._may(following):
                    if len(seen) >= MOST:
                        return False
                    seen.add(following)
                    heappush(todo, (self._missing(following), following))
        return False

    def _missing(self, at: Marking) -> int:
        """How many of the wanted places have no token yet."""
        return (self.goal - Counter(at)).total()

    def _may(self, at: Marking) -> bool:
        many = Counter(at)
        return len(at) <= self.most and all(many[place] <= count + 1 for place, count in self.goal.items())

    def _following(self, at: Marking) -> Iterator[Marking]:
        for event in self.events:
            if at:
                yield self._still([(event.id, "")] if event.interrupting else [*at, (event.id, "")])
        for place in dict.fromkeys(at):
            if place[1]:
                continue
            for way in self._ways(place):
                yield self._still(self._arrived(_without(at, [place]), way))
        for element in dict.fromkeys(self.elements[key] for key, flow in at if flow):
            if isinstance(element, InclusiveGateway):
                yield from self._released(element, at)

    def _still(self, at: list[Place]) -> Marking:
        """*at* once every token that has one way only, and is not wanted where it is, has gone it."""
        steps = 0
        while steps < 1_000:
            moved = False
            for place in at:
                if place in self.goal or place[1] or place[0] in self.watching:
                    continue
                ways = list(self._ways(place))
                if len(ways) == 1:
                    at, moved, steps = self._arrived(_without(at, [place]), ways[0]), True, steps + 1
                    break
            if not moved:
                break
        return tuple(sorted(at))

    def _arrived(self, at: list[Place], outs: list[tuple[str, str]]) -> list[Place]:
        """*at* with a token at each (element, flow) of *outs*; a parallel join that is complete becomes one token."""
        at = list(at)
        for target, flow in outs:
            element = self.elements[target]
            if not joins(element):
                at.append((target, ""))
                continue
            at.append((target, flow))
            if element.joins and all((target, one) in at for one in element.flows_in):
                for one in element.flows_in:
                    at.remove((target, one))
                at.append((target, ""))
        return at

    def _released(self, join: InclusiveGateway, at: Marking) -> Iterator[Marking]:
        """An inclusive join goes on when no token elsewhere can come by a flow that is empty, and by none that is not."""
        here = [flow for flow in join.flows_in if (join.id, flow) in at]
        reach = join.reach()
        awaited = set().union(*(reach[flow] for flow in join.flows_in if flow not in here))
        awaited -= set().union(*(reach[flow] for flow in here))
        if len(here) == len(join.flows_in) or not any(key in awaited for key, _ in at if key != join.id):
            yield self._still([*_without(at, [(join.id, flow) for flow in here]), (join.id, "")])

    def _ways(self, place: Place) -> Iterator[list[tuple[str, str]]]:
        """Where one token at *place* can go from there: each way is a list of (element, flow)."""
        element = self.elements[place[0]]
        for boundary in self.watching.get(element.id, ()):
            stays = [] if boundary.node.interrupting else [(element.id, "")]
            yield [*stays, (boundary.id, "")]
        outs = [(out.target.id, out.id) for out in element.outs]
        if isinstance(element, ErrorEnd) or any(one.kind == "terminate" for one in element.triggers):
            return  # ends the scope
        if isinstance(element, ExclusiveGateway | EventGateway) and outs:
            yield from ([out] for out in outs)
        elif isinstance(element, InclusiveGateway) and 1 < len(outs) <= MOST_FLOWS:
            yield from (list(some) for size in range(1, len(outs) + 1) for some in combinations(outs, size))
        else:
            yield outs


def _without(at: Iterable[Place], gone: Iterable[Place]) -> list[Place]:
    rest = list(at)
    for place in gone:
        rest.remove(place)
    return rest
