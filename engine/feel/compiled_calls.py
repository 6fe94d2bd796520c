"""Closures of function literals and calls: built-ins, functions written in FEEL, and functions handed in.

What the built-ins do is in `builtins`; how their arguments are checked is in `registry`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from engine.feel import compiled_loops, syntax
from engine.feel.registry import BUILTINS, call_builtin
from engine.feel.runtime import Env, Misuse, Run
from engine.feel.types import Type, coerce, resolve
from engine.feel.values import Function, kind_of

if TYPE_CHECKING:
    from engine.feel.compiler import Code, Compiler

_ONLY_LOOKING = frozenset(
    {"count", "sum", "min", "max", "mean", "median", "product", "all", "any", "list contains", "index of"}
)


@lru_cache(maxsize=256)
def builtin_value(name: str) -> Function:
    """A built-in as a value that can be handed to a function."""
    overloads = BUILTINS[name]

    def call(run: Run, args: list[object]) -> object:
        return call_builtin(run, name, args, None)

    def invoke(run: Run, args: list[object], names: tuple[str, ...] | None) -> object:
        return call_builtin(run, name, args, names)

    return Function(name, overloads[0].names, call, invoke=invoke, variadic=True)


def function(compiler: Compiler, node: syntax.FunctionLiteral) -> Code:
    """`function(a, b) body`: a closure over the names around it."""
    names = tuple(param.name for param in node.params)
    text = compiler.text
    body, cost = compiler.measured(frozenset(names), node.body)
    refs = tuple(param.type for param in node.params)
    if node.external:
        return _external(node, names)

    def value(env: Env) -> object:
        env.run.spend(8)
        types = tuple(resolve(ref, env.run.types) if ref else None for ref in refs)

        def call(run: Run, args: list[object]) -> object:
            outer, run.text = run.text, text
            found = body(Env(dict(zip(names, args, strict=True)), env, run))
            run.text = outer
            return found

        return Function("function", names, guarded(call, 2 * node.height + 4, 2 * cost), types)

    return value


def guarded(
    call: Callable[[Run, list[object]], object], depth: int, steps: int = 4
) -> Callable[[Run, list[object]], object]:
    """The call, refused when calls are nested too deep."""

    def counted(run: Run, args: list[object]) -> object:
        run.spend(steps)
        run.depth -= depth
        if run.depth < 0:
            run.exceeded("functions call each other too deep")
        result = call(run, args)
        run.depth += depth
        return result

    return counted


def _external(node: syntax.FunctionLiteral, names: tuple[str, ...]) -> Code:
    def refused(run: Run, args: list[object]) -> object:
        raise Misuse("external functions are not run here; write the function in FEEL")

    return lambda env: Function("external function", names, refused)


def call(compiler: Compiler, node: syntax.Call) -> Code:
    """`function(args)`."""
    name = node.function.name if isinstance(node.function, syntax.Name) else ""
    if compiler.is_builtin(name):
        compiler.functions.add(name)
        return _builtin_call(name, [_argument(compiler, name, arg) for arg in node.args], node)
    args = [compiler.code(arg) for arg in node.args]
    callee, at, names = compiler.code(node.function), node.at, node.names

    def called(env: Env) -> object:
        target = callee(env)
        if not isinstance(target, Function) and name in BUILTINS:
            target = builtin_value(name)
        if not isinstance(target, Function):
            env.run.fault(at, f"{name or 'the value'} is {kind_of(target)}, not a function")
            return None
        return invoke(env.run, target, [arg(env) for arg in args], names, at)

    return called


def _argument(compiler: Compiler, name: str, node: syntax.Node) -> Code:
    if name in _ONLY_LOOKING and compiled_loops.is_partial(compiler, node):
        return compiled_loops.raw_partial
    return compiler.code(node)


def _builtin_call(name: str, args: list[Code], node: syntax.Call) -> Code:
    at, names = node.at, node.names

    def builtin(env: Env) -> object:
        run = env.run
        values = [arg(env) for arg in args]
        depth = run.depth
        try:
            return call_builtin(run, name, values, names)
        except Misuse as misuse:
            run.depth = depth
            run.fault(at, f"{name}: {misuse.reason}")
            return None

    return builtin


def invoke(
    run: Run, target: Function, args: list[object], names: tuple[str, ...] | None, at: int = 0
) -> object:
    """The result of a function; null and a warning where the arguments do not fit."""
    depth = run.depth
    try:
        if target.invoke is not None:
            return target.invoke(run, args, names)
        return call_function(run, target, arrange(target, args, names))
    except Misuse as misuse:
        run.depth = depth
        run.fault(at, f"{target.name}: {misuse.reason}")
        return None


def arrange(target: Function, args: list[object], names: tuple[str, ...] | None) -> list[object]:
    """The arguments in the order of the parameters.

    Raises:
        Misuse: they are too many, too few, or named otherwise.
    """
    if names is not None:
        given = dict(zip(names, args, strict=True))
        if given.keys() != set(target.params) or len(given) < len(names):
            raise Misuse(f"the parameters are {', '.join(target.params)}, not {', '.join(names)}")
        return [given[name] for name in target.params]
    if len(args) != len(target.params):
        raise Misuse(f"takes {len(target.params)} arguments, not {len(args)}")
    return args


def call_function(run: Run, target: Function, args: list[object]) -> object:
    """The result of a function for as many arguments as it has parameters.

    Raises:
        Misuse: an argument is not of the parameter's type.
    """
    if target.types:
        args = [
            _fitted(run, arg, kind, name)
            for arg, kind, name in zip(args, target.types, target.params, strict=True)
        ]
    result = target.call(run, args)
    if target.result is None:
        return result
    fitted, fits = coerce(result, target.result, run)
    if not fits:
        raise Misuse(f"its result is {kind_of(result)}, not of the declared type")
    return fitted


def _fitted(run: Run, value: object, kind: Type | None, name: str) -> object:
    if kind is None:
        return value
    fitted, fits = coerce(value, kind, run)
    if not fits:
        raise Misuse(f"argument `{name}` is {kind_of(value)}, not of the declared type")
    return fitted
