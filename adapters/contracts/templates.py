"""Templates: JSON whose leaves may be FEEL, compiled once and filled with named values.

A text that starts with `=` is an expression; an object with one of the `$` words below is a directive. Nothing else has
a meaning, so a template shows the shape of what goes over the wire.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import orjson

from adapters.contracts import dates
from adapters.contracts.expressions import Expression
from engine.errors import FeelError, FeelSyntaxError
from engine.exchange.ports import Json

Scope: TypeAlias = Mapping[str, Json]
Fill: TypeAlias = Callable[[Scope], Json]


class _Omitted:
    """Stands for a member that is left out."""


OMITTED = _Omitted()
_Part: TypeAlias = Callable[[Scope], "Json | _Omitted"]


class TemplateInvalid(ValueError):
    """A template that cannot be compiled; *where* is the path inside it."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}" if where else reason)
        self.where, self.reason = where, reason


def compile_template(template: Json, names: frozenset[str], where: str = "") -> Fill:
    """A function that fills *template* from values of *names*.

    Raises:
        TemplateInvalid: an expression that does not parse, or a directive that is not one; with the path to it.
    """
    part = _part(template, names, where)

    def fill(scope: Scope) -> Json:
        value = part(scope)
        return None if isinstance(value, _Omitted) else value

    return fill


def _part(template: Json, names: frozenset[str], where: str) -> _Part:
    if isinstance(template, str) and template.startswith("="):
        return _expression(template, names, where)
    if isinstance(template, list):
        return _list([_part(item, names, f"{where}[{i}]") for i, item in enumerate(template)])
    if isinstance(template, dict):
        words = sorted(name for name in template if name.startswith("$") and not name.startswith("$$"))
        if words:
            return _directive(words[0] if "$each" not in words else "$each", template, names, where)
        return _object({_plain(k): _part(v, names, f"{where}.{k}".lstrip(".")) for k, v in template.items()})
    return lambda scope: template


def expression(text: Json, names: frozenset[str], where: str) -> Expression:
    """*text* compiled. Raises: TemplateInvalid."""
    if not isinstance(text, str):
        raise TemplateInvalid(where, "an expression (a text) is needed")
    try:
        compiled = Expression(text, names)
    except FeelSyntaxError as exc:
        raise TemplateInvalid(where, exc.message) from exc
    strange = compiled.names - names
    if strange:
        raise TemplateInvalid(
            where,
            f"{min(strange)} is no name here; there are {', '.join(sorted(names))}, and item.{min(strange)} in a filter",
        )
    return compiled


def _expression(text: str, names: frozenset[str], where: str) -> _Part:
    return expression(text, names, where)


def _plain(name: str) -> str:
    """A member's name; `$$oid` is how `$oid` is written where it is no directive."""
    return name[1:] if name.startswith("$$") else name


def _list(parts: list[_Part]) -> _Part:
    def fill(scope: Scope) -> Json:
        return [value for part in parts if not isinstance(value := part(scope), _Omitted)]

    return fill


def _object(parts: dict[str, _Part]) -> _Part:
    def fill(scope: Scope) -> Json:
        return {name: value for name, part in parts.items() if not isinstance(value := part(scope), _Omitted)}

    return fill


def _directive(word: str, template: dict[str, Json], names: frozenset[str], where: str) -> _Part:
    known = _DIRECTIVES.get(word)
    if known is None:
        raise TemplateInvalid(where, f"{word} is no directive; there are {', '.join(sorted(_DIRECTIVES))}")
    make, allowed = known
    strange = sorted(set(template) - allowed - {word})
    if strange:
        raise TemplateInvalid(
            where, f"{word} knows no {', '.join(strange)}; it takes {', '.join(sorted(allowed))}"
        )
    return make(template, names, where)


def _date(template: dict[str, Json], names: frozenset[str], where: str) -> _Part:
    """`{$date: =moment, format: dd/MM/yyyy, empty: ""}`: a moment in a wire format; *empty* where there is none."""
    moment = _part(template["$date"], names, f"{where}.$date")
    form, empty = template.get("format"), template.get("empty")
    if not isinstance(form, str) or form not in dates.FORMATS:
        raise TemplateInvalid(where, f"format is one of {', '.join(dates.FORMATS)}")

    def fill(scope: Scope) -> Json:
        value = moment(scope)
        if value is None or value == "":
            return empty
        try:
            return dates.write(str(value), form)
        except ValueError as exc:
            raise FeelError(expression=str(template["$date"]), reason=str(exc)) from exc

    return fill


def _iso(template: dict[str, Json], names: frozenset[str], where: str) -> _Part:
    """`{$iso: =text, format: dd/MM/yyyy}`: what a partner wrote in a wire format, as ISO text."""
    written = _part(template["$iso"], names, f"{where}.$iso")
    form = template.get("format")
    if not isinstance(form, str) or form not in dates.FORMATS:
        raise TemplateInvalid(where, f"format is one of {', '.join(dates.FORMATS)}")

    def fill(scope: Scope) -> Json:
        value = written(scope)
        if value is None or value == "":
            return None
        try:
            return dates.read(str(value), form)
        except ValueError as exc:
            raise FeelError(expression=str(template["$iso"]), reason=str(exc)) from exc

    return fill


def _each(template: dict[str, Json], names: frozenset[str], where: str) -> _Part:
    """`{$each: =list, as: item, do: …}`: one filled template for every item; no list is an empty one."""
    source = _part(template["$each"], names, f"{where}.$each")
    name = template.get("as", "item")
    if not isinstance(name, str) or not name.isidentifier():
        raise TemplateInvalid(where, "as is a name")
    body = _part(template.get("do"), names | {name}, f"{where}.do")

    def fill(scope: Scope) -> Json:
        items = source(scope)
        filled = [body({**scope, name: item}) for item in items] if isinstance(items, list) else []
        return [value for value in filled if not isinstance(value, _Omitted)]

    return fill


def _if(template: dict[str, Json], names: frozenset[str], where: str) -> _Part:
    """`{$if: =condition, then: …, else: …}`: without an else the member is left out."""
    condition = expression(template["$if"], names, f"{where}.$if")
    then = _part(template.get("then"), names, f"{where}.then")
    other: _Part = (
        _part(template["else"], names, f"{where}.else") if "else" in template else lambda scope: OMITTED
    )
    return lambda scope: then(scope) if condition.holds(scope) else other(scope)


def _merge(template: dict[str, Json], names: frozenset[str], where: str) -> _Part:
    """`{$merge: [=object, {…}]}`: one object of the members of several; the later ones win, null ones add nothing."""
    written = template["$merge"]
    if not isinstance(written, list):
        raise TemplateInvalid(where, "$merge takes a list of objects")
    parts = [_part(item, names, f"{where}.$merge[{i}]") for i, item in enumerate(written)]

    def fill(scope: Scope) -> Json:
        merged: dict[str, Json] = {}
        for part in parts:
            value = part(scope)
            if isinstance(value, dict):
                merged.update(value)
        return merged

    return fill


def _json(template: dict[str, Json], names: frozenset[str], where: str) -> _Part:
    """`{$json: …}`: a filled template as a text of JSON, for partners that pack documents into strings."""
    inner = compile_template(template["$json"], names, f"{where}.$json")
    return lambda scope: orjson.dumps(inner(scope)).decode()


_Make: TypeAlias = Callable[[dict[str, Json], frozenset[str], str], _Part]
_DIRECTIVES: dict[str, tuple[_Make, set[str]]] = {
    "$date": (_date, {"format", "empty"}),
    "$iso": (_iso, {"format"}),
    "$each": (_each, {"as", "do"}),
    "$if": (_if, {"then", "else"}),
    "$merge": (_merge, set()),
    "$json": (_json, set()),
}
