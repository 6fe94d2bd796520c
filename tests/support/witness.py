"""Counting from outside: what the simulated partners' journals say happened, against what the desk asked for.

Reads no table of ours. An operation without a key of its own is told apart by the fields that the portal has.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import orjson

from engine.exchange.ports import Json

Line = Mapping[str, Json]
Effect = tuple[object, ...]
STEP_FIELDS = ("MaHoSo", "TrangThai", "ThoiDiemXuLy", "NoiDungXuLy")


def read_journal(path: Path) -> list[Line]:
    """Every whole line of a journal, in order."""
    return [
        orjson.loads(line) for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")
    ]


def effects(journal: Iterable[Line], code: str = "") -> Counter[Effect]:
    """How often each thing happened at the partners; for the dossier *code* alone, where one is given."""
    found = (identity(line) for line in journal if line.get("effect"))
    return Counter(effect for effect in found if not code or _is_about(effect, code))


def identity(line: Line) -> Effect:
    """What a line of a journal (or a call of ours) is about: the same for every repeat of the same thing."""
    partner, operation = str(line["partner"]), str(line["operation"])
    item = _item(line)
    if operation == "CapNhatTienDoHoSoMC":
        return (partner, operation, *(item.get(name) for name in STEP_FIELDS))
    if operation == "DongBoHoSoMC":
        return (partner, operation, item.get("MaHoSo"), item.get("TrangThaiHoSo"))
    return (partner, operation, line.get("key"))


def statuses_at_portal(journal: Iterable[Line], code: str) -> list[str]:
    """The statuses that the portal was told of, in the order in which it heard."""
    return [
        str(_item(line)["TrangThai"])
        for line in journal
        if line.get("effect") and line["operation"] == "CapNhatTienDoHoSoMC" and _item(line)["MaHoSo"] == code
    ]


def _is_about(effect: Effect, code: str) -> bool:
    return any(isinstance(part, str) and code in part for part in effect[2:])


def _item(line: Line) -> Mapping[str, Json]:
    """The dossier that a request to the portal carries; nothing for other requests."""
    body = line.get("body")
    data = body.get("data") if isinstance(body, dict) else None
    first = data[0] if isinstance(data, list) and data else None
    return first if isinstance(first, dict) else {}
