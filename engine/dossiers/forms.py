"""Checks what a person entered against a bpmn.io form, and gives back the variables for the process.

The form is its JSON as the editors write it; what we cannot check is refused at deployment by `engine.models.rules.forms`, so
that nothing slips through unchecked at run time. Showing a form is the console's business; conditions are FEEL and are
evaluated by whoever is handed in.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from engine import errors
from engine.clock import VIETNAM
from engine.dossiers.checking import Problems, Unacceptable, clean_date, clean_number, clean_text, is_empty
from engine.exchange.ports import Json
from engine.feel.regex import forms as regex

# Tells whether a condition's FEEL text (``=decision = "accept"``) holds over the data entered.
Condition: TypeAlias = Callable[[str, Mapping[str, Json]], bool]
Component: TypeAlias = Mapping[str, Json]

_WITHOUT_INPUT = frozenset(
    {"text", "html", "image", "spacer", "separator", "button", "table", "iframe", "documentPreview"}
)
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


# -- reading the form ----------------------------------------------------------------------------------------


def _components(owner: Mapping[str, Json]) -> list[Component]:
    found = owner.get("components", [])
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


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
    if isinstance(pattern, str) and pattern and not regex.holds(pattern, text):
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
    if not _is_step(component.get("increment"), number, least if isinstance(least, int | float) else 0):
        raise Unacceptable(f"must go in steps of {component.get('increment')}")
    return str(number) if component.get("serializeToString") else number


def _is_step(increment: Json, number: float, least: float) -> bool:
    """Whether *number* is so many steps above *least*, counted in decimals as people write them."""
    try:
        step = Decimal(str(increment))
    except InvalidOperation:
        return True
    return not step.is_finite() or step <= 0 or (Decimal(str(number)) - Decimal(str(least))) % step == 0


def _options(component: Component) -> list[Json] | None:
    """The values allowed, or None when the data that they come from is not there."""
    values = component.get("values")
    if not isinstance(values, list):
        return None
    return [option.get("value") for option in values if isinstance(option, dict)]


def _choice(component: Component, value: Json) -> Json:
    allowed = _options(component)
    if allowed is None:
        raise Unacceptable("has nothing to choose from: its options did not come")
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
        return _moment(datetime.fromisoformat(text), component.get("timeSerializingFormat"))
    except ValueError:
        raise Unacceptable("must be a time in ISO 8601") from None


def _moment(given: datetime, style: Json) -> str:
    """A moment as the form wants it kept; one without an offset is meant in Vietnam."""
    if style == "no_timezone":
        return given.replace(tzinfo=None).isoformat()
    aware = given if given.tzinfo is not None else given.replace(tzinfo=VIETNAM)
    return (aware.astimezone(UTC) if style == "utc_normalized" else aware).isoformat()


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
