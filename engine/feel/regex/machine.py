"""The machine that runs a pattern's program over a text, and what searching, splitting and replacing need of it.

It tries alternatives in the pattern's order, but never the same instruction at the same place twice, so that time is linear
in pattern times text; only back-references need more, and are held by the evaluation's budget.
"""

from collections.abc import Iterator
from functools import lru_cache

from engine.feel.regex.syntax import BACK, BEGIN, CHAR, END, JUMP, MATCH, SAVE, SPLIT, WORD, Program, Reader
from engine.feel.runtime import Misuse, Run

Groups = tuple[int | None, ...]
_MAX_CELLS = 4_000_000


class Pattern:
    """A pattern that was read; compile it by `pattern`."""

    __slots__ = ("groups", "program", "uses_back")

    def __init__(self, program: Program, groups: int, uses_back: bool) -> None:
        self.program, self.groups, self.uses_back = program, groups, uses_back

    def search(self, run: Run, text: str, start: int = 0) -> Groups | None:
        """Where the first match at or after *start* and its groups begin and end; None without a match.

        Raises:
            FeelBudgetExceeded: it took too many steps.
        """
        if len(self.program) * (len(text) + 1) > _MAX_CELLS:
            run.exceeded("a regular expression on too long a text")
        seen: set[object] = set()
        for at in range(start, len(text) + 1):
            found = self._match_at(run, text, at, seen)
            if found is not None:
                return found
        return None

    def matches(self, run: Run, text: str) -> Iterator[Groups]:
        """All matches from left to right, none empty.

        Raises:
            Misuse: the pattern matches the empty string.
            FeelBudgetExceeded: it took too many steps.
        """
        if self.search(run, "") is not None:
            raise Misuse("the pattern matches the empty string")
        at = 0
        while (found := self.search(run, text, at)) is not None:
            yield found
            at = found[1] or 0
            if found[0] == found[1]:
                at += 1

    def _match_at(self, run: Run, text: str, at: int, seen: set[object]) -> Groups | None:
        program, size = self.program, len(text)
        width = size + 1
        blank: Groups = (None,) * (2 * self.groups + 2)
        stack: list[tuple[int, int, Groups]] = [(0, at, blank)]
        steps = 0
        while stack:
            pc, pos, groups = stack.pop()
            while True:
                steps += 1
                if not steps & 63:
                    run.spend(96 if self.uses_back else 32)
                key: object = (pc, pos, groups) if self.uses_back else pc * width + pos
                if key in seen:
                    break
                seen.add(key)
                op, a, b = program[pc]
                if op == CHAR:
                    if pos >= size or not a(text[pos]):  # type: ignore[operator]
                        break
                    pc, pos = pc + 1, pos + 1
                elif op == SPLIT:
                    stack.append((pc + b, pos, groups))  # type: ignore[operator]
                    pc += a  # type: ignore[operator]
                elif op == MATCH:
                    return groups
                else:
                    moved = _step(program, pc, pos, text, groups)
                    if moved is None:
                        break
                    pc, pos, groups = moved
        run.spend(1 + (steps & 63) // 2)
        return None


def _step(program: Program, pc: int, pos: int, text: str, groups: Groups) -> tuple[int, int, Groups] | None:
    op, a, b = program[pc]
    if op == JUMP:
        return pc + a, pos, groups  # type: ignore[operator]
    if op == SAVE:
        return pc + 1, pos, _saved(groups, int(str(a)), pos)
    if op == BACK:
        end = _back(text, pos, groups, int(str(a)), bool(b))
        return None if end is None else (pc + 1, end, groups)
    return (pc + 1, pos, groups) if _stands(op, text, pos, bool(a)) else None


def _stands(op: int, text: str, pos: int, argument: bool) -> bool:
    """Whether the place *pos* is what *op* asks for: a beginning, an end, or (or not) the edge of a word."""
    if op == BEGIN:
        return _begins(text, pos, argument)
    if op == WORD:
        before, after = text[pos - 1 : pos] if pos else "", text[pos : pos + 1]
        return (is_word(before) != is_word(after)) == argument
    return op == END and _ends(text, pos, argument)


def is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _saved(groups: Groups, at: int, pos: int) -> Groups:
    return (*groups[:at], pos, *groups[at + 1 :])


def _begins(text: str, pos: int, multiline: bool) -> bool:
    return pos == 0 or (multiline and text[pos - 1] == "\n" and pos < len(text))


def _ends(text: str, pos: int, multiline: bool) -> bool:
    return pos == len(text) or (multiline and text[pos] == "\n")


def _back(text: str, pos: int, groups: Groups, number: int, ignore_case: bool) -> int | None:
    start, end = groups[2 * number], groups[2 * number + 1]
    if start is None or end is None:
        return pos
    wanted, found = text[start:end], text[pos : pos + end - start]
    same = wanted.casefold() == found.casefold() if ignore_case else wanted == found
    return pos + end - start if same else None


@lru_cache(maxsize=512)
def pattern(text: str, flags: str = "") -> Pattern:
    """The pattern with XPath's flags (s, m, i, x, q), ready to search.

    Raises:
        Misuse: the text is no XPath pattern, or a flag is unknown.
    """
    unknown = set(flags) - set("smixq")
    if unknown:
        raise Misuse(f"unknown flags `{''.join(sorted(unknown))}`: those of XPath are s, m, i, x and q")
    if len(text) > 4_000:
        raise Misuse("the pattern has more than 4,000 characters")
    if "q" in flags:
        text = "".join("\\" + char if char in "\\|.-^?*+{}()[]$" else char for char in text)
        flags = flags.replace("x", "")
    reader = Reader(text, flags)
    program = reader.program()
    return Pattern(program, reader.groups, reader.uses_back)
