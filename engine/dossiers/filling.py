"""What a work item's form begins with: the values and the options that the user task's inputs give it.

An input fills the field whose key it has; one that a choice names as its input data (``valuesKey``) becomes its options. The
outcome is a form like any other, with default values and static options, so that showing and checking know nothing of inputs.
"""

from collections.abc import Iterator, Mapping

from engine.exchange.ports import Json

Component = Mapping[str, Json]


def filled(form: Component, given: Mapping[str, Json]) -> dict[str, Json]:
    """*form* with *given* in it. Null fills nothing in; what is no list of options leaves the choice without any."""
    return {**form, "components": _level(form, given)}


def names_read(form: Component) -> frozenset[str]:
    """The inputs that *form* makes use of: keys of its outer level, paths of groups, and input data of choices."""
    return frozenset(_names(form, ("key", "path", "valuesKey")))


def options_read(form: Component) -> frozenset[str]:
    """The inputs that choices of *form* take their options from; those inside groups with a path are not looked at."""
    return frozenset(_names(form, ("valuesKey",)))


def _level(owner: Component, given: Mapping[str, Json]) -> list[Json]:
    found = owner.get("components")
    parts = found if isinstance(found, list) else []
    return [_component(one, given) if isinstance(one, dict) else one for one in parts]


def _component(component: dict[str, Json], given: Mapping[str, Json]) -> Json:
    if component.get("type") == "group":
        own = component.get("path")
        inner = given.get(str(own)) if own else dict(given)
        return {**component, "components": _level(component, inner if isinstance(inner, dict) else {})}
    value = given.get(str(component.get("key") or ""))
    begun: dict[str, Json] = {**component, "defaultValue": value} if value is not None else component
    source = component.get("valuesKey")
    options = _options(given.get(source)) if isinstance(source, str) else None
    return {**begun, "values": options} if options else begun


def _options(value: Json) -> list[Json] | None:
    """A list of texts or numbers, or of {label, value}, as the editor's static options."""
    if not isinstance(value, list):
        return None
    rows: list[Json] = []
    for one in value:
        row: dict[str, Json] = one if isinstance(one, dict) else {"label": str(one), "value": one}
        if not isinstance(row.get("value"), str | int | float):
            return None
        rows.append(row)
    return rows


def _names(owner: Component, members: tuple[str, ...]) -> Iterator[str]:
    found = owner.get("components")
    for one in found if isinstance(found, list) else []:
        if not isinstance(one, dict):
            continue
        if one.get("type") == "group" and not one.get("path"):
            yield from _names(one, members)
        else:
            yield from (str(one[name]) for name in members if one.get(name))
