"""Regular expressions of forms and fields, as their editors and Python write them, on the machine whose time is bounded.

What both know is read here; what only a machine that goes back could do (back-references, looking ahead) is no pattern here.
`\\d`, `\\w` and `\\s` know every alphabet, as in Python: a Vietnamese name is made of letters.
"""

import re
from functools import lru_cache

from engine.errors import FeelBudgetExceeded
from engine.feel.regex import classes
from engine.feel.regex.classes import Predicate
from engine.feel.regex.machine import Pattern, is_word
from engine.feel.regex.syntax import BEGIN, CHAR, END, WORD, Program, Reader
from engine.feel.runtime import Limits, Misuse, Run

_LARGEST = 900  # instructions: with the longest text that a field may have, within what the machine takes
_ENOUGH = Limits(steps=4_000_000, seconds=2.0)
_HEXADECIMAL = {"x": 2, "u": 4}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}


_SETS: dict[str, Predicate] = {"d": str.isdecimal, "w": is_word, "s": str.isspace}
_SETS |= {name.upper(): classes.negated(holds) for name, holds in _SETS.items()}


def wrong_in(pattern: str) -> str | None:
    """Why *pattern* cannot be used to check what is entered; None when it can."""
    try:
        _compiled(pattern, False)
    except Misuse as exc:
        return exc.reason
    return None


def holds(pattern: str, text: str, *, whole: bool = False) -> bool:
    """Whether *pattern* matches *text* somewhere, or with *whole* all of it; False when that would take too long.

    One that `wrong_in` refuses, deployed before it was looked at, is left to Python.
    """
    try:
        machine = _compiled(pattern, whole)
    except Misuse:
        return (re.fullmatch if whole else re.search)(pattern, text) is not None
    try:
        return machine.search(Run("", limits=_ENOUGH), text) is not None
    except FeelBudgetExceeded:
        return False


@lru_cache(maxsize=512)
def _compiled(pattern: str, whole: bool) -> Pattern:
    reader = FormReader(f"^(?:{pattern})$" if whole else pattern, "")
    program = reader.program()
    if len(program) > _LARGEST:
        raise Misuse(f"`{pattern[:60]}` is too large: it repeats too much too often")
    return Pattern(program, 0, uses_back=False)


class FormReader(Reader):
    """One pattern on its way to a program; its groups only group."""

    def __init__(self, pattern: str, flags: str) -> None:
        super().__init__(pattern, flags)
        self.dot = lambda char: char != "\n"

    def _atom(self) -> Program:
        if self._peek() in ("]", "}"):
            return [(CHAR, self._exactly(self._take()), None)]
        return super()._atom()

    def _group(self) -> Program:
        if self._accept("?") and not self._accept(":"):
            self._accept("P")
            name, end, _ = self.text[self.at :].partition(">")
            if not end or not name.startswith("<") or not name[1:].isidentifier():
                raise self._wrong("looking ahead or behind, flags and the like are not known here")
            self.at += len(name) + 1
        code = self._branches()
        if not self._accept(")"):
            raise self._wrong("a missing `)`")
        return code

    def _escape(self) -> Program:
        match self._peek():
            case "b" | "B":
                return [(WORD, self._take() == "b", None)]
            case "A" | "Z":
                return [(BEGIN if self._take() == "A" else END, False, None)]
        found = self._escaped_here()
        return [(CHAR, self._exactly(found) if isinstance(found, str) else found, None)]

    def _escaped_here(self) -> str | Predicate:
        """A character, or a set of them, after a backslash."""
        char = self._take()
        if char in _SETS:
            return _SETS[char]
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char in _HEXADECIMAL:
            digits = "".join(self._take() for _ in range(_HEXADECIMAL[char]))
            if re.fullmatch("[0-9A-Fa-f]+", digits) is None:
                raise self._wrong(f"a wrong `\\{char}`")
            return chr(int(digits, 16))
        if char.isalnum():
            raise self._wrong(f"`\\{char}` is not known here")
        return char

    def _class(self) -> Predicate:
        negative = self._accept("^")
        parts: list[Predicate] = []
        while self._peek() != "]":
            parts.append(self._class_part(first=not parts))
        self._take()
        if not parts:
            raise self._wrong("an empty class; write `\\]` for the character")
        found = classes.one_of(parts)
        return classes.negated(found) if negative else found

    def _class_part(self, *, first: bool) -> Predicate:
        low = self._class_char()
        if self._peek() != "-" or self.text[self.at + 1 : self.at + 2] == "]":
            return self._exactly(low) if isinstance(low, str) else low
        self._take()
        high = self._class_char()
        if not isinstance(low, str) or not isinstance(high, str) or high < low:
            raise self._wrong("a wrong range; write `\\-` for the character")
        return classes.between(low, high)

    def _class_char(self) -> str | Predicate:
        char = self._take()
        return self._escaped_here() if char == "\\" else char
