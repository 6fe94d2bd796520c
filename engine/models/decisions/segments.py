"""A column of conditions cut into segments: values that no cell of the column tells apart.

A cell is the set of segments that it accepts, one bit each. `coverage` asks these sets for overlaps and gaps.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.feel import syntax, texts
from engine.feel.printing import quoted

Cell = syntax.UnaryTests


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of one column: what each is called, and whether all values of the column's type are in them.

    *masks* holds the segments of each cell, None for a cell that only an evaluation can tell.
    """

    names: tuple[str, ...]
    masks: tuple[int | None, ...]
    complete: bool

    @property
    def all(self) -> int:
        """Every segment."""
        return (1 << len(self.names)) - 1


def cut(cells: Sequence[Cell | None], type_name: str, domain: Sequence[object] = ()) -> Segments | None:
    """The segments of a column whose values are of that type, or among *domain* if given; None if they are not known."""
    if type_name == "boolean":
        return _enumerated(cells, [True, False], complete=True)
    if domain:
        return _enumerated(cells, list(domain), complete=True)
    if type_name == "number":
        return _numbers(cells)
    if type_name == "string":
        found = {value for cell in cells for value in _constants(cell) if isinstance(value, str)}
        return _enumerated(cells, list[object](sorted(found)), complete=False)
    return None


def _constants(cell: Cell | None) -> list[object]:
    tests = cell.tests if cell is not None else ()
    return [test.value for test in tests if isinstance(test, syntax.Literal)]


def _enumerated(cells: Sequence[Cell | None], values: list[object], *, complete: bool) -> Segments:
    names = [_shown(value) for value in values]
    masks = [_enumerated_mask(cell, values, complete) for cell in cells]
    return Segments(tuple(names if complete else [*names, "any other"]), tuple(masks), complete)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return texts.write_number(value)
    return quoted(value) if isinstance(value, str) else str(value)


def _enumerated_mask(cell: Cell | None, values: list[object], complete: bool) -> int | None:
    everything = (1 << len(values) + (not complete)) - 1
    if cell is None:
        return None
    if not cell.tests:
        return everything
    mask = 0
    for test in cell.tests:
        node = test.operand if isinstance(test, syntax.Test) and test.op == "=" else test
        if not isinstance(node, syntax.Literal) or node.value is None:
            return None
        at = next(
            (
                at
                for at, value in enumerate(values)
                if value == node.value and type(value) is type(node.value)
            ),
            -1,
        )
        mask |= 1 << at if at >= 0 else 0
    return everything & ~mask if cell.negated else mask


def _numbers(cells: Sequence[Cell | None]) -> Segments:
    """Segments of the number line: below the first end, each end, each gap between two, above the last."""
    spans = [_spans(cell) for cell in cells]
    ends = sorted(
        {end for cell in spans for low, _, high, _ in cell or () for end in (low, high) if end is not None}
    )
    everything = (1 << 2 * len(ends) + 1) - 1
    masks: list[int | None] = []
    for cell, parts in zip(cells, spans, strict=True):
        if parts is None or cell is None:
            masks.append(None)
            continue
        mask = everything if not cell.tests else 0
        for low, low_closed, high, high_closed in parts:
            mask |= _span_mask(ends, low, low_closed, high, high_closed)
        masks.append(everything & ~mask if cell.negated else mask)
    return Segments(tuple(_line(ends)), tuple(masks), complete=True)


def _line(ends: list[Decimal]) -> list[str]:
    texts_ = [texts.write_number(end) for end in ends]
    if not texts_:
        return ["any number"]
    names = [f"< {texts_[0]}"]
    for at, text in enumerate(texts_):
        names.append(text)
        names.append(f"({text}..{texts_[at + 1]})" if at + 1 < len(texts_) else f"> {text}")
    return names


Span = tuple[Decimal | None, bool, Decimal | None, bool]


def _span_mask(ends: list[Decimal], *span: object) -> int:
    low, low_closed, high, high_closed = span
    start = 2 * bisect_left(ends, low) + (1 if low_closed else 2) if isinstance(low, Decimal) else 0
    stop = (
        2 * bisect_left(ends, high) + (1 if high_closed else 0)
        if isinstance(high, Decimal)
        else 2 * len(ends)
    )
    return ((1 << stop + 1) - 1) & ~((1 << start) - 1) if start <= stop else 0


def _spans(cell: Cell | None) -> list[Span] | None:
    if cell is None:
        return None
    out = []
    for test in cell.tests:
        span = _span(test)
        if span is None:
            return None
        out.append(span)
    return out


def _span(test: syntax.Node) -> Span | None:
    if isinstance(test, syntax.RangeLiteral):
        low, high = number(test.low), number(test.high)
        return None if low is None or high is None else (low, test.low_closed, high, test.high_closed)
    if isinstance(test, syntax.Test):
        limit = number(test.operand)
        if limit is None or test.op == "!=":
            return None
        below, above = test.op[0] in "<", test.op[0] in ">"
        closed = test.op.endswith("=")
        return (
            None if below else limit,
            closed and not below,
            None if above else limit,
            closed and not above,
        )
    value = number(test)
    return None if value is None else (value, True, value, True)


def number(node: syntax.Node) -> Decimal | None:
    """The number that a literal, negated or not, writes."""
    if isinstance(node, syntax.Literal):
        return node.value if isinstance(node.value, Decimal) else None
    inner = number(node.operand) if isinstance(node, syntax.Negation) else None
    return None if inner is None else inner.copy_negate()
