"""How a list is sorted, and where it goes on: every order ends in the id, so that a row's id is enough to go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A list's order in SQL: *by* for ORDER BY, *behind* the clause for what follows the row with the id ``:after``."""

    by: str
    behind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorting:
    """What a list can be sorted by.

    *rows* is its FROM and *sorts* the expressions of each sort, the last of them the row's id; tables are named in braces:
    ``{d}.due_at``.
    """

    rows: str
    tables: Sequence[str]
    sorts: Mapping[str, Sequence[str]]

    @property
    def names(self) -> tuple[str, ...]:
        """Every sort, and with a minus before it the same turned round."""
        return tuple(name for one in self.sorts for name in (one, f"-{one}"))

    def order(self, sort: str) -> Order:
        """The order called *sort*, one of `names`."""
        down, keys = sort.startswith("-"), self.sorts[sort.removeprefix("-")]
        here = [key.format_map({table: table for table in self.tables}) for key in keys]
        by, sign = ", ".join(f"{key} DESC" if down else key for key in here), "<" if down else ">"
        if len(keys) == 1:
            return Order(by=by, behind=f"{here[0]} {sign} :after")
        others = {table: f"after_{table}" for table in self.tables}
        there = [key.format_map(others) for key in keys]
        last = f"(SELECT {', '.join(there)} FROM {self.rows.format_map(others)} WHERE {there[-1]} = :after)"
        return Order(by=by, behind=f"({', '.join(here)}) {sign} {last}")
