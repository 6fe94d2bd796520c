"""The one policy by which values travel to and from JSON, and their lexical form for test runners and forms.

In: numbers become Decimal, everything else stays. Out: see `to_json`. Contexts are usable without any of this.
"""

from collections.abc import Mapping
from decimal import Decimal

from engine.errors import FeelError
from engine.feel import texts
from engine.feel.temporals import Date, DateTime, DaysTime, Time, YearsMonths
from engine.feel.values import Function, Range, kind_of, norm

type_names = {
    "years and months duration": "duration",
    "days and time duration": "duration",
    "date and time": "dateTime",
}
MAX_DEPTH, MAX_PARTS = 200, 2_000_000


class _Walk:
    """Counts the parts of a value on its way to or from JSON."""

    def __init__(self) -> None:
        self.left = MAX_PARTS

    def into(self, levels: int) -> None:
        """Go one part further and one level deeper.

        Raises:
            FeelError: there were too many of either.
        """
        self.left -= 1
        if levels < 0 or self.left < 0:
            raise FeelError(
                expression="", reason=f"a value of more than {MAX_DEPTH} levels or {MAX_PARTS} parts"
            )

    def read(self, value: object, levels: int) -> object:
        self.into(levels)
        if isinstance(value, Mapping):
            return {str(key): self.read(item, levels - 1) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.read(item, levels - 1) for item in value]
        return norm(value)

    def write(self, value: object, levels: int) -> object:
        self.into(levels)
        value = norm(value)
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, Decimal):
            return number_to_json(value)
        if isinstance(value, list):
            return [self.write(item, levels - 1) for item in value]
        if isinstance(value, dict):
            return {str(key): self.write(item, levels - 1) for key, item in value.items()}
        return _text(value)


def from_json(value: object) -> object:
    """The FEEL value of parsed JSON, every number exact and every level converted.

    Raises:
        FeelError: more than 200 levels or 2,000,000 parts.
    """
    return _Walk().read(value, MAX_DEPTH)


def to_json(value: object) -> object:
    """What `json.dumps` takes: a whole number is an int, another a float if that float reads back as the same digits,
    else a string of its digits; temporals are ISO 8601 text; a range is its FEEL text; lists and contexts are walked.

    Raises:
        FeelError: the value holds a function, or has more than 200 levels or 2,000,000 parts.
    """
    return _Walk().write(value, MAX_DEPTH)


def number_to_json(value: Decimal) -> int | float | str:
    """A number as JSON keeps it exactly: int, float or a string of its digits."""
    if value == value.to_integral_value() and abs(value) < Decimal("1e34"):
        return int(value)
    approximation = float(value)
    return approximation if Decimal(repr(approximation)) == value else texts.write_number(value)


def _text(value: object) -> str:
    if isinstance(value, Date | Time | DateTime | DaysTime | YearsMonths):
        return texts.write(value)
    if isinstance(value, Range):
        ends = f"{to_json(value.low)}..{to_json(value.high)}"
        return f"{'[' if value.low_closed else '('}{ends}{']' if value.high_closed else ')'}"
    what = "a function" if isinstance(value, Function) else kind_of(value)
    raise FeelError(expression="", reason=f"{what} cannot be written as JSON")


def from_lexical(kind: str, text: str) -> object:
    """The value of a lexical form; kinds are number, string, boolean, date, time, dateTime and duration.

    Raises:
        FeelError: the text is no such value, or there is no such kind.
    """
    if kind == "string":
        return text
    text = text.strip()
    readers = {
        "number": texts.read_number,
        "date": texts.read_date,
        "time": texts.read_time,
        "dateTime": texts.read_date_time,
        "duration": texts.read_duration,
    }
    found = {"true": True, "false": False, "1": True, "0": False}.get(text) if kind == "boolean" else None
    if kind in readers:
        found = readers[kind](text)  # type: ignore[assignment]
    if found is None:
        raise FeelError(expression=text[:80], reason=f"this is no {kind}")
    return found


def lexical(value: object) -> tuple[str, str]:
    """The kind and the lexical form of a value; the kinds of `from_lexical`, and list, context, range, function, null.

    Only the former have a text that reads back.
    """
    value = norm(value)
    if isinstance(value, bool):
        return "boolean", "true" if value else "false"
    if isinstance(value, str):
        return "string", value
    if isinstance(value, Decimal):
        return "number", texts.write_number(value)
    kind = kind_of(value)
    if isinstance(value, Date | Time | DateTime | DaysTime | YearsMonths):
        return type_names.get(kind, kind), texts.write(value)
    return kind, ""
