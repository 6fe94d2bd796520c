"""The notation of XPath's regular expressions, read into a program for the machine in `machine`.

A program is a list of instructions (operation, argument, argument). What is no XPath pattern is refused with a reason.
"""

from typing import TypeAlias

from engine.feel.regex import classes
from engine.feel.regex.classes import Predicate
from engine.feel.runtime import Misuse

MAX_PROGRAM = 4_000
CHAR, SPLIT, JUMP, SAVE, BEGIN, END, BACK, MATCH, WORD = range(9)
Instruction: TypeAlias = "tuple[int, object, object]"
Program: TypeAlias = "list[Instruction]"

_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", **{char: char for char in "\\|.-^?*+{}()[]$"}}


class Reader:
    """One pattern on its way to a program; afterwards *groups* is the number of its groups."""

    def __init__(self, pattern: str, flags: str) -> None:
        self.text = _without_spaces(pattern) if "x" in flags else pattern
        self.at = self.groups = 0
        self.closed: set[int] = set()
        self.ignore_case, self.multiline = "i" in flags, "m" in flags
        self.dot = classes.any_char if "s" in flags else classes.no_newline
        self.uses_back = False
        self.nesting = 0

    def program(self) -> Program:
        """The instructions of the whole pattern, its match saved as group 0.

        Raises:
            Misuse: the text is no XPath pattern, or too large.
        """
        body = self._branches()
        if self.at < len(self.text):
            raise self._wrong("an unmatched `)`")
        return [(SAVE, 0, None), *body, (SAVE, 1, None), (MATCH, None, None)]

    def _wrong(self, reason: str) -> Misuse:
        return Misuse(f"`{self.text[:60]}` is no regular expression: {reason} at position {self.at + 1}")

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _take(self) -> str:
        char = self._peek()
        if not char:
            raise self._wrong("an unexpected end")
        self.at += 1
        return char

    def _accept(self, text: str) -> bool:
        if self.text.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def _branches(self) -> Program:
        self.nesting += 1
        if self.nesting > 50:
            raise self._wrong("more than 50 groups within each other")
        code = self._sequence()
        while self._accept("|"):
            other = self._sequence()
            code = [(SPLIT, 1, len(code) + 2), *code, (JUMP, len(other) + 1, None), *other]
            self._check(code)
        self.nesting -= 1
        return code

    def _sequence(self) -> Program:
        code: Program = []
        while self._peek() not in ("", "|", ")"):
            code += self._quantified(self._atom())
            self._check(code)
        return code

    def _check(self, code: Program) -> None:
        if len(code) > MAX_PROGRAM:
            raise self._wrong(f"more than {MAX_PROGRAM} instructions")

    def _quantified(self, atom: Program) -> Program:
        low, high = self._quantifier()
        if (low, high) == (1, 1):
            return atom
        lazy = self._accept("?")
        if len(atom) * max(low, high or 0) > MAX_PROGRAM:
            raise self._wrong(f"more than {MAX_PROGRAM} instructions")
        code = atom * low
        if high is None:
            loop = [*atom, (JUMP, -len(atom) - 1, None)]
            return [*code, _split(len(loop) + 1, lazy), *loop]
        tail: Program = []
        for _ in range(high - low):
            tail = [_split(len(atom) + len(tail) + 1, lazy), *atom, *tail]
        return code + tail

    def _quantifier(self) -> tuple[int, int | None]:
        char = self._peek()
        if char and char in "?*+":
            self.at += 1
            return {"?": (0, 1), "*": (0, None), "+": (1, None)}[char]
        if char != "{":
            return 1, 1
        end = self.text.find("}", self.at)
        low, comma, high = self.text[self.at + 1 : end].partition(",")
        digits = [part for part in (low, high) if part]
        if (
            end < 0
            or not low
            or not all(part.isascii() and part.isdigit() and len(part) < 6 for part in digits)
        ):
            raise self._wrong("a wrong `{n,m}`")
        least, most = int(low), int(high) if high else None if comma else int(low)
        if most is not None and most < least:
            raise self._wrong("a quantity whose end is before its start")
        self.at = end + 1
        return least, most

    def _atom(self) -> Program:
        char = self._take()
        if char == "(":
            return self._group()
        if char == "[":
            return [(CHAR, self._class(), None)]
        if char in "?*+{":
            raise self._wrong(f"nothing before `{char}`")
        if char in "}]":
            raise self._wrong(f"an unmatched `{char}`")
        if char in "^$":
            return [(BEGIN if char == "^" else END, self.multiline, None)]
        if char == ".":
            return [(CHAR, self.dot, None)]
        if char == "\\":
            return self._escape()
        return [(CHAR, self._exactly(char), None)]

    def _exactly(self, char: str) -> Predicate:
        return classes.exactly(char, ignore_case=self.ignore_case)

    def _group(self) -> Program:
        if self._accept("?:"):
            code = self._branches()
            number = 0
        else:
            self.groups += 1
            number = self.groups
            code = [(SAVE, 2 * number, None), *self._branches(), (SAVE, 2 * number + 1, None)]
        if not self._accept(")"):
            raise self._wrong("a missing `)`")
        self.closed.add(number)
        return code

    def _escape(self) -> Program:
        if self._peek() in tuple("123456789"):
            return self._back_reference()
        return [(CHAR, self._escaped(), None)]

    def _back_reference(self) -> Program:
        number = int(self._take())
        while (
            self._peek().isascii()
            and self._peek().isdigit()
            and number * 10 + int(self._peek()) <= self.groups
        ):
            number = number * 10 + int(self._take())
        if number not in self.closed:
            raise self._wrong(f"no group {number} before")
        self.uses_back = True
        return [(BACK, number, self.ignore_case)]

    def _escaped(self) -> Predicate:
        char = self._take()
        if char in _PLAIN_ESCAPES:
            return self._exactly(_PLAIN_ESCAPES[char])
        if char in classes.ESCAPES:
            return classes.ESCAPES[char]
        if char in "pP" and self._accept("{"):
            end = self.text.find("}", self.at)
            found = classes.category(self.text[self.at : end]) if end > 0 else None
            if found is None:
                raise self._wrong("an unknown category")
            self.at = end + 1
            return classes.negated(found) if char == "P" else found
        raise self._wrong(f"an unknown escape `\\{char}`")

    def _class(self) -> Predicate:
        self.nesting += 1
        if self.nesting > 50:
            raise self._wrong("more than 50 classes within each other")
        negative = self._accept("^")
        parts: list[Predicate] = []
        without: Predicate | None = None
        while without is None and (self._peek() != "]" or not parts):
            if self._accept("-["):
                without = self._class()
            else:
                parts.append(self._class_part(first=not parts))
        if not self._accept("]"):
            raise self._wrong("a class that does not end after its subtraction")
        self.nesting -= 1
        found = classes.one_of(parts)
        found = classes.negated(found) if negative else found
        return classes.minus(found, without) if without else found

    def _class_part(self, *, first: bool) -> Predicate:
        char = self._take()
        if char == "\\" and self._peek() not in _PLAIN_ESCAPES:
            return self._escaped()
        if char in "[]" or (char == "-" and not first and self._peek() != "]"):
            raise self._wrong(f"a `{char}` that must be escaped")
        low = _PLAIN_ESCAPES[self._take()] if char == "\\" else char
        if self._peek() != "-" or self.text[self.at + 1 : self.at + 2] in ("]", "["):
            return self._exactly(low)
        self.at += 1
        char = self._take()
        high = _PLAIN_ESCAPES.get(self._take(), "") if char == "\\" else char
        if high < low:
            raise self._wrong("a range whose end is before its start")
        return classes.between(low, high, ignore_case=self.ignore_case)


def _split(over: int, lazy: bool) -> Instruction:
    return (SPLIT, over, 1) if lazy else (SPLIT, 1, over)


def _without_spaces(pattern: str) -> str:
    """The pattern without white space, except in classes."""
    out, depth, escaped = [], 0, False
    for char in pattern:
        if char in " \t\n\r" and not depth:
            continue
        out.append(char)
        if not escaped:
            depth += (char == "[") - (char == "]" and depth > 0)
        escaped = char == "\\" and not escaped
    return "".join(out)
