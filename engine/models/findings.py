"""What is wrong with a deployment, said so that its author can mend it: file, element, line, rule, remedy.

A finding of severity ``error`` refuses the deployment; a ``warning`` is shown and lets it pass. The rules
live in their own modules; here is only the value, its collector and its order.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to mend. *element* is the BPMN id or the YAML path; *line* is 1-based, 0 when unknown."""

    file: str
    element: str
    line: int
    rule: str
    severity: Severity
    message: str
    remedy: str

    def as_json(self) -> dict[str, object]:
        """The keys that ``lienthong lint --json`` prints."""
        return {**asdict(self), "severity": str(self.severity)}

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity} {self.rule} ({self.element}): {self.message}"


@dataclass(slots=True)
class Findings:
    """Collects findings about one file."""

    file: str
    items: list[Finding] = field(default_factory=list)

    def error(self, rule: str, element: str, line: int, message: str, remedy: str) -> None:
        self._add(Severity.ERROR, rule, (element, line), message, remedy)

    def warning(self, rule: str, element: str, line: int, message: str, remedy: str) -> None:
        self._add(Severity.WARNING, rule, (element, line), message, remedy)

    def _add(self, severity: Severity, rule: str, where: tuple[str, int], message: str, remedy: str) -> None:
        element, line = where
        found = Finding(
            file=self.file,
            element=element,
            line=line,
            rule=rule,
            severity=severity,
            message=message,
            remedy=remedy,
        )
        if found not in self.items:
            self.items.append(found)


def errors_in(findings: Iterable[Finding]) -> list[Finding]:
    """Only those that refuse the deployment."""
    return [one for one in findings if one.severity is Severity.ERROR]


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sorted as a person reads: by file, line, element, rule."""
    return sorted(findings, key=lambda one: (one.file, one.line, one.element, one.rule, one.message))
