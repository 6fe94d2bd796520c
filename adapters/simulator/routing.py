"""Which of a contract's operations a request may be for: by method and path, those that a simulator plays first."""

import re
from functools import lru_cache

from adapters.contracts.compiled import Contract, Operation


def candidates(contract: Contract, method: str, path: str) -> list[tuple[Operation, dict[str, str]]]:
    """The operations at *method* and *path*, each with what the path holds in its places.

    Several operations may share one path; the caller tells them apart by their schemas.
    """
    found: list[tuple[Operation, dict[str, str]]] = []
    for name in contract.simulated:
        operation = contract.operations[name]
        wanted = "POST" if operation.soap else operation.form.method
        match = _pattern(operation.form.path).fullmatch(path)
        if match is not None and wanted == method:
            found.append((operation, match.groupdict()))
    return found


@lru_cache(maxsize=512)
def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    written = [re.escape(part) if i % 2 == 0 else f"(?P<{part}>[^/]+)" for i, part in enumerate(parts)]
    return re.compile("".join(written))
