"""How a list is sorted, and where it goes on: every order ends in the id, so that no two rows stand at the same place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Place: TypeAlias = Sequence[bool | int | str]
"""Where a row stands in an order, as it was when it was seen: its value by each key, the id last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What rows are put in order by: in SQL, its tables in braces (``{d}.due_at``), and *of* a row that was read."""

    sql: str
    type: str
    of: Callable[[Any], bool | int | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A list's order in SQL: *by* for ORDER BY; what follows the row with the id ``:after``, as it stands now, is *behind*,
    what follows a place is *beyond*, with the values of `values`."""

    by: str
    behind: str
    beyond: str

    @staticmethod
    def values(place: Place) -> dict[str, object]:
        return {f"place_{number}": value for number, value in enumerate(place)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorting:
    """What a list can be sorted by. *rows* is its FROM, *sorts* the keys of each sort, the last of them the row's id."""

    rows: str
    tables: Sequence[str]
    sorts: Mapping[str, Sequence[Key]]

    def place(self, sort: str, row: object) -> list[bool | int | str]:
        """Where *row* stands in the order called *sort*."""
        return [key.of(row) for key in self.sorts[sort.removeprefix("-")]]

    def order(self, sort: str) -> Order:
        """The order called *sort*, the name of one of the sorts; turned round with a minus before it."""
        down, keys = sort.startswith("-"), self.sorts[sort.removeprefix("-")]
        here = [key.sql.format_map({table: table for table in self.tables}) for key in keys]
        by, sign = ", ".join(f"{key} DESC" if down else key for key in here), "<" if down else ">"
        others = {table: f"after_{table}" for table in self.tables}
        there = [key.sql.format_map(others) for key in keys]
        last = f"(SELECT {', '.join(there)} FROM {self.rows.format_map(others)} WHERE {there[-1]} = :after)"
        given = [f"CAST(:place_{number} AS {key.type})" for number, key in enumerate(keys)]
        row = f"({', '.join(here)})"
        return Order(
            by=by,
            behind=f"{here[0]} {sign} :after" if len(keys) == 1 else f"{row} {sign} {last}",
            beyond=f"{row} {sign} ({', '.join(given)})",
        )
