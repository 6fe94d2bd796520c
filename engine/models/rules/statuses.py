"""Which status may follow which along the flows, where the model alone decides it.

Walks the graph with the set of statuses a dossier can have at each node. Only a step that is illegal from
*every* status that can be there is an error; one that is illegal from some of them is a warning.
"""

from engine.dossiers.statuses import Status, may_become
from engine.models.graph import Node, Scope
from engine.models.rules.subject import Subject


def check(subject: Subject) -> None:
    """All rules of this module; only for the process that a new dossier starts."""
    if subject.strict and subject.process.id == subject.deployment.main:
        _Walk(subject).scope(subject.process.scope, frozenset({int(Status.NEW)}))


class _Walk:
    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._told: set[str] = set()

    def scope(self, scope: Scope, first: frozenset[int]) -> frozenset[int]:
        """The statuses at the ends of *scope* when it is entered with one of *first*."""
        before: dict[str, frozenset[int]] = {}
        todo = [
            (node.id, first)
            for node in scope.nodes.values()
            if (not scope.incoming(node.id) and node.host is None) or node.type == "startEvent"
        ]
        ends: frozenset[int] = frozenset()
        while todo:
            key, arriving = todo.pop()
            known = before.get(key)
            if known is not None and arriving <= known:
                continue
            before[key] = arriving = arriving | (known or frozenset())
            node = scope.nodes[key]
            leaving = self._node(node, arriving)
            following = [flow.target for flow in scope.outgoing(key)]
            todo += [(target, leaving) for target in following if target in scope.nodes]
            inside = (
                leaving if node.inner is None else leaving | arriving
            )  # a task takes its status on arrival
            todo += [(boundary.id, inside) for boundary in scope.boundaries(key)]
            if not following:
                ends |= leaving
        for key, arriving in before.items():
            self._judge(scope.nodes[key], arriving)
        return ends

    def _node(self, node: Node, arriving: frozenset[int]) -> frozenset[int]:
        wanted = _status(node)
        leaving = frozenset({wanted}) if wanted is not None else arriving
        if node.inner is not None:
            return self.scope(node.inner, leaving) or leaving
        return leaving

    def _judge(self, node: Node, arriving: frozenset[int]) -> None:
        wanted = _status(node)
        if wanted is None or node.id in self._told:
            return
        wrong = [one for one in sorted(arriving) if one != wanted and not may_become(one, wanted)]
        if not wrong:
            return
        self._told.add(node.id)
        listed = ", ".join(map(str, wrong))
        message = f"status {wanted} cannot follow {listed}"
        remedy = "mend the property `status` here or before (docs/models.md lists the transitions)"
        if len(wrong) == len(arriving):
            self._subject.error("status-transition", node, message, remedy)
        else:
            self._subject.warning("status-transition", node, message, remedy)


def _status(node: Node) -> int | None:
    text = node.binding.properties.get("status", "")
    return int(text) if text.isdigit() and 1 <= int(text) <= 10 else None
