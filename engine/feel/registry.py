"""The built-in functions by name: their parameters, and how arguments are matched and checked before they are called.

What each function does stands in `builtins`, one module per kind of value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from engine.feel.runtime import Misuse, Run
from engine.feel.temporals import Date, DateTime, DaysTime, Time, YearsMonths
from engine.feel.values import Function, Range, kind_of, norm

_TYPES: dict[str, tuple[type, ...]] = {
    "number": (Decimal,),
    "string": (str,),
    "boolean": (bool,),
    "list": (list,),
    "context": (dict,),
    "function": (Function,),
    "range": (Range,),
    "date": (Date, DateTime),
    "time": (Time,),
    "moment": (Date, DateTime, Time),
    "date and time": (DateTime,),
    "days and time duration": (DaysTime,),
    "duration": (DaysTime, YearsMonths),
    "any": (object,),
}

Implementation = TypeVar("Implementation", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its FEEL name, the types it takes, whether it may be left out or be null."""

    name: str
    kind: str
    types: tuple[type, ...]
    optional: bool
    nullable: bool


@dataclass(frozen=True, slots=True)
class Builtin:
    """One way to call a built-in function; *variadic* if the last parameter repeats."""

    params: tuple[Parameter, ...]
    required: int
    variadic: bool
    call: Callable[..., object]
    with_run: bool
    cost: int

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters."""
        return tuple(param.name for param in self.params)


BUILTINS: dict[str, list[Builtin]] = {}


def builtin(
    name: str, *params: str, run: bool = False, cost: int = 1
) -> Callable[[Implementation], Implementation]:
    """Register an implementation under a FEEL name.

    Parameters are written `name: type`; `name?` may be left out, `type~` may be null, `name*` repeats. With *run* the
    implementation's first argument is the evaluation. *cost* is what each call uses up of its steps, of about a
    microsecond each. It raises Misuse for arguments that it cannot work on.
    """
    made = tuple(_parameter(text) for text in params)

    def register(call: Implementation) -> Implementation:
        required = sum(not param.optional for param in made)
        variadic = any("*:" in text for text in params)
        BUILTINS.setdefault(name, []).append(Builtin(made, required, variadic, call, run, cost))
        return call

    return register


def _parameter(text: str) -> Parameter:
    name, _, kind = text.partition(": ")
    types = _TYPES[kind.rstrip("~")]
    return Parameter(
        name.rstrip("?*"), kind.rstrip("~"), types, name[-1] in "?*", kind[-1] == "~" or types == (object,)
    )


def call_builtin(run: Run, name: str, args: list[object], names: tuple[str, ...] | None) -> object:
    """The result of a built-in function.

    Raises:
        Misuse: the arguments do not fit any way to call it, or it cannot work on them.
    """
    for arg in args:
        if isinstance(arg, str) and len(arg) > 128:
            run.spend(len(arg) >> 6)
    overloads = BUILTINS[name]
    if names is not None:
        chosen, args = _by_names(overloads, args, names)
    else:
        chosen = _by_count(overloads, args)
    run.spend(chosen.cost)
    params = chosen.params
    last = len(params) - 1
    checked = [_checked(arg, params[index if index < last else last]) for index, arg in enumerate(args)]
    return chosen.call(run, *checked) if chosen.with_run else chosen.call(*checked)


def _by_count(overloads: list[Builtin], args: list[object]) -> Builtin:
    count = len(args)
    fitting = [
        way for way in overloads if way.required <= count and (way.variadic or count <= len(way.params))
    ]
    if not fitting:
        raise Misuse(f"takes other arguments than {count}: {_ways(overloads)}")
    if len(fitting) == 1:
        return fitting[0]
    return _best([(way, args) for way in fitting])[0]


def _best(ways: list[tuple[Builtin, list[object]]]) -> tuple[Builtin, list[object]]:
    """The way whose parameters are of the arguments' types, else of the types of the one item that lists hold."""
    for way, args in ways:
        if all(map(_matches, args, way.params)):
            return way, args
    for way, args in ways:
        if all(
            _matches(arg, param) or _holds(arg, param) for arg, param in zip(args, way.params, strict=False)
        ):
            return way, args
    return ways[0]


def _matches(arg: object, param: Parameter) -> bool:
    return isinstance(arg, param.types)


def _holds(arg: object, param: Parameter) -> bool:
    return isinstance(arg, list) and len(arg) == 1 and isinstance(norm(arg[0]), param.types)


def _by_names(
    overloads: list[Builtin], args: list[object], names: tuple[str, ...]
) -> tuple[Builtin, list[object]]:
    given = dict(zip(names, args, strict=True))
    fitting: list[tuple[Builtin, list[object]]] = []
    for way in overloads:
        known = {param.name for param in way.params}
        needed = {param.name for param in way.params if not param.optional}
        if needed <= given.keys() <= known and len(given) == len(names):
            while_given = [param.name for param in way.params]
            while while_given and while_given[-1] not in given:
                while_given.pop()
            fitting.append((way, [given.get(name) for name in while_given]))
    if fitting:
        fitting.sort(
            key=lambda found: found[0].names != names
        )  # `before(point, range)`, `before(range, point)`
        return _best(fitting)
    raise Misuse(f"has no parameters {', '.join(names)}: {_ways(overloads)}")


def _ways(overloads: list[Builtin]) -> str:
    return " or ".join(f"({', '.join(way.names)})" for way in overloads)


def _checked(arg: object, param: Parameter) -> object:
    if isinstance(arg, param.types) and (arg is not None or param.nullable):
        return arg
    if arg is None:
        if param.nullable:
            return None
        raise Misuse(f"argument `{param.name}` is null")
    if param.kind == "list":
        return [arg]
    if isinstance(arg, list) and len(arg) == 1:
        return _checked(norm(arg[0]), param)
    raise Misuse(f"argument `{param.name}` is {kind_of(arg)}, not {param.kind}")
