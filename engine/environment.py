"""Reads settings dataclasses from environment variables: the only reader of the process's environment.

Which settings exist is said in `engine.settings`; here is only how a field finds its variable, how a text becomes a
value, and how a mistake is reported.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar, get_type_hints

from engine.errors import SettingsError

PREFIX = "LIENTHONG_"
FILE_SUFFIX = "_FILE"
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}

T = TypeVar("T")


def process_environment() -> Mapping[str, str]:
    """A copy of this process's environment variables."""
    return dict(os.environ)


def setting(
    default: T,
    about: str,
    *,
    name: str = "",
    secret: bool = False,
    least: float = 0,
    most: float = 2**53,
) -> T:
    """A dataclass field that `read` fills; *name* only where the variable is not prefix, group and field.

    *secret* allows the form with `_FILE` and hides the value; *least* and *most* bound a number.
    """
    told = {"about": about, "name": name, "secret": secret, "least": least, "most": most}
    value: T = field(default=default, metadata=told)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One setting as a person sees it: where it is set, what it means and what it is by default."""

    name: str
    path: tuple[str, ...]
    kind: object
    about: str
    default: object
    secret: bool
    least: float
    most: float


def variables(settings: type, prefix: str = PREFIX, path: tuple[str, ...] = ()) -> Iterator[Variable]:
    """Every variable that fills *settings* and the groups inside it."""
    hints = get_type_hints(settings)
    for item in fields(settings):
        kind = hints[item.name]
        if is_dataclass(kind) and isinstance(kind, type):
            yield from variables(kind, f"{prefix}{item.name.upper()}_", (*path, item.name))
        elif "about" in item.metadata:
            yield _variable(item, kind, prefix, path)


def _variable(item: Field[object], kind: object, prefix: str, path: tuple[str, ...]) -> Variable:
    told = item.metadata
    return Variable(
        name=str(told["name"]) or f"{prefix}{item.name.upper()}",
        path=(*path, item.name),
        kind=kind,
        about=str(told["about"]),
        default=item.default,
        secret=bool(told["secret"]),
        least=float(told["least"]),
        most=float(told["most"]),
    )


def values(known: list[Variable], environment: Mapping[str, str]) -> dict[tuple[str, ...], object]:
    """What *environment* says, by the field's path; settings that it does not name are absent.

    Raises:
        SettingsError: a value cannot be understood, or a secret's file cannot be read.
    """
    found: dict[tuple[str, ...], object] = {}
    for variable in known:
        text = lookup(variable.name, environment, secret=variable.secret)
        if text is not None and text != "":
            found[variable.path] = _value(variable, text)
    return found


def lookup(name: str, environment: Mapping[str, str], *, secret: bool) -> str | None:
    """The text of *name*, from the file that `<name>_FILE` names where that is set instead.

    Raises:
        SettingsError: both forms are set, or the file cannot be read.
    """
    direct, file = environment.get(name), environment.get(name + FILE_SUFFIX) if secret else None
    if direct and file:
        raise SettingsError(name=name, reason=f"set either {name} or {name}{FILE_SUFFIX}, not both")
    if not file:
        return direct
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(name=name + FILE_SUFFIX, reason=f"{file} cannot be read") from exc


def refuse_unknown(known: set[str], environment: Mapping[str, str]) -> None:
    """Raise SettingsError for the first `LIENTHONG_` variable outside *known*, with the nearest name."""
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(name=name, reason=f"there is no such setting{hint}")


def _value(variable: Variable, text: str) -> object:
    kind = variable.kind
    if kind is bool:
        return as_bool(variable.name, text)
    if kind is int or kind is float:
        return _number(variable, text)
    if kind == Path or kind == Path | None:
        return Path(text).expanduser().absolute()
    if kind == tuple[Path, ...]:
        return tuple(Path(part).expanduser().absolute() for part in text.split(os.pathsep) if part)
    return text


def as_bool(name: str, text: str) -> bool:
    """Whether *text* says yes. Raises: SettingsError, naming the variable *name*."""
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise SettingsError(name=name, reason=f"{text!r} is neither yes nor no")
    return word in _TRUE


def _number(variable: Variable, text: str) -> int | float:
    try:
        number = int(text) if variable.kind is int else float(text)
    except ValueError:
        kind = "a whole number" if variable.kind is int else "a number"
        raise SettingsError(name=variable.name, reason=f"{text!r} is not {kind}") from None
    if not variable.least <= number <= variable.most:
        bounds = f"less than {variable.least:g}, more than {variable.most:.0f} or not finite"
        raise SettingsError(name=variable.name, reason=f"{text} is {bounds}")
    return number
