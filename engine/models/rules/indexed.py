"""What dossiers are searched by: each entry of ``indexed`` must be a single value of the data, and nothing personal."""

import re
from collections.abc import Sequence

from engine.models.deployment import Deployment
from engine.models.findings import Finding, Findings
from engine.models.procedure import FieldRule, Indexed
from engine.models.procedure_reading import FILE
from engine.models.yaml_text import read

RULE = "indexed"
SINGLE = frozenset({"string", "date", "integer", "number", "boolean", "code"})
# Names of fields that most often hold something of a person, as they are written here and by the portal.
_PERSONAL = re.compile(
    r"(.*_)?(name|identity|birth_date|born_on|phone|email|address)|.*(HoTen|SoDDCN|NgaySinh|DienThoai|Email|ChiTiet|CCCD|CMND)"
)


def findings(deployment: Deployment) -> list[Finding]:
    """Everything to be told about what the procedure of *deployment* has indexed."""
    told, procedure = Findings(FILE), deployment.procedure
    if procedure is None or not procedure.indexed:
        return []
    text, written = read(deployment.files[FILE]), _written(deployment)
    for at, one in enumerate(procedure.indexed):
        line = text.line(("indexed", at, "path"))
        rule = _declared(procedure.data, one.path.split("."))
        if rule is not None:
            _single(told, one, rule, line)
        elif one.root in written and one.root not in {field.name for field in procedure.data}:
            _personal(told, one, line)
        else:
            told.error(
                RULE,
                f"indexed.{at}",
                line,
                f"`{one.path}` is no field of data, and nothing that the model writes",
                "name it by its path, such as `child.born_in`",
            )
    return told.items


def _single(told: Findings, one: Indexed, rule: FieldRule, line: int) -> None:
    if rule.type == "identity":
        message = f"`{one.path}` is an identity number, by which nobody searches"
        told.error(RULE, one.path, line, message, "leave it out: dossiers are found by name or code")
    elif rule.type not in SINGLE:
        message = f"`{one.path}` is of type {rule.type}: only single values are indexed"
        told.error(RULE, one.path, line, message, "name a field inside it, or another one")
    else:
        _personal(told, one, line)


def _personal(told: Findings, one: Indexed, line: int) -> None:
    if one.personal is not False and _PERSONAL.fullmatch(one.path.rsplit(".", 1)[-1]):
        message = f"`{one.path}` may be personal data, which lists do not show"
        remedy = "leave it out, or write `personal: false` where it says nothing of a person"
        told.error(RULE, one.path, line, message, remedy)


def _declared(rules: Sequence[FieldRule], path: Sequence[str]) -> FieldRule | None:
    """The field at *path*; None: there is none, or it is one of a list's items."""
    rule = next((one for one in rules if one.name == path[0]), None)
    if rule is None or len(path) == 1:
        return rule
    return _declared(rule.fields, path[1:]) if rule.type == "object" else None


def _written(deployment: Deployment) -> set[str]:
    """What models write into the dossier's data."""
    targets = {
        target
        for process in deployment.drawn.values()
        for node in process.nodes()
        for target in (*(one.target for one in node.binding.outputs), node.binding.result or "")
    }
    return {one.removeprefix("dossier.") for one in targets if one.startswith("dossier.")}
