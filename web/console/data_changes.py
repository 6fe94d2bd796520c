"""How a dossier's data changed from step to step, as a page tells it: which places, and their values to who asked for one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.exchange.ports import Json
from engine.queries.data_changes import DataChange
from web import masking


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedPlace:
    """One place of the data before and after an event; *name* is what one asks to see it by. Empty: there was nothing."""

    name: str
    at: datetime | None
    seq: int
    kind: str
    elements: tuple[str, ...]
    path: str
    before: str
    after: str
    large: bool


def places(changes: Sequence[DataChange], seen: str | None) -> list[ChangedPlace]:
    """Every place that differs; values hidden but those of the place named *seen*."""
    return [place for change in changes for place in _places(change, seen)]


def _places(change: DataChange, seen: str | None) -> Iterator[ChangedPlace]:
    before, after = _leaves(change.field, change.before), _leaves(change.field, change.after)
    paths = [path for path in before | after if before.get(path) != after.get(path)]
    for path in paths if not change.large else [change.field]:
        name = f"data@{change.seq}.{path}"
        values = before.get(path, ""), after.get(path, "")
        shown = values if name == seen else tuple(masking.HIDDEN if value else "" for value in values)
        yield ChangedPlace(
            name=name,
            at=change.at,
            seq=change.seq,
            kind=change.kind,
            elements=change.elements,
            path=path,
            before=shown[0],
            after=shown[1],
            large=change.large,
        )


def _leaves(field: str, value: Json) -> dict[str, str]:
    return {} if value is None else dict(masking.fields(value, field))
