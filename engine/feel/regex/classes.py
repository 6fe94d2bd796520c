"""Sets of characters: what `[a-z-[aeiou]]`, `\\p{Lu}`, `\\d` or `.` match, as predicates of one character."""

import unicodedata
from collections.abc import Callable
from typing import TypeAlias

Predicate: TypeAlias = Callable[[str], bool]

BLOCKS: dict[str, tuple[int, int]] = {
    "BasicLatin": (0x0, 0x7F),
    "Latin-1Supplement": (0x80, 0xFF),
    "LatinExtended-A": (0x100, 0x17F),
    "LatinExtended-B": (0x180, 0x24F),
    "IPAExtensions": (0x250, 0x2AF),
    "SpacingModifierLetters": (0x2B0, 0x2FF),
    "CombiningDiacriticalMarks": (0x300, 0x36F),
    "Greek": (0x370, 0x3FF),
    "GreekandCoptic": (0x370, 0x3FF),
    "Cyrillic": (0x400, 0x4FF),
    "Armenian": (0x530, 0x58F),
    "Hebrew": (0x590, 0x5FF),
    "Arabic": (0x600, 0x6FF),
    "Devanagari": (0x900, 0x97F),
    "Thai": (0xE00, 0xE7F),
    "Lao": (0xE80, 0xEFF),
    "Khmer": (0x1780, 0x17FF),
    "HangulJamo": (0x1100, 0x11FF),
    "LatinExtendedAdditional": (0x1E00, 0x1EFF),
    "GreekExtended": (0x1F00, 0x1FFF),
    "GeneralPunctuation": (0x2000, 0x206F),
    "CurrencySymbols": (0x20A0, 0x20CF),
    "LetterlikeSymbols": (0x2100, 0x214F),
    "NumberForms": (0x2150, 0x218F),
    "Arrows": (0x2190, 0x21FF),
    "MathematicalOperators": (0x2200, 0x22FF),
    "BoxDrawing": (0x2500, 0x257F),
    "Hiragana": (0x3040, 0x309F),
    "Katakana": (0x30A0, 0x30FF),
    "CJKUnifiedIdeographs": (0x4E00, 0x9FFF),
    "HangulSyllables": (0xAC00, 0xD7A3),
    "PrivateUse": (0xE000, 0xF8FF),
}
CATEGORIES = frozenset(
    "L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po Z Zs Zl Zp S Sm Sc Sk So C Cc Cf Co Cn".split()
)


def between(low: str, high: str, *, ignore_case: bool = False) -> Predicate:
    """Characters from one to another."""
    if not ignore_case:
        return lambda char: low <= char <= high
    return lambda char: low <= char <= high or any(low <= other <= high for other in variants(char))


def variants(char: str) -> tuple[str, ...]:
    """The same letter in capitals and small, where that is one letter."""
    return tuple(other for other in (char.lower(), char.upper(), char.casefold()) if len(other) == 1)


def exactly(char: str, *, ignore_case: bool = False) -> Predicate:
    """One character."""
    if not ignore_case:
        return lambda other: other == char
    same = {char, *variants(char)}
    return lambda other: other in same or not same.isdisjoint(variants(other))


def category(name: str) -> Predicate | None:
    """Characters of a Unicode category or (`IsBasicLatin`) block; None for an unknown name."""
    if name in CATEGORIES:
        return lambda char: unicodedata.category(char).startswith(name)
    block = BLOCKS.get(name[2:]) if name.startswith("Is") else None
    if block is None:
        return None
    low, high = map(chr, block)
    return lambda char: low <= char <= high


def negated(predicate: Predicate) -> Predicate:
    """Every other character."""
    return lambda char: not predicate(char)


def one_of(predicates: list[Predicate]) -> Predicate:
    """Characters of any of the sets."""
    if len(predicates) == 1:
        return predicates[0]
    return lambda char: any(predicate(char) for predicate in predicates)


def minus(predicate: Predicate, without: Predicate) -> Predicate:
    """Characters of the first set that are not in the second."""
    return lambda char: predicate(char) and not without(char)


def _is_word(char: str) -> bool:
    return unicodedata.category(char)[0] not in "PZC"


def _is_name_start(char: str) -> bool:
    return char in "_:" or unicodedata.category(char)[0] == "L"


def _is_name(char: str) -> bool:
    return char in "_:-." or unicodedata.category(char) in ("Nd", "Mn", "Mc") or _is_name_start(char)


def any_char(char: str) -> bool:
    """Every character."""
    return True


def no_newline(char: str) -> bool:
    """Every character but those that end a line."""
    return char not in "\n\r"


_CLASSES: dict[str, Predicate] = {
    "d": lambda char: unicodedata.category(char) == "Nd",
    "w": _is_word,
    "s": lambda char: char in " \t\n\r",
    "i": _is_name_start,
    "c": _is_name,
}
ESCAPES: dict[str, Predicate] = {
    **_CLASSES,
    **{name.upper(): negated(test) for name, test in _CLASSES.items()},
}
