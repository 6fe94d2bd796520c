"""Which names may have spaces and operators in them: the names known where an expression stands, found in its text.

The longest known name wins, as the standard says; words that begin no known name stand for themselves.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from engine.feel.scanner import WORD

_PLAIN = re.compile(WORD)
_HEAD = re.compile(WORD + r"|.", re.S)


def is_plain(name: str) -> bool:
    """Whether a name is one word that needs no knowledge to be read."""
    return _PLAIN.fullmatch(name) is not None


def clean(name: str) -> str:
    """The name with each run of spaces as one."""
    return " ".join(name.split())


class Names:
    """The long names of one scope, by their first word."""

    __slots__ = ("_by_head", "parent")

    def __init__(self, names: Iterable[str], parent: "Names | None" = None) -> None:
        self._by_head: dict[str, list[str]] = {}
        self.parent = parent
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Know *name* from here on; plain names need no knowing."""
        name = clean(name)
        head = _HEAD.match(name)
        if head is None or is_plain(name):
            return
        known = self._by_head.setdefault(head[0], [])
        if name not in known:
            known.append(name)
            known.sort(key=len, reverse=True)

    def match(self, text: str, at: int, head: str) -> tuple[str, int] | None:
        """The longest known name at offset *at*, whose first word is *head*, and where it ends."""
        best: tuple[str, int] | None = None
        scope: Names | None = self
        while scope is not None:
            for name in scope._by_head.get(head, ()):
                end = _follow(name, text, at)
                if end and (best is None or end > best[1]):
                    best = name, end
            scope = scope.parent
        return best


def _follow(name: str, text: str, at: int) -> int:
    """Where *name* ends if it stands at *at* (any white space for its spaces), else 0."""
    size = len(text)
    for letter in name:
        if letter == " ":
            while at < size and text[at].isspace():
                at += 1
        elif at < size and text[at] == letter:
            at += 1
        else:
            return 0
    ends_in_word = name[-1].isalnum() or name[-1] == "_"
    return 0 if ends_in_word and at < size and (text[at].isalnum() or text[at] == "_") else at


@lru_cache(maxsize=512)
def known(names: frozenset[str]) -> Names:
    """The long names among *names*, kept for the next compilation."""
    return Names(names)


def names_in(value: object) -> set[str]:
    """Every key in a context and in the contexts within it."""
    out: set[str] = set()
    seen: set[int] = set()
    todo = [value]
    while todo:
        item = todo.pop()
        if not isinstance(item, dict | list) or id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, dict):
            out.update(key for key in item if isinstance(key, str))
            todo.extend(item.values())
        else:
            todo.extend(item)
    return out
