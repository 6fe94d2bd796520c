"""Built-ins that make a number, string, duration or range of something else."""

from decimal import Decimal

from engine.feel.registry import builtin
from engine.feel.runtime import Misuse, Run
from engine.feel.temporal_math import months_between
from engine.feel.temporals import Date, DateTime, DaysTime, YearsMonths
from engine.feel.texts import read_duration, read_number, write, write_number
from engine.feel.values import Function, Range, norm


@builtin("number", "from: string", "grouping separator?: string~", "decimal separator?: string~", cost=4)
def number(text: str, grouping: str | None = None, point: str | None = None) -> Decimal:
    """The number that a string writes, with the separators it uses."""
    if grouping not in (None, " ", ",", ".") or point not in (None, ",", "."):
        raise Misuse("separators are a space, `,` or `.` for groups and `,` or `.` for decimals")
    if grouping is not None and grouping == point:
        raise Misuse("the two separators must differ")
    plain = text.replace(grouping, "") if grouping else text
    found = read_number(plain.replace(point, ".") if point else plain)
    if found is None:
        raise Misuse(f"`{text[:40]}` is no number")
    return found


@builtin("number", "from: number", cost=4)
def number_itself(value: Decimal) -> Decimal:
    """A number as it is."""
    return value


@builtin("string", "from: any", run=True, cost=3)
def string(run: Run, value: object) -> str | None:
    """The value as text; null stays null."""
    run.weigh(value)
    return None if value is None else text_of(run, value) if not isinstance(value, str) else value


def text_of(run: Run, value: object) -> str:
    """The text of a value as it stands within a list or context: strings in quotes."""
    value = norm(value)
    run.spend()
    if isinstance(value, str):
        run.written(len(value))
        return quote(value)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, Decimal):
        text = write_number(value)
        run.written(len(text))
        return text
    return _structure(run, value)


def _structure(run: Run, value: object) -> str:
    if isinstance(value, list):
        text = "[" + ", ".join(text_of(run, item) for item in value) + "]"
    elif isinstance(value, dict):
        text = (
            "{"
            + ", ".join(f"{_key_text(str(key))}: {text_of(run, item)}" for key, item in value.items())
            + "}"
        )
    elif isinstance(value, Range):
        text = range_text(run, value)
    elif isinstance(value, Function):
        text = f"function({', '.join(value.params)})"
    elif isinstance(value, Date | DateTime | DaysTime | YearsMonths) or hasattr(value, "zone"):
        text = write(value)  # type: ignore[arg-type]
    else:
        raise Misuse("a foreign object has no text")
    run.written(len(text))
    return text


def _key_text(key: str) -> str:
    """A key as a context writes it: in quotes where it could not be read otherwise."""
    return quote(key) if not key or any(char in '{}[]():,"' for char in key) else key


def quote(text: str) -> str:
    """The text as a string literal, its line ends and other characters as they are."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def range_text(run: Run, value: Range) -> str:
    """A range as FEEL writes it."""
    if value.op:
        return f"({value.op} {text_of(run, value.high if value.op[0] == '<' else value.low)})"
    ends = f"{text_of(run, value.low)}..{text_of(run, value.high)}"
    return f"{'[' if value.low_closed else '('}{ends}{']' if value.high_closed else ')'}"


@builtin("duration", "from: string", cost=5)
def duration(text: str) -> YearsMonths | DaysTime:
    """The duration that a string writes in ISO 8601."""
    found = read_duration(text)
    if found is None:
        raise Misuse(f"`{text[:40]}` is no duration")
    return found


@builtin("duration", "from: duration", cost=5)
def duration_itself(value: YearsMonths | DaysTime) -> YearsMonths | DaysTime:
    """A duration as it is."""
    return value


@builtin("range", "from: string", run=True, cost=100)
def range_from_text(run: Run, text: str) -> Range:
    """The range that a string writes, between two constants of one kind in ascending order."""
    from engine.feel.constants import read_range

    found = read_range(run, text)
    if found is None:
        raise Misuse(f"`{text[:40]}` is no range of two constants in ascending order")
    return found


@builtin("years and months duration", "from: date", "to: date", cost=3)
def years_and_months(start: Date | DateTime, end: Date | DateTime) -> YearsMonths:
    """Whole months between two dates."""
    first = start.date if isinstance(start, DateTime) else start
    return months_between(first, end.date if isinstance(end, DateTime) else end)
