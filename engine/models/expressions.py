"""Expressions of models: FEEL compiled once, evaluated to JSON values.

The only place where models and the runtime touch `engine.feel`. A text that starts with ``=`` is FEEL, any
other is the literal text itself. What FEEL yields becomes JSON by one policy: whole numbers int, others
float, temporals text.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

from engine import feel
from engine.exchange.ports import Json

LEGAL = "working days after"

Names: TypeAlias = frozenset[str]
NO_NAMES: Names = frozenset()


@dataclass(frozen=True, slots=True)
class Moment:
    """When and by which calendar an expression is evaluated."""

    now: Callable[[], datetime]
    calendar: feel.WorkingCalendar | None = None


class Expression:
    """A compiled text; call `json` or `raw` with the names it may read."""

    __slots__ = ("_run", "functions", "literal", "names", "text")

    def __init__(self, text: str, names: Names) -> None:
        self.text = text
        self.literal = not text.startswith("=")
        self.functions: Names = NO_NAMES
        self.names: Names = NO_NAMES
        if not self.literal:
            self._run = feel.compile(text[1:], names)
            self.functions = frozenset(self._run.functions)
            self.names = frozenset(self._run.names)

    @property
    def legal(self) -> bool:
        """Whether it counts working days, so that its result depends on a calendar."""
        return LEGAL in self.functions

    def raw(self, context: Mapping[str, object], moment: Moment) -> object:
        """The FEEL value.

        Raises:
            FeelError: a misuse of types, an exhausted budget.
        """
        if self.literal:
            return self.text
        return self._run(context, clock=moment.now, calendar=moment.calendar, strict=True)

    def json(self, context: Mapping[str, object], moment: Moment) -> Json:
        """The value as JSON.

        Raises:
            FeelError: as `raw`; also a value that JSON cannot hold (a range, a function).
        """
        value: Json = feel.to_json(self.raw(context, moment))  # type: ignore[assignment]
        return value


@lru_cache(maxsize=4096)
def compiled(text: str, names: Names = NO_NAMES) -> Expression:
    """*text* compiled with the long names known around it.

    Raises:
        FeelSyntaxError: with line and column.
    """
    return Expression(text, names)
