"""Which rules of a decision table overlap, which can never match, and which inputs no rule answers.

Columns are compared as `segments`; cells that only an evaluation can tell are taken to match anything when gaps are sought,
and nothing when overlaps are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.models.decisions.segments import Segments

MAX_PAIRS, MAX_STEPS = 400, 20_000


@dataclass(frozen=True, slots=True)
class Coverage:
    """A table's columns, cut into segments; None for a column that cannot be."""

    columns: tuple[Segments | None, ...]
    rules: int

    def overlaps(self) -> Iterator[tuple[int, int]]:
        """Pairs of rules that certainly accept some input together; of tables with at most 400 rules."""
        if self.rules > MAX_PAIRS:
            return
        for first in range(self.rules):
            for second in range(first + 1, self.rules):
                if all(_meet(column, first, second) for column in self.columns):
                    yield first, second

    def hidden(self) -> Iterator[tuple[int, int]]:
        """Rules that an earlier one accepts every input of: (the later, the earlier)."""
        if self.rules > MAX_PAIRS:
            return
        for later in range(self.rules):
            for earlier in range(later):
                if all(_covers(column, earlier, later) for column in self.columns):
                    yield later, earlier
                    break

    def impossible(self) -> Iterator[int]:
        """Rules with a cell that accepts nothing."""
        for rule in range(self.rules):
            if any(column is not None and column.masks[rule] == 0 for column in self.columns):
                yield rule

    def gap(self) -> list[str] | None:
        """One combination of inputs that no rule answers, or None if there is none or it cannot be told."""
        if any(column is None or not column.complete for column in self.columns):
            return None
        columns = [column for column in self.columns if column is not None]
        return _Search(columns).find(0, (1 << self.rules) - 1) if columns else None


class _Search:
    """Walks the columns from left to right, with the rules that still match."""

    def __init__(self, columns: Sequence[Segments]) -> None:
        self.columns = columns
        self.accepting = [_by_segment(column) for column in columns]
        self.left = MAX_STEPS
        self.known: set[tuple[int, int]] = set()

    def find(self, index: int, rules: int) -> list[str] | None:
        if index == len(self.columns) or (index, rules) in self.known:
            return None
        for name, accepting in zip(self.columns[index].names, self.accepting[index], strict=True):
            self.left -= 1
            if self.left < 0:
                return None
            still = rules & accepting
            if not still:
                return [name, *("any" for _ in self.columns[index + 1 :])]
            deeper = self.find(index + 1, still)
            if deeper is not None:
                return [name, *deeper]
        self.known.add((index, rules))
        return None


def _by_segment(column: Segments) -> list[int]:
    """For each segment, the rules whose cell accepts it, or may."""
    always = 0
    out = [0] * len(column.names)
    for rule, mask in enumerate(column.masks):
        if mask is None or mask == column.all:
            always |= 1 << rule
            continue
        left = mask
        while left:
            low = left & -left
            out[low.bit_length() - 1] |= 1 << rule
            left ^= low
    return [rules | always for rules in out]


def _meet(column: Segments | None, first: int, second: int) -> bool:
    if column is None:
        return False
    a, b = column.masks[first], column.masks[second]
    return a is not None and b is not None and a & b != 0


def _covers(column: Segments | None, earlier: int, later: int) -> bool:
    if column is None:
        return False
    a, b = column.masks[earlier], column.masks[later]
    return a == column.all or (a is not None and b is not None and a | b == a)
