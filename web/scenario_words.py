"""What a failed scenario and a simulated walk say to a person, in their language; elements, values and codes stay as they are.

The texts are in translations/scenarios.yaml, by the English that `engine.runtime.scenarios` says; a test sees to it that
all of them are there. What is not there is told as it is.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml

from web import finding_words, telling
from web.patterns import Pattern, pattern

_FILE = Path(__file__).parent / "translations" / "scenarios.yaml"
_LONGEST = 20_000  # a step that did not come is told with all that came


class _Fact(str):
    """A fact in a text: as it is, or as a word of ours, or as something else said it."""

    def __format__(self, how: str) -> str:
        if how == "word":
            return _words().get(self, str(self))
        return _said(self) if how == "said" else str(self)


def told(text: str, language: str) -> str:
    """What went wrong, in *language*."""
    if language != "vi" or len(text) > _LONGEST:
        return text
    for one, vietnamese in _patterns():
        found = one.facts(text)
        if found is not None:
            return vietnamese.format(*map(_Fact, found))
    return _stuck(text)


def known() -> Mapping[str, str]:
    """Every English text with its Vietnamese, with a place for each fact."""
    texts: Mapping[str, str] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["texts"]
    return texts


def _stuck(text: str) -> str:
    """Why a token stands still: ``element: code: what an error said``; anything else as it is."""
    parts = text.split(": ", 2)
    if len(parts) < len(("element", "code", "said")):
        return _said(text)
    return ": ".join((*parts[:2], _said(parts[2])))


def _said(text: str) -> str:
    told_ = telling.sentence(text, "vi")
    return finding_words.told(text, "vi") if told_ == text else told_


@lru_cache(maxsize=1)
def _words() -> Mapping[str, str]:
    words: Mapping[str, str] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["words"]
    return words


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[Pattern, str], ...]:
    """Those with the most words of their own first."""
    ordered = sorted(known().items(), key=lambda pair: -len(pair[0].replace("{}", "")))
    return tuple((pattern(english), vietnamese) for english, vietnamese in ordered)
