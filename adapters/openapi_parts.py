"""The parts of an OpenAPI description in canonical form, so that two can be compared part by part.

Words for people, examples, servers and the order of members make no difference; paths, parameters and schemas do.
"""

import hashlib
from collections.abc import Iterator, Mapping

import orjson

from engine.exchange.ports import Json

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_WORDS = frozenset(
    {"description", "summary", "example", "examples", "externalDocs", "tags", "operationId", "title"}
)
# Members whose own members are names that somebody gave, so that none of them is a word of the format.
_NAMED = frozenset(
    "properties patternProperties definitions $defs schemas responses parameters requestBodies headers content paths"
    " callbacks securitySchemes".split()
)
_UNORDERED = frozenset({"required", "enum", "parameters"})


def parts(document: Json) -> dict[str, str]:
    """Each operation and each schema → the digest of its canonical form.

    Raises: ValueError: it is no such description, or nested deeper than can be compared.
    """
    paths = _members(document["paths"]) if isinstance(document, dict) and "paths" in document else []
    if not isinstance(document, dict) or not paths:
        raise ValueError("it is no OpenAPI description: it has no paths")
    try:
        return {name: _digest(form) for name, form in _parts(document)}
    except (RecursionError, orjson.JSONEncodeError) as exc:
        raise ValueError("it is nested too deep to be compared") from exc


def _parts(document: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for path, item in _members(document["paths"]):
        shared = [(name, value) for name, value in _members(item) if name not in _METHODS]
        for method, operation in _members(item):
            if method in _METHODS:
                yield f"operation {method.upper()} {path}", [_form(dict(shared)), _form(operation)]
    for kind, named in [*_members(document.get("components")), ("schemas", document.get("definitions"))]:
        for name, value in _members(named):
            if kind != "examples":
                yield f"{kind.removesuffix('s')} {name}", _form(value)


def _members(value: Json) -> list[tuple[str, Json]]:
    return list(value.items()) if isinstance(value, dict) else []


def _form(value: Json, *, under: str = "") -> Json:
    """*value* without words for people; *under* is the member that holds it."""
    if isinstance(value, dict):
        kept = value if under in _NAMED else {k: v for k, v in value.items() if k not in _WORDS}
        return {name: _form(one, under=name if under not in _NAMED else "") for name, one in kept.items()}
    if isinstance(value, list):
        formed = [_form(one) for one in value]
        return sorted(formed, key=_digest) if under in _UNORDERED else formed
    return value


def _digest(form: Json) -> str:
    return hashlib.sha256(orjson.dumps(form, option=orjson.OPT_SORT_KEYS)).hexdigest()
