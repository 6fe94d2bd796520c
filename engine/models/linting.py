"""All that is wrong with a deployment, in one list.

What reading found comes first; the rules then look at every process. A deployment with a finding of severity
``error`` is refused.
"""

from collections.abc import Iterable, Mapping

from engine.errors import ModelInvalid
from engine.models.deployment import Deployment
from engine.models.findings import Finding, Findings, errors_in, in_order
from engine.models.procedure_reading import FILE
from engine.models.rules import (
    bindings,
    events,
    expressions,
    fields,
    forms,
    indexed,
    offers,
    statuses,
    structure,
)
from engine.models.rules.subject import Subject

RULES = (structure.check, events.check, bindings.check, expressions.check, statuses.check, offers.check)


def lint(
    deployment: Deployment,
    given: Iterable[str] = (),
    *,
    offered: Mapping[str, frozenset[str]] | None = None,
) -> list[Finding]:
    """Every finding, in the order of files and lines.

    *given* names variables that come from outside; *offered* are the partners' operations with their fault codes, without
    which calls are not judged.
    """
    found = list(deployment.reading)
    for process in deployment.drawn.values():
        findings = Findings(process.file)
        subject = Subject(
            deployment=deployment, process=process, findings=findings, given=frozenset(given), offers=offered
        )
        for rule in RULES:
            rule(subject)
        found += findings.items
    found += forms.findings(deployment)
    found += fields.findings(deployment)
    found += indexed.findings(deployment)
    found += _whole(deployment)
    return in_order(dict.fromkeys(found))


def refuse(deployment: Deployment, *, offered: Mapping[str, frozenset[str]] | None = None) -> list[Finding]:
    """The warnings about a *deployment* that may run.

    Raises:
        ModelInvalid: with every finding in ``facts["findings"]``.
    """
    found = lint(deployment, offered=offered)
    wrong = errors_in(found)
    if wrong:
        raise ModelInvalid(file=wrong[0].file, count=len(wrong), first=str(wrong[0]), findings=wrong)
    return found


def _whole(deployment: Deployment) -> list[Finding]:
    """What concerns the deployment as a whole."""
    findings = Findings(FILE)
    procedure = deployment.procedure
    if procedure is not None and procedure.process not in deployment.drawn:
        found = ", ".join(sorted(deployment.drawn)) or "none"
        message = f"there is no process `{procedure.process}` in this deployment"
        findings.error("process", "process", 1, message, f"the processes here are: {found}")
    elif procedure is not None and not deployment.drawn[procedure.process].executable:
        message = f"the process `{procedure.process}` is not executable"
        findings.error("process", "process", 1, message, 'set isExecutable="true" in the model')
    if not any(name.endswith((".bpmn", ".dmn")) for name in deployment.files):
        given = Findings(next(iter(deployment.files)) if len(deployment.files) == 1 else FILE)
        given.error(
            "no-model", "deployment", 1, "there is no .bpmn or .dmn file", "add the model, or name its file"
        )
        return [*findings.items, *given.items]
    return findings.items
