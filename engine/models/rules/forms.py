"""Forms of work items: whatever of one would be shown or checked otherwise than its author drew it is told at deployment.

The rules know the components of bpmn.io's editor. Checking what people enter is `engine.dossiers.forms`'s business, showing a
form the console's; neither drops anything that passes here.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import orjson

from engine import feel
from engine.errors import FeelSyntaxError
from engine.feel.regex import forms as regex
from engine.models.deployment import Deployment
from engine.models.findings import Finding, Findings
from engine.models.rules.expressions import paths_in

INPUTS = frozenset(
    ("textfield", "textarea", "number", "select", "radio", "checklist", "taglist", "checkbox", "datetime")
)
SHOWN = frozenset(("text", "html", "group", "separator", "spacer", "button"))
_UNSEEN = frozenset(("image", "iframe", "table", "documentPreview"))
_CHOICES = frozenset(("select", "radio", "checklist", "taglist"))
_WORDS = ("label", "dateLabel", "timeLabel", "description", "text", "content")
_SWITCHES = ("readonly", "disabled")
_RULES = ("required", "min", "max", "minLength", "maxLength", "pattern")
_FIXED = "write the value itself; what depends on the process belongs into the model"

Component: TypeAlias = Mapping[str, Any]


def findings(deployment: Deployment) -> list[Finding]:
    """Everything to be told about the forms of *deployment*."""
    found: list[Finding] = []
    seen: dict[str, str] = {}
    for name, form in _forms(deployment):
        told = _Told(Findings(name), deployment.files[name].decode(errors="replace"))
        if not isinstance(form.get("components"), list):
            told.error("form", "the form has no components", "draw its fields, or remove the file")
        _level(told, form)
        other = seen.setdefault(str(form.get("id") or name), name)
        if other != name:
            told.error(
                str(form.get("id")), f"{other} has the form `{form.get('id')}` too", "give each its own id"
            )
        found += told.findings.items
    return found


class _Told:
    """Findings about one form, each with the line on which its component stands."""

    def __init__(self, findings: Findings, text: str) -> None:
        self.findings, self._lines = findings, text.splitlines()

    def error(self, name: str, message: str, remedy: str) -> None:
        self.findings.error("form-component", name, self._line(name), message, remedy)

    def warning(self, name: str, message: str, remedy: str) -> None:
        self.findings.warning("form-component", name, self._line(name), message, remedy)

    def _line(self, name: str) -> int:
        named = re.compile(rf'"(key|id|path)"\s*:\s*"{re.escape(name)}"')
        return next((at for at, line in enumerate(self._lines, 1) if named.search(line)), 1)


def _forms(deployment: Deployment) -> Iterator[tuple[str, Component]]:
    """The file and the content of every form that could be read."""
    for name, data in sorted(deployment.files.items()):
        if name.endswith(".form"):
            try:
                body = orjson.loads(data)
            except orjson.JSONDecodeError:  # told when it was read
                continue
            yield name, body if isinstance(body, dict) else {}


def parts(owner: Component) -> list[Component]:
    """The components right inside *owner*."""
    found: object = owner.get("components")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _name(component: Component) -> str:
    return str(component.get("key") or component.get("path") or component.get("id") or "?")


def _inside(components: list[Component]) -> Iterator[Component]:
    """The components of one level of the data: those of groups without a path stand at their group's."""
    for one in components:
        yield one
        if one.get("type") == "group" and not one.get("path"):
            yield from _inside(parts(one))


def _level(told: _Told, owner: Component) -> None:
    components = list(_inside(parts(owner)))
    counts = Counter(_name(one) for one in components if one.get("key") or one.get("path"))
    keys = frozenset(counts)  # one for all: expressions are kept by it
    for name in sorted(one for one in keys if counts[one] > 1):
        told.error(
            name, f"the key `{name}` is used twice, so one entry would be lost", "give each its own key"
        )
    for one in components:
        _component(told, one, keys)
        if one.get("type") == "group" and one.get("path"):
            _level(told, one)


def _component(told: _Told, component: Component, keys: frozenset[str]) -> None:
    kind, name = component.get("type"), _name(component)
    if kind in _UNSEEN:
        told.warning(
            name, f"a component of type {kind} is not shown to the officer", "say it in a text component"
        )
    elif kind not in INPUTS | SHOWN:
        remedy = f"use one of {', '.join(sorted(INPUTS))}"
        told.error(name, f"a component of type {kind} can be neither shown nor checked here", remedy)
        return
    _texts(told, component)
    _condition(told, component, keys)
    if kind in INPUTS:
        _input(told, component)
    if "." in str(component.get("path" if kind == "group" else "key") or ""):
        told.error(
            name, f"the key `{name}` has a dot", "nest by a group with a path, or use letters, digits and _"
        )


def _texts(told: _Told, component: Component) -> None:
    """Words and switches are taken as they are written: an expression among them would be shown, or count as yes."""
    for member in (*_WORDS, *_SWITCHES):
        value = component.get(member)
        if isinstance(value, str) and (value.startswith("=") or "{{" in value):
            told.error(
                _name(component), f"its {member} is an expression, which is not evaluated here", _FIXED
            )


def _condition(told: _Told, component: Component, keys: frozenset[str]) -> None:
    rule = component.get("conditional")
    hide = rule.get("hide") if isinstance(rule, dict) else None
    if not hide:
        return
    name = _name(component)
    if not isinstance(hide, str) or not hide.startswith("="):
        told.error(name, f"its condition `{hide}` is no expression", "write it as `=…`")
        return
    try:
        tree = feel.compile(hide[1:], keys).tree
    except FeelSyntaxError as exc:
        told.error(
            name, f"its condition `{hide[1:]}` is not FEEL: {exc.message}", "mend it; see docs/feel.md"
        )
        return
    for read in sorted({path[0] for path in paths_in(tree)} - keys):
        message = f"its condition reads `{read}`, which is no field beside it and would always be null"
        told.error(name, message, "name a field of the same level of the form")


def _input(told: _Told, component: Component) -> None:
    name, kind = _name(component), component.get("type")
    if not isinstance(component.get("key"), str) or not component.get("key"):
        told.error(name, "it has no key, so what is entered would go nowhere", "give it a key")
    if kind in _CHOICES and not isinstance(component.get("values"), list) and not _given(component):
        told.error(
            name,
            "its options come from an expression, so there would be nothing to choose from",
            "list them as static options, or name an input of the user task as their input data",
        )
    if component.get("disallowPassedDates"):
        told.error(
            name,
            "that past days are not allowed is not checked here",
            "check the day in the model, by a gateway",
        )
    if any(component.get(one) for one in _SWITCHES) and component.get("defaultValue") in (None, ""):
        told.warning(
            name, "it cannot be filled in and has no default value: it stays empty", "use a text component"
        )
    rules = component.get("validate")
    _rules(told, name, rules if isinstance(rules, dict) else {})


def _given(component: Component) -> bool:
    """Whether its options come from an input of the user task; `engine.models.rules.bindings` looks for that input."""
    source = component.get("valuesKey")
    return isinstance(source, str) and bool(source)


def _rules(told: _Told, name: str, rules: Component) -> None:
    for member in _RULES:
        value = rules.get(member)
        if member != "pattern" and isinstance(value, str) and value:
            told.error(name, f"its rule {member} is `{value}`, which is not evaluated here", _FIXED)
    problem = regex.wrong_in(str(rules.get("pattern") or ""))
    if problem is not None:
        told.error(name, f"its pattern cannot be used: {problem}", "mend it; see docs/models.md")
