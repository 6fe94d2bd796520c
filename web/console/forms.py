"""A bpmn.io form as HTML: what each component is on the page, and what a browser sent as the data that the form asks for.

Fields that a condition hides are shown too, with the condition's meaning left to the check: without scripts nothing can
come and go, and what was left empty in a hidden field is no mistake. Checking is `engine.dossiers.forms`'s business.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from engine.exchange.ports import Json

PREFIX = "f."
_TEXTS = frozenset({"text", "html", "heading"})
_MANY = frozenset({"checklist", "taglist"})
_CHOICES = frozenset({"select", "radio"}) | _MANY
_KNOWN = frozenset({"textfield", "textarea", "number", "select", "radio", "checkbox", "datetime"}) | _MANY


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A component as a page shows it. *kind* says which control; *values* are what was typed or is to be shown."""

    name: str
    kind: str
    label: str
    help: str = ""
    required: bool = False
    readonly: bool = False
    conditional: bool = False
    options: tuple[tuple[str, str], ...] = ()
    values: tuple[str, ...] = ()
    attributes: Mapping[str, str] | None = None
    error: str = ""


def fields(
    form: Mapping[str, Json], typed: "MultiDict[str, str] | None", errors: Mapping[str, str]
) -> list[Field]:
    """What to show of *form*, with what was *typed* kept and each error at its field."""
    return [_field(component, path, typed, errors) for component, path in _components(form)]


def data_of(form: Mapping[str, Json], typed: "MultiDict[str, str]") -> dict[str, Json]:
    """What a browser sent, with the types that the form's check wants; empty fields are left out."""
    found: dict[str, Json] = {}
    for component, path in _components(form):
        if component.get("type") in _TEXTS or component.get("readonly") or component.get("disabled"):
            continue
        value = _value(component, typed.getlist(PREFIX + path + str(component["key"])))
        if value is not None:
            _level(found, path)[str(component["key"])] = value
    return found


def _level(found: dict[str, Json], path: str) -> dict[str, Json]:
    """Where the fields of the group with *path* (``owner.address.``) belong."""
    for name in path.split(".")[:-1]:
        inner = found.setdefault(name, {})
        assert isinstance(inner, dict)  # noqa: S101 - a key is used once: deployment saw to it
        found = inner
    return found


def unshowable(form: Mapping[str, Json]) -> list[str]:
    """Components that take input and that the console cannot show; empty when it can show all."""
    return [
        str(component.get("key") or component.get("path") or component.get("id") or "?")
        for component, _ in _components(form)
        if component.get("type") not in _TEXTS
        and (component.get("type") not in _KNOWN or _has_options_elsewhere(component))
    ]


def _has_options_elsewhere(component: Mapping[str, Json]) -> bool:
    """Its options come from data or an expression: there would be nothing to choose from here."""
    return component.get("type") in _CHOICES and not isinstance(component.get("values"), list)


def _components(owner: Mapping[str, Json], path: str = "") -> Iterator[tuple[Mapping[str, Json], str]]:
    """Every text and field with the path of the groups that it stands in, which is empty or ends with a dot."""
    found = owner.get("components")
    for component in found if isinstance(found, list) else []:
        if not isinstance(component, dict):
            continue
        if component.get("type") == "group":
            own = component.get("path")
            if component.get("label"):
                yield {"type": "heading", "text": component["label"]}, path
            yield from _components(component, f"{path}{own}." if own else path)
        elif component.get("type") in _TEXTS or component.get("key") or component.get("path"):
            yield component, path


def _field(
    component: Mapping[str, Json],
    path: str,
    typed: "MultiDict[str, str] | None",
    errors: Mapping[str, str],
) -> Field:
    kind, name = str(component.get("type")), path + str(component.get("key") or "")
    if kind in _TEXTS:
        words = plain(str(component.get("text") or component.get("content") or ""))
        shown = "heading" if kind == "heading" else "text"
        return Field(name="", kind=shown, label=words, conditional=_is_conditional(component))
    rules = component.get("validate")
    rules = rules if isinstance(rules, dict) else {}
    before = component.get("defaultValue")
    initial = tuple(_as_text(one) for one in before) if isinstance(before, list) else (_as_text(before),)
    fixed = bool(component.get("readonly") or component.get("disabled"))
    return Field(
        name=name,
        kind=str(component.get("subtype") or "date") if kind == "datetime" else kind,
        label=str(component.get("label") or component.get("dateLabel") or component.get("timeLabel") or name),
        help=str(component.get("description") or ""),
        required=bool(rules.get("required")) and not _is_conditional(component),
        readonly=fixed,
        conditional=_is_conditional(component),
        options=tuple(_options(component)),
        values=tuple(typed.getlist(PREFIX + name)) if typed is not None and not fixed else initial,
        attributes=_attributes(kind, rules),
        error=errors.get(name, ""),
    )


def plain(markdown: str) -> str:
    """A form's text without its marks: headings and tags are not worth a parser."""
    return re.sub(r"<[^>]*>|^#+ *|\*\*|`", "", markdown, flags=re.MULTILINE).strip()


def _is_conditional(component: Mapping[str, Json]) -> bool:
    rule = component.get("conditional")
    return isinstance(rule, dict) and bool(rule.get("hide"))


def _options(component: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    values = component.get("values")
    for one in values if isinstance(values, list) else []:
        if isinstance(one, dict):
            yield _as_text(one.get("value")), str(one.get("label") or one.get("value"))


def _attributes(kind: str, rules: Mapping[str, Json]) -> dict[str, str]:
    named = {"minLength": "minlength", "maxLength": "maxlength", "min": "min", "max": "max"}
    found = {
        html: str(rules[name]) for name, html in named.items() if isinstance(rules.get(name), int | float)
    }
    return found | ({"step": "any"} if kind == "number" else {})


def _value(component: Mapping[str, Json], given: list[str]) -> Json:
    kind = component.get("type")
    if kind == "checkbox":
        return "true" in given
    if kind in _MANY:
        return [_original(component, one) for one in given] or None
    text = given[0].strip() if given else ""
    if not text:
        return None
    if kind == "number":
        return _number(text)
    return _original(component, text) if kind in ("select", "radio") else text


def _original(component: Mapping[str, Json], text: str) -> Json:
    """The option's own value, which may be a number, for the text that a browser sends."""
    values = component.get("values")
    for one in values if isinstance(values, list) else []:
        if isinstance(one, dict) and _as_text(one.get("value")) == text:
            return one.get("value")
    return text


def _number(text: str) -> Json:
    try:
        return int(text)
    except ValueError:
        try:
            return float(text.replace(",", "."))
        except ValueError:
            return text


def _as_text(value: Json) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
