"""Reads a partner's folder: contract.yaml and what it refers to, into a contract that is ready for use or refused.

What the fields mean is in `docs/contracts.md`; the form is in `contracts.shape`.
"""

import hashlib
from pathlib import Path

import yaml
from pydantic import ValidationError

from adapters.contracts import compiled, shape
from adapters.contracts.compiling import ContractBroken, compile_contract
from engine.errors import ContractInvalid

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


class _Loader(yaml.SafeLoader):
    """Refuses a mapping that names a key twice, where the plain one lets the last silently win."""

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
