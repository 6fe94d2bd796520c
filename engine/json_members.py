"""Whether a JSON text says a member twice: then nobody knows which was meant, and parsers differ in which they take.

Reading JSON is orjson's business, which takes the last one silently; what to do about it is the caller's.
"""

import json
from typing import NoReturn


class _Doubled(Exception):
    """Leaves the parser at the first doubled member."""


def doubled(body: bytes) -> str | None:
    """The first member that an object of *body* has twice; None where there is none, or *body* is no JSON."""
    try:
        _DECODER.decode(body.decode("utf-8-sig"))
    except _Doubled as found:
        return str(found)
    except (ValueError, RecursionError):
        return None
    return None


def _members(pairs: list[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            _leave(name)
        seen.add(name)


def _leave(name: str) -> NoReturn:
    raise _Doubled(name[:100])


def _kept(text: str) -> str:
    """Numbers stay text: nobody looks at them."""
    return text


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_kept, parse_float=_kept, parse_constant=_kept, strict=False
)
