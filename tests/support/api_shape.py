"""What callers of the interface rely on, as a small file: operations, what they ask for, what they answer.

``python -m tests.support.api_shape`` renews it; what would break a caller is refused there, and by a test: within ``/v1`` the
interface only grows (docs/api.md).
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.clock import SystemClock
from engine.storage.database import Store
from web.api.description import describe
from web.app import create_app
from web.container import Container

FILE = Path(__file__).parent.parent / "data" / "api" / "v1.json"
_METHODS = ("get", "post", "put", "patch", "delete")
_DEEPEST = 8

Shape = dict[str, dict[str, Any]]


def present() -> Shape:
    """The interface as it is now; no database is asked."""
    nobody = Container(store=Store("postgresql+psycopg:///nobody"), clock=SystemClock(), secret=bytes(32))
    return shape(describe(create_app(nobody)))


def stored() -> Shape:
    """The interface as callers know it."""
    known: Shape = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return known


def shape(description: Mapping[str, Any]) -> Shape:
    """Operation → ``asks`` (place → required), ``values`` (place → those it may have), ``answers`` (status → places)."""
    return {
        f"{method.upper()} {path}": _operation(description, spec)
        for path, methods in sorted(description["paths"].items())
        for method, spec in sorted(methods.items())
        if method in _METHODS
    }


def breaks(old: Shape, new: Shape) -> list[str]:
    """What a caller of *old* would stumble over in *new*."""
    found = [f"{name} is gone" for name in old if name not in new]
    for name in old.keys() & new.keys():
        found += [f"{name}: {what}" for what in _broken(old[name], new[name])]
    return sorted(found)


def _broken(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for place, required in new["asks"].items():
        if required and not old["asks"].get(place):
            yield f"asks for {place} now"
    yield from (f"does not know {place} any more" for place in old["asks"].keys() - new["asks"].keys())
    for place, values in new["values"].items():
        gone = set(old["values"].get(place, values)) - set(values)
        yield from (f"refuses {value} as {place} now" for value in gone)
    for status, places in old["answers"].items():
        if status not in new["answers"]:
            yield f"answers no {status} any more"
            continue
        gone_places = set(places) - set(new["answers"][status])
        yield from (f"leaves {place} out of its {status} now" for place in gone_places)


def _operation(description: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    asks: dict[str, bool] = {}
    values: dict[str, list[Any]] = {}
    for one in spec.get("parameters", ()):
        parameter = _resolved(description, one)
        place = f"{parameter['in']}:{parameter['name']}"
        asks[place] = bool(parameter.get("required"))
        for _, inner, _ in _places(description, parameter.get("schema", {}), place, required=True):
            if "enum" in inner:
                values[place] = sorted(inner["enum"], key=str)
    for kind, content in _resolved(description, spec.get("requestBody", {})).get("content", {}).items():
        for place, inner, required in _places(description, content.get("schema", {}), kind, required=True):
            asks[place] = required
            if "enum" in inner:
                values[place] = sorted(inner["enum"], key=str)
    return {
        "asks": dict(sorted(asks.items())),
        "values": dict(sorted(values.items())),
        "answers": _answers(description, spec),
    }


def _answers(description: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, list[str]]:
    """Only of success: every failure is a problem (RFC 9457)."""
    found: dict[str, list[str]] = {}
    for status, answer in sorted(spec["responses"].items()):
        if status.startswith("2"):
            contents = _resolved(description, answer).get("content", {})
            found[status] = sorted(
                {
                    place
                    for kind, content in contents.items()
                    for place, _, _ in _places(description, content.get("schema", {}), kind, required=True)
                }
            )
    return found


def _places(
    description: Mapping[str, Any], schema: Mapping[str, Any], at: str, *, required: bool, deep: int = 0
) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Every place of *schema* with its own schema and whether it must be there, itself first."""
    whole = _resolved(description, schema)
    yield at, whole, required
    if deep == _DEEPEST:
        return
    for other in (*whole.get("anyOf", ()), *whole.get("allOf", ()), *whole.get("oneOf", ())):
        yield from _places(description, other, at, required=required, deep=deep + 1)
    if "items" in whole:
        yield from _places(description, whole["items"], f"{at}[]", required=required, deep=deep + 1)
    needed = set(whole.get("required", ()))
    for name, inner in whole.get("properties", {}).items():
        place = f"{at}.{name}"
        yield from _places(description, inner, place, required=required and name in needed, deep=deep + 1)


def _resolved(description: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        found: Any = description
        for step in str(schema["$ref"]).removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def main() -> None:
    """Write the file anew, unless that would break somebody; ``--break`` does it all the same."""
    now = present()
    broken = breaks(stored(), now)
    if broken and "--break" not in sys.argv:
        raise SystemExit("\n".join(["this breaks callers (--break writes it all the same):", *broken]))
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
