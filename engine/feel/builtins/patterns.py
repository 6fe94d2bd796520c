"""Built-ins with regular expressions in XPath's flavour: matching, replacing, splitting, extracting."""

from engine.feel.regex.machine import Groups, pattern
from engine.feel.registry import builtin
from engine.feel.runtime import Misuse, Run


@builtin("matches", "input: string", "pattern: string", "flags?: string~", run=True)
def matches(run: Run, text: str, expression: str, flags: str | None = None) -> bool:
    """Whether the pattern matches anywhere in the string."""
    return pattern(expression, flags or "").search(run, text) is not None


@builtin("replace", "input: string", "pattern: string", "replacement: string", "flags?: string~", run=True)
def replace(run: Run, text: str, expression: str, replacement: str, flags: str | None = None) -> str:
    """The string with every match replaced; `$1` stands for the first group, `$0` for all of the match."""
    found = pattern(expression, flags or "")
    parts = [replacement] if "q" in (flags or "") else _template(replacement, found.groups)
    out, at, size = [], 0, 0
    for groups in found.matches(run, text):
        piece = text[at : groups[0]] + "".join(_part(part, text, groups) for part in parts)
        size += len(piece)
        run.written(size)
        out.append(piece)
        at = groups[1] or 0
    return "".join(out) + text[at:]


def _part(part: str | int, text: str, groups: Groups) -> str:
    if isinstance(part, str):
        return part
    start, end = groups[2 * part], groups[2 * part + 1]
    return "" if start is None or end is None else text[start:end]


def _template(replacement: str, groups: int) -> list[str | int]:
    """The pieces of a replacement: texts, and numbers of groups."""
    parts: list[str | int] = []
    at = 0
    while at < len(replacement):
        char, after = replacement[at], replacement[at + 1 : at + 2]
        at += 1
        if char == "\\":
            if after not in ("\\", "$") or not after:
                raise Misuse("in a replacement `\\` stands only before `\\` or `$`")
            parts.append(after)
            at += 1
        elif char == "$":
            number, at = _group_number(replacement, at, groups)
            parts.append(number if number <= groups else "")
        else:
            parts.append(char)
    return parts


def _group_number(replacement: str, at: int, groups: int) -> tuple[int, int]:
    end = at
    while replacement[end : end + 1].isascii() and replacement[end : end + 1].isdigit():
        if end > at and int(replacement[at : end + 1]) > groups:
            break
        end += 1
    if end == at:
        raise Misuse("in a replacement `$` stands only before the number of a group")
    return int(replacement[at:end]), end


@builtin("split", "string: string", "delimiter: string", run=True)
def split(run: Run, text: str, delimiter: str) -> list[object]:
    """The pieces of the string between matches of the delimiter, which is a pattern."""
    out: list[object] = []
    at = 0
    for groups in pattern(delimiter).matches(run, text):
        out.append(text[at : groups[0]])
        at = groups[1] or 0
        run.grown(len(out))
    return [*out, text[at:]]


@builtin("extract", "string: string", "pattern: string", run=True)
def extract(run: Run, text: str, expression: str) -> list[object]:
    """Every match of the pattern (Camunda's addition)."""
    out: list[object] = []
    for groups in pattern(expression).matches(run, text):
        out.append(_part(0, text, groups))
        run.spend(2)
    run.grown(len(out))
    return out
