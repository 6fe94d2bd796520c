"""What an error says to a person, in their language; programs are told in English by `web.problems`.

The texts are in translations/errors.yaml, by the error's code, and translations/reasons.yaml, by the English reason. What is in
neither is told as the engine says it, never left out; tests see to it that what the web and the actions say is there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any, TypeAlias

import yaml

from engine.errors import LienthongError
from web.patterns import Pattern, pattern
from web.problems import title

_FOLDER = Path(__file__).parent / "translations"
_SAID = ("reason", "what")
_LONGEST = 1_000  # of a reason that is looked for: what is longer was made by a machine
_Entry: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An error for a person: a heading, what is wrong, and what to do, which may be empty."""

    title: str
    text: str
    remedy: str


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return f"<{key}>"


def told(error: LienthongError, language: str) -> Told:
    """*error* in *language*."""
    words = entry(error.code, type(error), language)
    facts = _Facts(error.facts)
    for name in _SAID:
        if isinstance(facts.get(name), str):
            facts[name] = _said(error, str(facts[name]), language)
    return Told(title=words["title"], text=words["text"].format_map(facts), remedy=words["remedy"])


def entry(code: str, error: type[LienthongError], language: str) -> _Entry:
    """Title, text with its facts in braces, and remedy of an error's class."""
    english: _Entry = {"title": title(code), "text": error.text, "remedy": error.remedy}
    return {**english, **_errors(language).get(code, {})}


def reason(text: str, language: str) -> str:
    """The reason *text* in *language*."""
    if language == "vi" and len(text) <= _LONGEST:
        for known_, vietnamese in _reasons():
            found = known_.facts(text)
            if found is not None:
                return vietnamese.format(*found)
    return text


def sentence(text: str, language: str) -> str:
    """What an error or a reason said in English when it was written down, in *language*."""
    told_ = reason(text, language)
    if language == "vi" and told_ == text and len(text) <= _LONGEST:
        for known_, names, vietnamese in _sentences():
            found = known_.facts(text)
            if found is not None:
                pairs = zip(names, found, strict=True)
                facts = {name: reason(value, language) for name, value in pairs}
                return vietnamese.format_map(_Facts(facts))
    return told_


def known() -> Mapping[str, type[LienthongError]]:
    """Every error's code with its class."""
    return {one.code: one for one in sorted(_classes(LienthongError), key=lambda one: one.code)}


def _classes(root: type[LienthongError]) -> Iterator[type[LienthongError]]:
    for one in root.__subclasses__():
        if "code" in one.__dict__ and one.__module__.startswith("engine."):
            yield one
        yield from _classes(one)
    if root is LienthongError:
        yield root


@lru_cache(maxsize=1)
def _sentences() -> tuple[tuple[Pattern, tuple[str, ...], str], ...]:
    """Every error's text that has words of its own, as a pattern, with the names of its facts and its Vietnamese."""
    found = []
    for code, error in known().items():
        parts = [(words, name) for words, name, _, _ in Formatter().parse(error.text)]
        if any(words.strip() for words, _ in parts):
            names = tuple(name for _, name in parts if name)
            words = tuple(words for words, _ in parts)
            ended = words if parts[-1][1] is None else (*words, "")
            found.append((Pattern(ended), names, entry(code, error, "vi")["text"]))
    return tuple(found)


def _said(error: LienthongError, text: str, language: str) -> str:
    """A reason that may begin with the name of the first wrong field."""
    fields = error.facts.get("fields")
    if isinstance(fields, list) and fields and text == f"{fields[0]['field']} {fields[0]['reason']}":
        return f"{fields[0]['field']} {reason(str(fields[0]['reason']), language)}"
    return reason(text, language)


@lru_cache(maxsize=2)
def _errors(language: str) -> Mapping[str, _Entry]:
    """What a page says otherwise than the classes do, by code."""
    both: Mapping[str, dict[str, Any]] = yaml.safe_load(_read("errors.yaml"))
    english = {code: own.pop("en", {}) for code, own in both.items()}
    return both if language == "vi" else english


@lru_cache(maxsize=1)
def _reasons() -> tuple[tuple[Pattern, str], ...]:
    """Those with the most words of their own first, so that a bare ``{} is …`` takes only what nothing else does."""
    found: Mapping[str, str] = yaml.safe_load(_read("reasons.yaml"))
    ordered = sorted(found.items(), key=lambda pair: (pair[0].count("{}"), -len(pair[0])))
    return tuple((pattern(english), vietnamese) for english, vietnamese in ordered)


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
