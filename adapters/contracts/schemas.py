"""JSON Schema for requests and replies, compiled to functions that name the first thing that is wrong and where.

A chosen part of draft 2020-12; a keyword outside it is refused when the contract is read, so that nothing that was
written down goes unchecked. The checks run on every message, which is why they are compiled.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from engine.exchange.ports import Json

Check: TypeAlias = Callable[[Json, str], str | None]
"""Given a value and its path: what is wrong with it, None when nothing is."""

_NOTES = frozenset({"title", "description", "examples", "$defs", "$comment", "default"})
_TELLS_NOBODY = 5
_SHOWN = 60


class SchemaInvalid(ValueError):
    """A schema that is wrong or uses a keyword that is not checked."""


def compile_schema(schema: Mapping[str, Json] | bool) -> Check:
    """A function that checks values against *schema*. Raises: SchemaInvalid."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as exc:
        where = "/".join(str(step) for step in exc.path)
        raise SchemaInvalid(f"at {where or 'the top'}: {exc.message[:200]}") from exc
    return _compile(schema, schema if isinstance(schema, Mapping) else {})


def _compile(schema: object, root: Mapping[str, Json]) -> Check:
    if schema is True or schema == {}:
        return lambda value, path: None
    if schema is False:
        return lambda value, path: f"{path}: nothing is allowed here"
    if not isinstance(schema, Mapping):
        raise SchemaInvalid("a schema is an object, true or false")
    if "$ref" in schema:
        return _referred(str(schema["$ref"]), root)
    unknown = set(schema) - set(_KEYWORDS) - _NOTES
    if unknown:
        raise SchemaInvalid(
            f"keyword {min(unknown)} is not supported; there are {', '.join(sorted(_KEYWORDS))}"
        )
    checks = [make(schema, root) for word, make in _KEYWORDS.items() if word in schema]
    if len(checks) == 1:
        return checks[0]

    def check(value: Json, path: str) -> str | None:
        for part in checks:
            problem = part(value, path)
            if problem is not None:
                return problem
        return None

    return check


def _referred(target: str, root: Mapping[str, Json]) -> Check:
    name = target.removeprefix("#/$defs/")
    definitions = root.get("$defs")
    if name == target or not isinstance(definitions, dict) or name not in definitions:
        raise SchemaInvalid(f"$ref {target} is not one of this schema's $defs")
    found: list[Check] = []

    def check(value: Json, path: str) -> str | None:
        if not found:
            found.append(_compile(definitions[name], root))
        return found[0](value, path)

    if not _refers_to(definitions[name], target):
        found.append(_compile(definitions[name], root))
    return check


def _refers_to(schema: Json, target: str) -> bool:
    if isinstance(schema, dict):
        return schema.get("$ref") == target or any(_refers_to(item, target) for item in schema.values())
    return isinstance(schema, list) and any(_refers_to(item, target) for item in schema)


def sort_of(value: Json) -> str:
    """A value of a few characters as it is, of any other its sort: messages become incidents, and it may be a name."""
    if len(repr(value)) <= _TELLS_NOBODY:
        return repr(value)
    if isinstance(value, str):
        return f"a text of {len(value)} characters"
    return "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else "a number"


def shown(value: Json) -> str:
    """*value*, one of the contract's own, short enough for a message."""
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


_TYPES: dict[str, Callable[[Json], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool))
        or (isinstance(value, float) and value.is_integer())
    ),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def _type(schema: Mapping[str, Json], root: Mapping[str, Json]) -> Check:
    wanted = schema["type"]
    names = [str(name) for name in wanted] if isinstance(wanted, list) else [str(wanted)]
    tests = [_TYPES[name] for name in names]
    spoken = " or ".join(names)
    if len(tests) == 1:
        only = tests[0]
        return lambda value, path: None if only(value) else f"{path}: {sort_of(value)} is no {spoken}"
    return lambda value, path: (
        None if any(t(value) for t in tests) else f"{path}: {sort_of(value)} is no {spoken}"
    )


def _enum(schema: Mapping[str, Json], root: Mapping[str, Json]) -> Check:
    allowed = schema["enum"]
    values = [(type(item) is bool, item) for item in allowed] if isinstance(allowed, list) else []
    spoken = ", ".join(shown(item) for _, item in values[:20])

    def check(value: Json, path: str) -> str | None:
        if (type(value) is bool, value) in values:
            return None
        return f"{path}: {sort_of(value)} is not one of {spoken}"

    return check


def _const(schema: Mapping[str, Json], root: Mapping[str, Json]) -> Check:
    return _enum({"enum": [schema["const"]]}, root)


def _pattern(schema: Mapping[str, Json], root: Mapping[str, Json]) -> Check:
    written = str(schema["pattern"])
    try:
        pattern = re.compile(written)
    except re.error as exc:
        raise SchemaInvalid(f"pattern {written!r}: {exc}") from exc

    def check(value: Json, path: str) -> str | None:
        if isinstance(value, str) and not pattern.search(value):
            return f"{path}: {sort_of(value)} does not match {written}"
        return None

    return check


def _required(schema: Mapping[str, Json], root: Mapping[str, Json]) -> Check:
    wanted = schema["required"]
    names = [str(name) for name in wanted] if isinstance(wanted, list) else []

    def check(value: Json, path: str) -> str | None:
        if isinstance(value, dict):
            for name in names:
                if name not in value:
                    return f"{path}: {name} is missing"
        return None

    return check


def _properties(schema: Mapping[str, Json], root: Mapping[str, Json]) -> Check:
    written = schema["properties"]
    parts = {n: _compile(part, root) for n, part in written.items()} if isinstance(written, dict) else {}

    def check(value: Json, path: str) -> str | None:
        if isinstance(value, dict):
            for name, item in value.items():
                part = parts.get(name)
                problem = part(item, f"{path}.{name}") if part is not None else None
                if problem is not None:
                    return problem
        return None

    return check


def _additional(schema: Mapping[str, Json], root: Mapping[str, Json]) -> Check:
    named = schema.get("properties")
    known = frozenset(named) if isinstance(named, dict) else frozenset[str]()
    other = _compile(schema["additionalProperties"], root)
    closed = schema["additionalProperties"] is False

    def check(value: Json, path: str) -> str | None:
        if not isinstance(value, dict):
            return None
        for name, item in value.items():
            if name not in known:
                problem = f"{path}: {name} is not expected" if closed else other(item, f"{path}.{name}")
                if problem is not None:
                    return problem
        return None

    return check


def _items(schema: Mapping[str, Json], root: Mapping[str, Json]) -> Check:
    part = _compile(schema["items"], root)

    def check(value: Json, path: str) -> str | None:
        if isinstance(value, list):
            for i, item in enumerate(value):
                problem = part(item, f"{path}[{i}]")
                if problem is not None:
                    return problem
        return None

    return check


def _limit(word: str, kinds: type | tuple[type, ...], *, least: bool, sized: bool) -> "_Make":
    def make(schema: Mapping[str, Json], root: Mapping[str, Json]) -> Check:
        written = schema[word]
        limit = float(written) if isinstance(written, int | float) else 0.0
        comparison = "at least" if least else "at most"

        def check(value: Json, path: str) -> str | None:
            if isinstance(value, bool) or not isinstance(value, kinds):
                return None
            measure = len(value) if sized else value  # type: ignore[arg-type]  # kinds say which it is
            if (measure < limit) if least else (measure > limit):  # type: ignore[operator]
                return f"{path}: {'its length ' if sized else ''}{measure} must be {comparison} {limit:g}"
            return None

        return check

    return make


def _any_of(schema: Mapping[str, Json], root: Mapping[str, Json]) -> Check:
    written = schema["anyOf"]
    parts = [_compile(part, root) for part in written] if isinstance(written, list) else []

    def check(value: Json, path: str) -> str | None:
        problem: str | None = None
        for part in parts:
            problem = part(value, path)
            if problem is None:
                return None
        return f"{path}: fits none of {len(parts)} forms; the last: {problem}"

    return check


_Make: TypeAlias = Callable[[Mapping[str, Json], Mapping[str, Json]], Check]
_KEYWORDS: dict[str, _Make] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minLength": _limit("minLength", str, least=True, sized=True),
    "maxLength": _limit("maxLength", str, least=False, sized=True),
    "minimum": _limit("minimum", (int, float), least=True, sized=False),
    "maximum": _limit("maximum", (int, float), least=False, sized=False),
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "minItems": _limit("minItems", list, least=True, sized=True),
    "maxItems": _limit("maxItems", list, least=False, sized=True),
    "anyOf": _any_of,
}
