"""Whether partners offer what a model calls, and name the faults that it catches.

Only where the offers are known: the contracts lie outside of the models, whoever lints hands them in.
"""

from engine.models.graph import Node, Scope
from engine.models.rules.subject import Subject


def check(subject: Subject) -> None:
    """All rules of this module."""
    if subject.offers is None:
        return
    for scope, node in subject.nodes():
        if node.binding.service:
            _operation(subject, scope, node)


def _operation(subject: Subject, scope: Scope, node: Node) -> None:
    offers, service = subject.offers or {}, node.binding.service or ""
    partner = service.partition(".")[0]
    if service not in offers:
        known = sorted(one for one in offers if one.startswith(partner + "."))
        message = f"no partner's contract has the operation `{service}`"
        remedy = f"{partner} offers {', '.join(known)}" if known else f"the partners are {_partners(offers)}"
        subject.strictly("operation", node, message, remedy)
        return
    for boundary in scope.boundaries(node.id):
        for trigger in boundary.triggers:
            if trigger.kind == "error" and trigger.code and trigger.code not in offers[service]:
                message = f"`{service}` never answers with the fault `{trigger.code}`"
                listed = ", ".join(sorted(offers[service])) or "none"
                subject.warning("fault-code", boundary, message, f"its faults are: {listed}", trigger.line)


def _partners(offers: object) -> str:
    names = {str(one).partition(".")[0] for one in offers} if isinstance(offers, dict) else set()
    return ", ".join(sorted(names)) or "none"
