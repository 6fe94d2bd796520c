"""What is handed in: every pattern of `procedure.yaml` must be one that can be checked in bounded time."""

from collections.abc import Iterator, Sequence

from engine.feel.regex import forms as regex
from engine.models.deployment import Deployment
from engine.models.findings import Finding, Findings
from engine.models.procedure import FieldRule
from engine.models.procedure_reading import FILE


def findings(deployment: Deployment) -> list[Finding]:
    """Everything to be told about the fields that the procedure of *deployment* declares."""
    told, procedure = Findings(FILE), deployment.procedure
    if procedure is None:
        return []
    lines = deployment.files[FILE].decode(errors="replace").splitlines()
    for path, rule in [*_every("applicant", procedure.applicant), *_every("data", procedure.data)]:
        problem = regex.wrong_in(rule.pattern or "")
        if problem is not None:
            line = next((at for at, text in enumerate(lines, 1) if str(rule.pattern) in text), 1)
            told.error(
                "pattern", path, line, f"its pattern cannot be used: {problem}", "mend it; see docs/models.md"
            )
    return told.items


def _every(path: str, rules: Sequence[FieldRule]) -> Iterator[tuple[str, FieldRule]]:
    for rule in rules:
        yield f"{path}.{rule.name}", rule
        yield from _every(f"{path}.{rule.name}", rule.fields)
