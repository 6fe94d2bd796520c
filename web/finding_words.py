"""What a finding of a model says to a person, in their language; files, elements and rules keep their names.

The texts are in translations/findings.yaml, by the English that `engine.models` says; a test sees to it
that all of them are there. What is not there is told as it is.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import yaml

from web import telling
from web.patterns import Pattern, pattern

_FILE = Path(__file__).parent / "translations" / "findings.yaml"
_LONGEST = 2_000
_Patterns: TypeAlias = tuple[tuple[Pattern, str], ...]


class _Fact(str):
    """A fact in a text: as it is, or as a word of ours, or as another error said it."""

    def __format__(self, how: str) -> str:
        if how == "word":
            return _read()[0].get(self, str(self))
        return telling.sentence(self, "vi") if how == "said" else str(self)


def told(text: str, language: str) -> str:
    """A finding's message or remedy in *language*."""
    if language == "vi" and len(text) <= _LONGEST:
        for one, vietnamese in _read()[1]:
            found = one.facts(text)
            if found is not None:
                return vietnamese.format(*map(_Fact, found))
    return text


def known() -> Mapping[str, str]:
    """Every English text with its Vietnamese, with a place for each fact."""
    texts: Mapping[str, str] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["texts"]
    return texts


@lru_cache(maxsize=1)
def _read() -> tuple[Mapping[str, str], _Patterns]:
    """Words of facts; and patterns, those with the most words of their own first."""
    words: Mapping[str, str] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["words"]
    ordered = sorted(known().items(), key=lambda pair: (pair[0].count("{}"), -len(pair[0])))
    return words, tuple((pattern(english), vietnamese) for english, vietnamese in ordered)
