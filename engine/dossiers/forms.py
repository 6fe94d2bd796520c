"""Checks what a person entered against a bpmn.io form, and gives back the variables for the process.

The form is its JSON as the editors write it; what we cannot check is named at deployment by `unsupported`, so that
nothing slips through unchecked at run time. Showing a form is the console's business; conditions are FEEL and are
evaluated by whoever is handed in.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, time
from typing import TypeAlias

from engine import errors
from engine.dossiers.checking import Problems, Unacceptable, clean_date, clean_number, clean_text, is_empty
from engine.exchange.ports import Json

# Tells whether a condition's FEEL text (``=decision = "accept"``) holds over the data entered.
Condition: TypeAlias = Callable[[str, Mapping[str, Json]], bool]
Component: TypeAlias = Mapping[str, Json]

_WITHOUT_INPUT = frozenset({"text", "html", "image", "spacer", "separator", "button", "table", "iframe"})
_NESTING = frozenset({"group", "dynamiclist"})
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+?[\d .()-]{6,20}", re.ASCII)
_MAX_ROWS = 200


def validate(
    form: Mapping[str, Json],
    data: Mapping[str, Json],
    condition: Condition | None = None,
) -> dict[str, Json]:
    """The entered *data*, checked and cleaned: dates in ISO, empty and hidden fields left out.

    Without *condition* every field counts as shown. A condition sees every field of its level, null where nothing was
    entered.

    Raises:
        FormInvalid: its fact ``fields`` lists every {field, reason}; fields that the form does not have are wrong too.
    """
    problems = Problems()
    cleaned = _read(_components(form), data, "", problems, condition)
    if problems:
        raise errors.FormInvalid(reason=problems.first, fields=problems.found)
    return cleaned


def unsupported(form: Mapping[str, Json]) -> list[str]:
    """What in *form* could not be checked at run time, one sentence each; empty when all of it can."""
    if not isinstance(form.get("components"), list):
        return ["the form has no components"]
    return [sentence for component in _walk(_components(form)) for sentence in _doubts(component)]


# -- reading the form ----------------------------------------------------------------------------------------


def _components(owner: Mapping[str, Json]) -> list[Component]:
    found = owner.get("components", [])
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _walk(components: list[Component]) -> Iterator[Component]:
    for component in components:
        yield component
        yield from _walk(_components(component))


def _doubts(component: Component) -> Iterator[str]:
    kind, name = component.get("type"), component.get("key") or component.get("id") or "?"
    if kind in _WITHOUT_INPUT or kind in _NESTING:
        return
    if kind not in _CHECKS:
        yield f"component {name}: type {kind} is not supported"
    elif not isinstance(component.get("key"), str):
        yield f"component {name}: has no key"
    try:
        re.compile(str(_rules(component).get("pattern", "")))
    except re.error as exc:
        yield f"component {name}: its pattern is no regular expression: {exc}"


def _rules(component: Component) -> Mapping[str, Json]:
    rules = component.get("validate")
    return rules if isinstance(rules, dict) else {}


def _is_hidden(component: Component, data: Mapping[str, Json], condition: Condition | None) -> bool:
    """Whether the component's own condition hides it, over *data*."""
    rule = component.get("conditional")
    hide = rule.get("hide") if isinstance(rule, dict) else None
    return condition is not None and isinstance(hide, str) and bool(hide) and condition(hide, data)


def _fields(components: list[Component]) -> Iterator[Component]:
    """The components that take input at this level; those of groups stand at their group's level."""
    for component in components:
        if component.get("type") == "group" and not component.get("path"):
            yield from _fields(_components(component))
        elif component.get("type") not in _WITHOUT_INPUT:
            yield component


def _key(component: Component) -> str:
    name = component.get("path") if component.get("type") in _NESTING else component.get("key")
    return str(name or "")


# -- checking the data ----------------------------------------------------------------------------------------


def _read(
    components: list[Component],
    data: Mapping[str, Json],
    path: str,
    problems: Problems,
    condition: Condition | None,
) -> dict[str, Json]:
    every = {_key(component): component for component in _fields(components)}
    entered: dict[str, Json] = {**dict.fromkeys(every), **data}
    fields = {_key(component): component for component in _fields(_shown(components, entered, condition))}
    for name in data:
        if name not in every:
            problems.add(f"{path}{name}"[:200], "is no field of this form")
    cleaned: dict[str, Json] = {}
    for name, component in fields.items():
        value = data.get(name)
        if is_empty(value):
            if _rules(component).get("required"):
                problems.add(path + name, "is missing")
        elif not component.get("readonly") and not component.get("disabled"):
            cleaned[name] = _value(component, value, path + name, problems, condition)
    return cleaned


def _shown(
    components: list[Component],
    data: Mapping[str, Json],
    condition: Condition | None,
) -> list[Component]:
    """Those that are not hidden, groups with what is shown inside them."""
    shown: list[Component] = []
    for component in components:
        if _is_hidden(component, data, condition):
            continue
        inside: list[Json] = [dict(item) for item in _shown(_components(component), data, condition)]
        is_plain_group = component.get("type") == "group" and not component.get("path")
        shown.append({**component, "components": inside} if is_plain_group else component)
    return shown


def _value(
    component: Component,
    value: Json,
    path: str,
    problems: Problems,
    condition: Condition | None,
) -> Json:
    kind = component.get("type")
    if kind == "group" and isinstance(value, dict):
        return _read(_components(component), value, f"{path}.", problems, condition)
    if kind == "dynamiclist" and isinstance(value, list) and len(value) <= _MAX_ROWS:
        rows = [row if isinstance(row, dict) else {} for row in value]
        parts = _components(component)
        return [_read(parts, row, f"{path}.{at}.", problems, condition) for at, row in enumerate(rows)]
    try:
        return _CHECKS.get(str(kind), _unknown)(component, value)
    except Unacceptable as exc:
        problems.add(path, str(exc))
        return None


def _unknown(component: Component, value: Json) -> Json:
    raise Unacceptable("is of a type that cannot be checked")


def _text(component: Component, value: Json) -> Json:
    text, rules = clean_text(value), _rules(component)
    shortest, longest, pattern = rules.get("minLength"), rules.get("maxLength"), rules.get("pattern")
    if isinstance(shortest, int) and len(text) < shortest:
        raise Unacceptable(f"is shorter than {shortest} characters")
    if isinstance(longest, int) and len(text) > longest:
        raise Unacceptable(f"is longer than {longest} characters")
    if isinstance(pattern, str) and pattern and re.search(pattern, text) is None:
        raise Unacceptable("does not have the form asked for")
    if rules.get("validationType") == "email" and not _EMAIL.fullmatch(text):
        raise Unacceptable("must be an e-mail address")
    if rules.get("validationType") == "phone" and not _PHONE.fullmatch(text):
        raise Unacceptable("must be a telephone number")
    return text


def _number(component: Component, value: Json) -> Json:
    number, rules = clean_number(value), _rules(component)
    least, most, digits = rules.get("min"), rules.get("max"), component.get("decimalDigits")
    if isinstance(least, int | float) and number < least:
        raise Unacceptable(f"must be at least {least}")
    if isinstance(most, int | float) and number > most:
        raise Unacceptable(f"must be at most {most}")
    if isinstance(digits, int) and round(number, digits) != number:
        raise Unacceptable(f"must have at most {digits} decimals")
    return number


def _options(component: Component) -> list[Json] | None:
    """The values allowed, or None when they come from data that is not here."""
    values = component.get("values")
    if not isinstance(values, list):
        return None
    return [option.get("value") for option in values if isinstance(option, dict)]


def _choice(component: Component, value: Json) -> Json:
    allowed = _options(component)
    if allowed is None:
        return clean_text(value)
    if isinstance(value, bool) or value not in allowed:
        raise Unacceptable(f"must be one of {', '.join(map(str, allowed))}")
    return value


def _choices(component: Component, value: Json) -> Json:
    if not isinstance(value, list) or len(value) > _MAX_ROWS:
        raise Unacceptable("must be a list")
    return [_choice(component, item) for item in value]


def _checkbox(component: Component, value: Json) -> Json:
    if not isinstance(value, bool):
        raise Unacceptable("must be true or false")
    if _rules(component).get("required") and not value:
        raise Unacceptable("must be ticked")
    return value


def _datetime(component: Component, value: Json) -> Json:
    subtype = component.get("subtype", "date")
    if subtype == "date":
        return clean_date(value)
    text = clean_text(value, 40)
    try:
        if subtype == "time":
            return time.fromisoformat(text).isoformat()
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        raise Unacceptable("must be a time in ISO 8601") from None


_CHECKS: dict[str, Callable[[Component, Json], Json]] = {
    "textfield": _text,
    "textarea": _text,
    "number": _number,
    "select": _choice,
    "radio": _choice,
    "checklist": _choices,
    "taglist": _choices,
    "checkbox": _checkbox,
    "datetime": _datetime,
}
