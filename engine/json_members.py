"""What a JSON text says that orjson would read otherwise without a word: a member twice, of which it takes the last; a whole
number beyond 64 bits, of which it keeps the first digits. And texts that are small, and large once they are read.

Reading JSON is orjson's business; what to do about such a text is the caller's.
"""

import json
from typing import NoReturn

MAX_PARTS = 500_000  # objects and lists; as many elements pass the door for XML
_LONGEST = 20  # digits and sign of numbers that orjson reads exactly
_LEAST, _MOST = -(2**63), 2**64 - 1


class _Flawed(Exception):
    """Leaves the parser at the first flaw."""


def crowded(body: bytes) -> str | None:
    """Why *body* is not to be read at all, told without reading it: each of its parts takes far more room than it has here."""
    parts = body.count(b"[") + body.count(b"{")
    return f"it has more than {MAX_PARTS} objects and lists" if parts > MAX_PARTS else None


def flaw(body: bytes) -> str | None:
    """The first such thing in *body*, in words; None where there is none, or *body* is no JSON."""
    try:
        _DECODER.decode(body.decode("utf-8-sig"))
    except _Flawed as found:
        return str(found)
    except (ValueError, RecursionError):
        return None
    return None


def _members(pairs: list[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            _leave(f"the member {name[:100]} is there twice in one object")
        seen.add(name)


def _whole(digits: str) -> None:
    if len(digits) > 18 and (len(digits) > _LONGEST or not _LEAST <= int(digits) <= _MOST):
        _leave(f"the number {digits[:40]} has more digits than are kept; send it as a text")


def _leave(words: str) -> NoReturn:
    raise _Flawed(words)


def _kept(text: str) -> str:
    """Other numbers stay text: nobody looks at them."""
    return text


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_whole, parse_float=_kept, parse_constant=_kept, strict=False
)
