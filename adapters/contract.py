"""Reads a partner's folder: contract.yaml and what it refers to, into a contract that is ready for use or refused.

What the fields mean is in `docs/contracts.md`; the form is in `contracts.shape`.
"""

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import ValidationError

from adapters.contracts import compiled, shape
from adapters.contracts.compiling import ContractBroken, compile_contract
from engine.errors import ContractInvalid

if TYPE_CHECKING or not yaml.__with_libyaml__:
    from yaml import SafeLoader as Fast
else:
    from yaml import CSafeLoader as Fast

FILE = "contract.yaml"
Contract = compiled.Contract


def read(folder: Path) -> Contract:
    """The contract in *folder*.

    Raises:
        ContractInvalid: names the file, the path in it and what is wrong there.
    """
    file = folder / FILE
    try:
        data = file.read_bytes()
    except OSError as exc:
        raise ContractInvalid(file=file, where="the file", reason=str(exc)) from exc
    form = _form(file, data)
    if form.partner != folder.name:
        raise ContractInvalid(file=file, where="partner", reason=f"must be the folder's name, {folder.name}")
    try:
        return compile_contract(form, folder, fingerprint(folder))
    except ContractBroken as exc:
        raise ContractInvalid(file=file, where=exc.where, reason=exc.reason) from exc


def fingerprint(folder: Path) -> str:
    """A hash over the contract's own files: the same bytes, the same contract."""
    digest = hashlib.sha256()
    for file in sorted(
        path for path in folder.rglob("*") if path.suffix in (".yaml", ".wsdl", ".xsd", ".json")
    ):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _form(file: Path, data: bytes) -> shape.Contract:
    try:
        content = yaml.load(data, Loader=_Loader)  # noqa: S506, TID251 - a SafeLoader that also refuses double keys
    except (yaml.YAMLError, ValueError) as exc:
        raise ContractInvalid(file=file, where="the file", reason=" ".join(str(exc).split())) from exc
    try:
        return shape.Contract.model_validate(content)
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "the file"
        raise ContractInvalid(file=file, where=where, reason=first["msg"]) from exc


class _Loader(Fast):
    """YAML as people read it: `NO` is a word, `037` a text, a date a text; and a key that is there twice is refused.

    The plain loader follows YAML 1.1, where the first is false, the second 31, and the last of two keys silently wins.
    """

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is there twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", ["n", "~", ""]),
    ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", "-0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^({_pattern})$"), list(_first))
