"""FEEL's types: whether a value is of one, and how it is made to fit where one is declared.

A type may be named by a model (`tAddress`); such names are looked up when a value meets them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from engine.feel.syntax import TypeRef
from engine.feel.temporals import Date, DateTime, DaysTime, Time, YearsMonths
from engine.feel.values import Function, Range, norm

if TYPE_CHECKING:
    from engine.feel.runtime import Run

LEVELS = 4
"""How many levels of two types are compared; types may hold themselves."""


class Type(Protocol):
    """What a declared type can be asked."""

    def has(self, value: object, within: "Run | None" = None) -> bool:
        """Whether the value, never null, is of this type, and in an evaluation also within the type's constraints.

        The evaluation's budgets pay for asking them.
        """
        ...

    def accepts(self, other: "Type", levels: int = LEVELS) -> bool:
        """Whether every value of the other type is of this one."""
        ...


@dataclass(frozen=True, slots=True)
class Simple:
    """A type without parts, such as `number`."""

    name: str

    def has(self, value: object, within: "Run | None" = None) -> bool:
        """Whether the value is of this type."""
        return _SIMPLE[self.name](value)

    def accepts(self, other: Type, levels: int = LEVELS) -> bool:
        """Whether the other type is the same, or narrower."""
        if self.name == "Any" or other in (self, NULL, UNKNOWN):
            return True
        parts = {"list": ListOf, "context": ContextOf, "function": FunctionOf, "range": RangeOf}.get(
            self.name
        )
        return parts is not None and isinstance(other, parts)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list whose items are of one type."""

    item: Type

    def has(self, value: object, within: "Run | None" = None) -> bool:
        """Whether the value is such a list; null items fit every type."""
        if not isinstance(value, list):
            return False
        for item in value:
            found = norm(item)
            if found is not None and not self.item.has(found, within):
                return False
        return True

    def accepts(self, other: Type, levels: int = LEVELS) -> bool:
        """Whether the other is a list of narrower items."""
        return other in (NULL, UNKNOWN) or (
            isinstance(other, ListOf) and self.item.accepts(other.item, levels - 1)
        )


@dataclass(frozen=True, slots=True)
class RangeOf:
    """A range between ends of one type."""

    end: Type

    def has(self, value: object, within: "Run | None" = None) -> bool:
        """Whether the value is such a range."""
        if not isinstance(value, Range) or (value.low is None and value.high is None):
            return False
        return all(fits(end, self.end, within) for end in (value.low, value.high))

    def accepts(self, other: Type, levels: int = LEVELS) -> bool:
        """Whether the other is a range of narrower ends."""
        return other in (NULL, UNKNOWN) or (
            isinstance(other, RangeOf) and self.end.accepts(other.end, levels - 1)
        )


@dataclass(frozen=True, slots=True)
class ContextOf:
    """A context that has at least these entries."""

    fields: tuple[tuple[str, Type], ...]

    def has(self, value: object, within: "Run | None" = None) -> bool:
        """Whether the value is such a context."""
        if not isinstance(value, dict):
            return False
        for name, kind in self.fields:
            if name not in value:
                return False
            found = norm(value[name])
            if found is not None and not kind.has(found, within):
                return False
        return True

    def accepts(self, other: Type, levels: int = LEVELS) -> bool:
        """Whether the other has these entries, each of a narrower type."""
        if not isinstance(other, ContextOf):
            return other in (NULL, UNKNOWN)
        theirs = dict(other.fields)
        return all(name in theirs and kind.accepts(theirs[name], levels - 1) for name, kind in self.fields)


@dataclass(frozen=True, slots=True)
class FunctionOf:
    """A function by its parameters and result."""

    params: tuple[Type, ...]
    result: Type

    def has(self, value: object, within: "Run | None" = None) -> bool:
        """Whether the value is a function that can stand for one of this type."""
        return isinstance(value, Function) and self.accepts(type_of(value))

    def accepts(self, other: Type, levels: int = LEVELS) -> bool:
        """Whether the other takes at least these arguments and answers with a narrower result."""
        if not isinstance(other, FunctionOf) or len(other.params) != len(self.params):
            return other in (NULL, UNKNOWN)
        wider = all(
            theirs.accepts(ours, levels - 1) for ours, theirs in zip(self.params, other.params, strict=True)
        )
        return wider and self.result.accepts(other.result, levels - 1)


_SIMPLE: dict[str, Callable[[object], bool]] = {
    "Any": lambda value: True,
    "unknown": lambda value: True,
    "Null": lambda value: value is None,
    "number": lambda value: isinstance(value, Decimal),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "date": lambda value: isinstance(value, Date),
    "time": lambda value: isinstance(value, Time),
    "date and time": lambda value: isinstance(value, DateTime),
    "days and time duration": lambda value: isinstance(value, DaysTime),
    "years and months duration": lambda value: isinstance(value, YearsMonths),
    "duration": lambda value: isinstance(value, DaysTime | YearsMonths),
    "list": lambda value: isinstance(value, list),
    "context": lambda value: isinstance(value, dict),
    "function": lambda value: isinstance(value, Function),
    "range": lambda value: isinstance(value, Range),
}
_OTHER_NAMES = {
    "dateTime": "date and time",
    "dayTimeDuration": "days and time duration",
    "day time duration": "days and time duration",
    "yearMonthDuration": "years and months duration",
    "any": "Any",
    "integer": "number",
    "double": "number",
    "long": "number",
}
NULL = Simple("Null")
ANY = Simple("Any")
UNKNOWN = Simple("unknown")
"""The result of a function that declares none: it may turn out to be anything."""


def fits(value: object, kind: Type, within: "Run | None" = None) -> bool:
    """Whether a value may stand where that type is declared; null fits everywhere."""
    value = norm(value)
    return value is None or kind.has(value, within)


def simple(name: str) -> Simple | None:
    """The type of that name, in FEEL's or DMN's spelling; None where no such type exists."""
    name = _OTHER_NAMES.get(name, name)
    return Simple(name) if name in _SIMPLE and name != "unknown" else None


def resolve(ref: TypeRef, named: Mapping[str, Type] | None) -> Type | None:
    """The type that a notation means; None where it names one that nobody knows."""
    args = [resolve(arg, named) for arg in ref.args]
    result = resolve(ref.result, named) if ref.result else ANY
    known = [arg for arg in args if arg is not None]
    if len(known) < len(args) or result is None:
        return None
    if ref.result:
        return FunctionOf(tuple(known), result)
    if ref.name == "context" and ref.fields:
        return ContextOf(tuple(zip(ref.fields, known, strict=True)))
    if known:
        return ListOf(known[0]) if ref.name == "list" else RangeOf(known[0])
    return (named or {}).get(ref.name) or simple(ref.name)


def type_of(value: object) -> Type:
    """The narrowest type of a value."""
    if isinstance(value, Function):
        return FunctionOf(
            tuple(kind or ANY for kind in value.types) or (ANY,) * len(value.params), value.result or UNKNOWN
        )
    return next(
        (Simple(name) for name, test in _SIMPLE.items() if name not in ("Any", "unknown") and test(value)),
        ANY,
    )


def coerce(value: object, kind: Type, run: "Run") -> tuple[object, bool]:
    """The value made to fit the type, and whether it could be: one-item lists open or close, dates get midnight.

    The evaluation *run* pays for walking through lists and contexts and for the type's constraints.
    """
    value = norm(value)
    if isinstance(value, list | dict):
        run.weigh(value)
    if value is None or kind.has(value, run):
        return value, True
    if isinstance(value, list) and len(value) == 1 and fits(value[0], kind, run):
        return norm(value[0]), True
    if kind.has([value], run) and kind != ANY:
        return [value], True
    if isinstance(value, Date) and kind == Simple("date and time"):
        return DateTime(value, 0, 0), True
    return None, False
