"""What the dossiers of a procedure can be searched by, and the part of a list's statement that searches so.

A dossier is kept under what its own deployment names: the versions before know nothing of a name that came later.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.models.procedure import FieldRule, Procedure, Text
from engine.models.procedure_reading import FILE
from engine.queries import procedures

ANY_REST = "*"
"""At the end of what is asked for: whatever comes after."""

_CLAUSE = "d.id IN (SELECT x.dossier_id FROM dossier_index x WHERE x.name = :name_{at} AND x.value {how} :value_{at})"
_VERSIONS = text(
    "SELECT d.id, d.version, m.original FROM deployment d JOIN model m ON m.deployment_id = d.id AND m.name = :file"
    " WHERE d.procedure_code = :procedure ORDER BY d.version DESC LIMIT 100"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A value that dossiers can be searched by. *type* and *codes* are of its declared field, if it has one.

    *versions* are those that keep it, where there are others that do not; empty: all of them.
    """

    path: str
    label: Text
    type: str = ""
    codes: tuple[str, ...] = ()
    versions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A value that a list is narrowed to; *value* as `indexing.sought` writes it, *begins*: whatever comes after it."""

    path: str
    value: str
    begins: bool = False


def variables_of(connection: Connection, procedure: str) -> list[Variable]:
    """What the dossiers of *procedure* can be searched by, as its newest version that has it says; none where there is none."""
    of_version: dict[int, Procedure] = {}
    for deployment, version, original in connection.execute(
        _VERSIONS, {"procedure": procedure, "file": FILE}
    ):
        rules = procedures.read_rules(deployment, bytes(original))
        if rules is not None:
            of_version[version] = rules
    found: dict[str, Variable] = {}
    for rules in of_version.values():
        for one in rules.indexed:
            if one.path not in found:
                having = tuple(at for at in sorted(of_version) if _has(of_version[at], one.path))
                field = _field(rules.data, one.path.split("."))
                found[one.path] = Variable(
                    path=one.path,
                    label=one.label,
                    type=field.type if field else "",
                    codes=field.codes if field else (),
                    versions=having if len(having) < len(of_version) else (),
                )
    return list(found.values())


def clauses(sought: Sequence[Sought]) -> tuple[list[str], dict[str, object]]:
    """What a statement about dossiers ``d`` says to find only those, and its parameters."""
    values: dict[str, object] = {}
    for at, one in enumerate(sought):
        values |= {f"name_{at}": one.path, f"value_{at}": _like(one.value) if one.begins else one.value}
    return [_CLAUSE.format(at=at, how="LIKE" if one.begins else "=") for at, one in enumerate(sought)], values


def _like(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"


def _has(rules: Procedure, path: str) -> bool:
    return any(one.path == path for one in rules.indexed)


def _field(rules: Sequence[FieldRule], path: Sequence[str]) -> FieldRule | None:
    rule = next((one for one in rules if one.name == path[0]), None)
    return rule if rule is None or len(path) == 1 else _field(rule.fields, path[1:])
