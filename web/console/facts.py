"""The facts of a line of the trail or of a history as people read them: each name and each stable code in their language.

What has no word is told as it is; values of people and partners always are.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeAlias

from markupsafe import Markup

from engine.exchange.ports import Json
from web.words import Words

Local: TypeAlias = Callable[[str], Markup]

_CODED = {"cause": "cause", "channel": "channel", "action": "act", "by": "who", "why": "unlike"}
_MOMENTS = frozenset({"until", "due_before", "due_after", "received_at", "asked_at", "last_good", "at"})


def told(
    facts: Mapping[str, Json], t: Words, local: Local, but: Collection[str] = ()
) -> Iterator[tuple[str, str | Markup]]:
    """Each fact's name and value but those in *but* and those that say nothing; *local* tells a moment, or raises ValueError."""
    for name, value in facts.items():
        if value is not None and name not in but:
            yield t.of("fact", name), _value(t, local, name, value)


def _value(t: Words, local: Local, name: str, value: Json) -> str | Markup:
    if isinstance(value, bool):
        return t.fact_true if value else t.fact_false
    if isinstance(value, dict):
        inner = (
            (_called(t, part), _value(t, local, part, one)) for part, one in value.items() if one is not None
        )
        return Markup(", ").join(Markup("{}: {}").format(*pair) for pair in inner) or "–"
    if isinstance(value, list):
        return ", ".join(_plain(t, name, one) for one in value) or "–"
    if not isinstance(value, str):
        return str(value)
    if name in _MOMENTS:
        return _moment(local, value)
    return t.of(_CODED[name], value) if name in _CODED else value


def _called(t: Words, name: str) -> str:
    """A member of a fact: a fact's own name, or a limit's."""
    word = t.of("fact", name)
    return word if word != name else t.of("limit", name)


def _plain(t: Words, name: str, value: Json) -> str:
    """One of several."""
    return t.of(_CODED[name], value) if isinstance(value, str) and name in _CODED else str(value)


def _moment(local: Local, value: str) -> str | Markup:
    """As moments are shown everywhere; a text that is none as it is."""
    try:
        return local(value)
    except ValueError:
        return value
