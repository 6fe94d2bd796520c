"""What the partners' contracts offer: the operations that models may call, and the faults that they may catch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.errors import ContractInvalid


def offers(paths: Sequence[Path] = ()) -> Mapping[str, frozenset[str]]:
    """``partner.operation`` → fault codes, from the built-in contracts and those in the folders *paths*.

    A contract that cannot be read offers nothing here; `lienthong partners check` says why.
    """
    from adapters import contract
    from adapters.registry import BUILT_IN

    found: dict[str, frozenset[str]] = {}
    for root in (BUILT_IN, *paths):
        for folder in sorted(root.iterdir()) if root.is_dir() else []:
            if not (folder / contract.FILE).is_file():
                continue
            try:
                read = contract.read(folder)
            except ContractInvalid:
                continue
            for name, operation in read.operations.items():
                found[f"{folder.name}.{name}"] = frozenset(operation.terms.faults)
    return found
