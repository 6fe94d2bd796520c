"""Correcting one value of a dossier's data: where it stands, what it is there now, and the data with another in its place.

A path has the names and positions that lead to the value, from the outside in. Whether the value may be so is the
procedure's business (`submission.checked_field`); who may correct is not known here.
"""

from collections.abc import Mapping, Sequence

import orjson

from engine.dossiers import timeline
from engine.exchange.ports import Json

LONGEST_PATH = 20


class NoSuchPlace(Exception):
    """The path leads through a value that has no inside, or past the end of a list."""


def path_of(text: str) -> tuple[str, ...]:
    """The path that *text* writes with dots: ``papers.0.number``. Raises: NoSuchPlace: it is empty or too long."""
    path = tuple(text.split("."))
    if not all(path) or len(path) > LONGEST_PATH:
        raise NoSuchPlace(text)
    return path


def value_at(data: Json, path: Sequence[str]) -> Json:
    """What stands at *path*; None where nothing does. Raises: NoSuchPlace."""
    for step in path:
        if isinstance(data, list):
            data = data[_index(data, step)]
        elif isinstance(data, Mapping):
            data = data.get(step)
        elif data is None:
            return None
        else:
            raise NoSuchPlace(step)
    return data


def replaced(data: Json, path: Sequence[str], value: Json) -> Json:
    """*data* with *value* at *path*; objects on the way that are missing are made. Raises: NoSuchPlace."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(data, list):
        at = _index(data, step)
        return [*data[:at], replaced(data[at], rest, value), *data[at + 1 :]]
    if data is None or isinstance(data, Mapping):
        inside = data or {}
        return {**inside, step: replaced(inside.get(step), rest, value)}
    raise NoSuchPlace(step)


def digest(salt: bytes, value: Json) -> str:
    """What the timeline says of a value: it can be compared by whoever has the value, and read by nobody."""
    return timeline.digest(salt, orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode())


def _index(items: Sequence[Json], step: str) -> int:
    if not step.isascii() or not step.isdigit() or int(step[:9]) >= len(items):
        raise NoSuchPlace(step)
    return int(step)
