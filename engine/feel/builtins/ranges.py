"""Built-ins that ask how points and ranges lie to each other."""

from engine.feel.comparison import both, equal, inside, less
from engine.feel.registry import builtin
from engine.feel.runtime import Misuse, Run
from engine.feel.values import Range


def _known(found: bool | None) -> bool:
    if found is None:
        raise Misuse("the two cannot be compared with each other")
    return found


def _range(value: object) -> Range:
    if not isinstance(value, Range):
        raise Misuse("a range is needed")
    return value


def _same(a: object, b: object) -> bool:
    return equal(a, b) is True


def _less(a: object, b: object) -> bool:
    return _known(less(a, b))


@builtin("before", "point1: any", "point2: any")
@builtin("before", "range1: any", "range2: any")
@builtin("before", "point: any", "range: any")
@builtin("before", "range: any", "point: any")
def before(a: object, b: object) -> bool:
    """Whether the first lies wholly before the second."""
    high, high_closed = (a.high, a.high_closed) if isinstance(a, Range) else (a, True)
    low, low_closed = (b.low, b.low_closed) if isinstance(b, Range) else (b, True)
    return _less(high, low) or (_same(high, low) and not (high_closed and low_closed))


@builtin("after", "point1: any", "point2: any")
@builtin("after", "range1: any", "range2: any")
@builtin("after", "point: any", "range: any")
@builtin("after", "range: any", "point: any")
def after(a: object, b: object) -> bool:
    """Whether the first lies wholly after the second."""
    return before(b, a)


@builtin("meets", "range1: range", "range2: range")
def meets(a: Range, b: Range) -> bool:
    """Whether the second begins with the value at which the first ends."""
    _less(a.high, b.low)
    return a.high_closed and b.low_closed and _same(a.high, b.low)


@builtin("met by", "range1: range", "range2: range")
def met_by(a: Range, b: Range) -> bool:
    """Whether the first begins with the value at which the second ends."""
    return meets(b, a)


@builtin("overlaps", "range1: range", "range2: range")
def overlaps(a: Range, b: Range) -> bool:
    """Whether the two have a value in common."""
    return not before(a, b) and not before(b, a)


def _starts_before(a: Range, b: Range) -> bool:
    return _less(a.low, b.low) or (_same(a.low, b.low) and a.low_closed and not b.low_closed)


def _ends_before(a: Range, b: Range) -> bool:
    return _less(a.high, b.high) or (_same(a.high, b.high) and not a.high_closed and b.high_closed)


@builtin("overlaps before", "range1: range", "range2: range")
def overlaps_before(a: Range, b: Range) -> bool:
    """Whether the first begins before the second and ends within it."""
    return _starts_before(a, b) and not before(a, b) and not _ends_before(b, a)


@builtin("overlaps after", "range1: range", "range2: range")
def overlaps_after(a: Range, b: Range) -> bool:
    """Whether the first begins within the second and does not end before it."""
    return _starts_before(b, a) and not before(b, a) and not _ends_before(a, b)


@builtin("finishes", "point: any", "range: range")
@builtin("finishes", "range1: any", "range2: range")
def finishes(a: object, b: Range) -> bool:
    """Whether the point or range ends the range."""
    if not isinstance(a, Range):
        _less(a, b.high)
        return b.high_closed and _same(a, b.high)
    _less(a.high, b.high)
    return _same(a.high, b.high) and a.high_closed == b.high_closed and not _starts_before(a, b)


@builtin("finished by", "range: range", "point: any")
@builtin("finished by", "range1: range", "range2: any")
def finished_by(a: Range, b: object) -> bool:
    """Whether the range ends with the point or range."""
    return finishes(b, a)


@builtin("includes", "range: range", "point: any")
@builtin("includes", "range1: range", "range2: any")
def includes(a: Range, b: object) -> bool:
    """Whether the range holds the point, or every value of the other range."""
    if not isinstance(b, Range):
        return _known(inside(b, a))
    return not _starts_before(b, a) and not _ends_before(a, b)


@builtin("during", "point: any", "range: range")
@builtin("during", "range1: any", "range2: range")
def during(a: object, b: Range) -> bool:
    """Whether the point or range lies within the range."""
    return includes(b, a)


@builtin("starts", "point: any", "range: range")
@builtin("starts", "range1: any", "range2: range")
def starts(a: object, b: Range) -> bool:
    """Whether the point or range begins the range."""
    if not isinstance(a, Range):
        _less(a, b.low)
        return b.low_closed and _same(a, b.low)
    _less(a.low, b.low)
    return _same(a.low, b.low) and a.low_closed == b.low_closed and not _ends_before(b, a)


@builtin("started by", "range: range", "point: any")
@builtin("started by", "range1: range", "range2: any")
def started_by(a: Range, b: object) -> bool:
    """Whether the range begins with the point or range."""
    return starts(b, a)


@builtin("coincides", "point1: any", "point2: any", run=True)
@builtin("coincides", "range1: any", "range2: any", run=True)
def coincides(run: Run, a: object, b: object) -> bool:
    """Whether two points or two ranges are the same."""
    if a is None or b is None:
        raise Misuse("an argument is null")
    if isinstance(a, Range) != isinstance(b, Range):
        raise Misuse("a point never coincides with a range")
    run.weigh(a)
    return _known(both(equal(a, b), True))
