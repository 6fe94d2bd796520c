"""An index over one column of a decision table: which rules a value can match, without asking each cell.

Cells that are constants, lists of constants, or one range of numbers are looked up; all others must be evaluated. Sets of
rules are integers, one bit for each rule.
"""

from bisect import bisect_left
from decimal import Decimal

from engine.feel import syntax
from engine.feel.temporals import Date

Key = tuple[type, object]
_INDEXED = (str, bool, Decimal, Date, type(None))


class Column:
    """One column's index; add every rule's cell, then `close` it."""

    __slots__ = ("_ends", "_events", "_exact", "_masks", "any", "asked", "unasked")

    def __init__(self) -> None:
        self.any = 0
        self.asked = 0
        self.unasked = 0
        self._exact: dict[Key, int] = {}
        self._events: list[tuple[int, Decimal | None, bool, Decimal | None, bool]] = []
        self._ends: list[Decimal] = []
        self._masks: list[int] = []

    def add(self, rule: int, cell: syntax.UnaryTests | None) -> None:
        """Take in the cell of a rule; None for a cell that can only be evaluated."""
        bit = 1 << rule
        if cell is not None and not cell.tests:
            self.any |= bit
            return
        keys = _keys(cell)
        if keys:
            for key in keys:
                self._exact[key] = self._exact.get(key, 0) | bit
            self.unasked |= bit
        elif (ends := _range(cell)) is not None:
            self._events.append((bit, *ends))
            self.unasked |= bit
        else:
            self.asked |= bit

    def close(self) -> None:
        """Lay out the ranges: a mask for each end and for each gap between two ends."""
        self._ends = sorted(
            {end for _, low, _, high, _ in self._events for end in (low, high) if end is not None}
        )
        changes = [0] * (2 * len(self._ends) + 2)
        for bit, low, low_closed, high, high_closed in self._events:
            start = 0 if low is None else 2 * bisect_left(self._ends, low) + (1 if low_closed else 2)
            stop = (
                len(changes) - 2
                if high is None
                else 2 * bisect_left(self._ends, high) + (1 if high_closed else 0)
            )
            if start <= stop:
                changes[start] ^= bit
                changes[stop + 1] ^= bit
        mask = 0
        for change in changes[:-1]:
            mask ^= change
            self._masks.append(mask)

    def look_up(self, value: object) -> tuple[int, int]:
        """The rules whose cells certainly accept the value, and those whose cells must be evaluated."""
        kind = type(value)
        if kind not in _INDEXED:
            return self.any, self.asked | self.unasked
        sure = self.any | self._exact.get((kind, value), 0)
        if isinstance(value, Decimal) and self._ends:
            at = bisect_left(self._ends, value)
            on_end = at < len(self._ends) and self._ends[at] == value
            sure |= self._masks[2 * at + (1 if on_end else 0)]
        return sure, self.asked


def _keys(cell: syntax.UnaryTests | None) -> list[Key] | None:
    """The constants that the cell lists, or None if it is anything else."""
    if cell is None or cell.negated:
        return None
    keys: list[Key] = []
    for test in cell.tests:
        node = test.operand if isinstance(test, syntax.Test) and test.op == "=" else test
        if not isinstance(node, syntax.Literal) or type(node.value) not in _INDEXED:
            return None
        keys.append((type(node.value), node.value))
    return keys


def _range(cell: syntax.UnaryTests | None) -> tuple[Decimal | None, bool, Decimal | None, bool] | None:
    """The ends of the one range of numbers that the cell is, or None."""
    if cell is None or cell.negated or len(cell.tests) != 1:
        return None
    test = cell.tests[0]
    if isinstance(test, syntax.Test) and test.op[0] in "<>":
        limit = _number(test.operand)
        if limit is None:
            return None
        closed = test.op.endswith("=")
        return (None, False, limit, closed) if test.op[0] == "<" else (limit, closed, None, False)
    if not isinstance(test, syntax.RangeLiteral):
        return None
    low, high = _number(test.low), _number(test.high)
    return None if low is None or high is None else (low, test.low_closed, high, test.high_closed)


def _number(node: syntax.Node) -> Decimal | None:
    if isinstance(node, syntax.Literal) and isinstance(node.value, Decimal):
        return node.value
    inner = _number(node.operand) if isinstance(node, syntax.Negation) else None
    return None if inner is None else inner.copy_negate()
