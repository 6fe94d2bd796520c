"""Built-ins on strings, which are sequences of code points. Regular expressions are in `patterns`."""

from decimal import Decimal

from engine.feel.registry import builtin
from engine.feel.runtime import Misuse, Run
from engine.feel.values import as_list, kind_of, norm


def whole(number: Decimal, name: str) -> int:
    """The integer part of a number that counts something.

    Raises:
        Misuse: the number is beyond any count.
    """
    if abs(number) > 10**15:
        raise Misuse(f"argument `{name}` is {number}: too large")
    return int(number)


@builtin("substring", "string: string", "start position: number", "length?: number~")
def substring(text: str, start: Decimal, length: Decimal | None = None) -> str:
    """The part from a position counted from 1, or from the end if negative."""
    first = whole(start, "start position")
    if first == 0 or abs(first) > len(text):
        raise Misuse(f"position {first} is outside a string of {len(text)} characters")
    begin = first - 1 if first > 0 else len(text) + first
    if length is None:
        return text[begin:]
    size = whole(length, "length")
    if size < 1:
        raise Misuse("argument `length` must be at least 1")
    return text[begin : begin + size]


@builtin("string length", "string: string")
def string_length(text: str) -> Decimal:
    """The number of code points."""
    return Decimal(len(text))


@builtin("upper case", "string: string")
def upper_case(text: str) -> str:
    """The string in capitals."""
    return text.upper()


@builtin("lower case", "string: string")
def lower_case(text: str) -> str:
    """The string in small letters."""
    return text.lower()


@builtin("substring before", "string: string", "match: string")
def substring_before(text: str, match: str) -> str:
    """What stands before the first match; empty without one."""
    head, found, _ = text.partition(match) if match else ("", "", "")
    return head if found else ""


@builtin("substring after", "string: string", "match: string")
def substring_after(text: str, match: str) -> str:
    """What stands after the first match; empty without one."""
    return text.partition(match)[2] if match else text


@builtin("contains", "string: string", "match: string")
def contains(text: str, match: str) -> bool:
    """Whether the match stands in the string."""
    return match in text


@builtin("starts with", "string: string", "match: string")
def starts_with(text: str, match: str) -> bool:
    """Whether the string begins with the match."""
    return text.startswith(match)


@builtin("ends with", "string: string", "match: string")
def ends_with(text: str, match: str) -> bool:
    """Whether the string ends with the match."""
    return text.endswith(match)


@builtin("string join", "list: list", "delimiter?: string~", run=True)
def string_join(run: Run, items: list[object], delimiter: str | None = None) -> str:
    """The strings of a list in one, nulls left out."""
    run.scan(len(items))
    texts = [norm(item) for item in items if item is not None]
    for text in texts:
        if not isinstance(text, str):
            raise Misuse(f"the list holds {kind_of(text)}, not only strings")
    words = [text for text in texts if isinstance(text, str)]
    run.written(sum(map(len, words)) + len(delimiter or "") * len(words))
    return (delimiter or "").join(words)


@builtin("trim", "string: string")
def trim(text: str) -> str:
    """The string without white space at its ends (Camunda's addition)."""
    return text.strip()


@builtin("is empty", "list: any")
def is_empty(value: object) -> bool:
    """Whether a list, context or string holds nothing (Camunda's addition)."""
    return value in ("", {}, []) if isinstance(value, str | dict | list) else not as_list(value)
