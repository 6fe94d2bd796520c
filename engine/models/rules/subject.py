"""What a rule looks at, and how it tells what it found."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.models.deployment import Deployment
from engine.models.findings import Findings
from engine.models.graph import Node, Process, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One drawn process of a deployment.

    *given* are names of variables that come from outside; *offers* the partners' operations with their fault codes, where
    they are known. *strict* is set where a whole deployment is judged,
    with its `procedure.yaml`; a lone model is only warned of what depends on the rest.
    """

    deployment: Deployment
    process: Process
    findings: Findings
    given: frozenset[str] = frozenset()
    offers: Mapping[str, frozenset[str]] | None = None

    @property
    def strict(self) -> bool:
        return self.deployment.procedure is not None

    def error(self, rule: str, node: Node, message: str, remedy: str, line: int = 0) -> None:
        self.findings.error(rule, node.id, line or node.line, message, remedy)

    def warning(self, rule: str, node: Node, message: str, remedy: str, line: int = 0) -> None:
        self.findings.warning(rule, node.id, line or node.line, message, remedy)

    def strictly(self, rule: str, node: Node, message: str, remedy: str, line: int = 0) -> None:
        """An error in a deployment, a warning for a lone model."""
        (self.error if self.strict else self.warning)(rule, node, message, remedy, line)

    def scopes(self) -> Iterator[Scope]:
        yield from self.process.scope.scopes()

    def nodes(self) -> Iterator[tuple[Scope, Node]]:
        """Every node with the scope it is in."""
        for scope in self.scopes():
            for node in scope.nodes.values():
                yield scope, node
