"""One evaluation while it runs: its budgets, clock, calendar, receiver of warnings, and the scopes of names.

Nothing here knows the syntax. Values are in `values`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn, Protocol

from engine.errors import FeelBudgetExceeded, FeelError

if TYPE_CHECKING:
    from engine.feel.types import Type

MISSING = object()
MAX_LEVELS = 64
TOO_DEEP = "calls and values are nested too deep"


class WorkingCalendar(Protocol):
    """The working days and hours that the calendar functions count by; moments are aware."""

    def add_working_days(self, start: datetime, days: int) -> datetime: ...

    def working_days_between(self, a: datetime, b: datetime) -> int: ...

    def add_working_hours(self, start: datetime, hours: Decimal) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Warning_:  # noqa: N801 - Warning is Python's own
    """Why a part of an expression is null: *line* and *column* count from 1 within the expression's text."""

    message: str
    line: int
    column: int
    code: str = "error"
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one evaluation may use: turns of loops and calls, levels of nested calls, items and characters of a value, time."""

    steps: int = 60_000
    depth: int = 600
    items: int = 50_000
    characters: int = 1_000_000
    seconds: float = 1.0


DEFAULT_LIMITS = Limits()


class Misuse(FeelError):
    """A built-in was given what it cannot work on; becomes null and a warning where it was called."""

    def __init__(self, reason: str) -> None:
        super().__init__(expression="", reason=reason)
        self.reason = reason


class Run:
    """The state of one evaluation."""

    __slots__ = (
        "calendar",
        "clock",
        "deadline",
        "depth",
        "limits",
        "now",
        "steps",
        "strict",
        "text",
        "trace",
        "types",
        "warn",
    )

    def __init__(  # noqa: PLR0917 - called positionally for speed
        self,
        text: str,
        clock: Callable[[], datetime] | None = None,
        calendar: WorkingCalendar | None = None,
        strict: bool = False,
        warn: Callable[[Warning_], None] | None = None,
        limits: Limits = DEFAULT_LIMITS,
        types: Mapping[str, Type] | None = None,
    ) -> None:
        self.text = text
        self.clock, self.calendar, self.strict, self.warn = clock, calendar, strict, warn
        self.limits, self.types = limits, types
        self.steps, self.depth, self.deadline = limits.steps, limits.depth, 0.0
        self.now: datetime | None = None
        self.trace: list[object] | None = None

    def fault(self, at: int, message: str, code: str = "error") -> None:
        """Record why the part at offset *at* is null; in strict mode raise instead.

        Raises:
            FeelError: in strict mode, unless the fault is only that something is missing.
        """
        if self.strict and code != "missing":
            line, column = place(self.text, at)
            raise FeelError(expression=self.text, reason=message, line=line, column=column)
        if self.warn is not None:
            line, column = place(self.text, at)
            self.warn(Warning_(message=message, line=line, column=column, code=code, text=self.text))

    def quietly(self, ask: Callable[[], object]) -> object:
        """What *ask* answers within this evaluation's budgets, but without warnings and never strictly."""
        strict, warn = self.strict, self.warn
        self.strict, self.warn = False, None
        try:
            return ask()
        finally:
            self.strict, self.warn = strict, warn

    def spend(self, steps: int = 1) -> None:
        """Use up *steps* of the budget.

        Raises:
            FeelBudgetExceeded: the steps or the time are used up.
        """
        before = self.steps
        self.steps = before - steps
        if self.steps < 0:
            self.exceeded(f"more than {self.limits.steps} steps")
        if before >> 8 != self.steps >> 8:
            self._check_time()

    def _check_time(self) -> None:
        now = time.monotonic()
        if not self.deadline:
            self.deadline = now + self.limits.seconds
        elif now > self.deadline:
            self.exceeded(f"more than {self.limits.seconds} seconds")

    def grown(self, items: int) -> None:
        """Account for a list of that many items before it is built."""
        if items > self.limits.items:
            self.exceeded(f"a list of more than {self.limits.items} items")
        self.spend((items >> 3) + 1)

    def scan(self, items: int) -> None:
        """Account for looking at that many items one by one."""
        self.spend((items >> 1) + 1)

    def weigh(self, value: object) -> None:
        """Account for walking through a list or context and all within it, which nothing else has bounded.

        Raises:
            FeelBudgetExceeded: it has too many parts, or more than 64 levels.
        """
        todo: list[tuple[object, int]] = [(value, MAX_LEVELS)]
        seen = 0
        while todo:
            part, levels = todo.pop()
            inner = part if isinstance(part, list) else part.values() if isinstance(part, dict) else ()
            seen += len(inner)
            if not levels and inner:
                self.exceeded(f"a value of more than {MAX_LEVELS} levels")
            if seen > 512:
                self.spend(seen * 3 >> 2)
                seen = 0
            todo += [(one, levels - 1) for one in inner if isinstance(one, list | dict)]
        self.spend((seen * 3 >> 2) + 1)

    def written(self, characters: int) -> None:
        """Account for a string of that many characters before it is built."""
        if characters > self.limits.characters:
            self.exceeded(f"a string of more than {self.limits.characters} characters")
        self.spend((characters >> 7) + 1)

    def exceeded(self, what: str) -> NoReturn:
        """Stop the evaluation.

        Raises:
            FeelBudgetExceeded: always.
        """
        raise FeelBudgetExceeded(expression=self.text[:200], reason=f"stopped: {what}")

    def moment(self) -> datetime:
        """The clock's time, the same during one evaluation.

        Raises:
            Misuse: no clock was handed in.
        """
        if self.now is None:
            if self.clock is None:
                raise Misuse("no clock was given to this evaluation")
            self.now = self.clock()
        return self.now


class Env:
    """The names that an expression sees: one scope and the one around it."""

    __slots__ = ("parent", "run", "vars")

    def __init__(self, names: Mapping[str, object], parent: Env | None, run: Run) -> None:
        self.vars, self.parent, self.run = names, parent, run


def place(text: str, at: int) -> tuple[int, int]:
    """Line and column, both from 1, of an offset in *text*."""
    line = text.count("\n", 0, at) + 1
    return line, at - (text.rfind("\n", 0, at) + 1) + 1
