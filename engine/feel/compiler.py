"""From syntax tree to Python closures: values, names, paths, types and conditions.

Operators are compiled in `compiled_operators`, loops and filters in `compiled_loops`, functions and their calls in
`compiled_calls`. A closure takes the scope
(`Env`) and answers with a value; it never raises anything but our own errors.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from engine.feel import compiled_calls, compiled_loops, compiled_operators, compiled_tests, syntax
from engine.feel.comparison import less, less_or_equal
from engine.feel.properties import property_of
from engine.feel.registry import BUILTINS
from engine.feel.runtime import MISSING, Env
from engine.feel.temporals import DateTime
from engine.feel.types import resolve
from engine.feel.values import PLAIN, Range, kind_of, norm

Code: TypeAlias = Callable[[Env], object]


class Compiler:
    """One tree on its way to closures; afterwards *names* and *functions* say what it uses from outside.

    *certain* are the names that cannot be entries of the items of a filter.
    """

    def __init__(self, text: str, shadowing: frozenset[str] = frozenset()) -> None:
        self.text = text
        self.bound: list[frozenset[str]] = []
        self.names: set[str] = set()
        self.functions: set[str] = set()
        self.shadowing = shadowing
        self.certain: set[str] = set()
        self.count = 0

    def code(self, node: syntax.Node) -> Code:
        """The closure of a node."""
        self.count += 1
        return _CODE[type(node)](self, node)

    def within(self, names: frozenset[str], node: syntax.Node) -> Code:
        """The closure of a node that stands where *names* are bound."""
        self.bound.append(names)
        code = self.code(node)
        self.bound.pop()
        return code

    def measured(self, names: frozenset[str], node: syntax.Node) -> tuple[Code, int]:
        """The closure of a node that is run again and again, and the steps that each run costs."""
        before = self.count
        code = self.within(names, node)
        return code, 1 + (self.count - before >> 2)

    def is_bound(self, name: str) -> bool:
        """Whether the expression itself gives the name its meaning here."""
        return any(name in scope for scope in self.bound)

    def is_builtin(self, name: str) -> bool:
        """Whether the name certainly means the built-in function."""
        return name in BUILTINS and name not in self.shadowing and not self.is_bound(name)


def _literal(compiler: Compiler, node: syntax.Literal) -> Code:
    value = node.value
    return lambda env: value


def _name(compiler: Compiler, node: syntax.Name) -> Code:
    name, at = node.name, node.at
    if compiled_loops.is_partial(compiler, node):
        return compiled_loops.partial_copy
    if not compiler.is_bound(name):
        compiler.names.add(name)
        if not compiler.is_bound("item"):
            compiler.certain.add(name)
    missing, plain = MISSING, PLAIN

    def variable(env: Env) -> object:
        value = env.vars.get(name, missing)
        if value is missing:
            return outer(env)
        return value if type(value) in plain else norm(value)

    def outer(env: Env) -> object:
        scope = env.parent
        while scope is not None:
            value = scope.vars.get(name, missing)
            if value is not missing:
                return norm(value)
            scope = scope.parent
        if name in BUILTINS:
            return compiled_calls.builtin_value(name)
        env.run.fault(at, f"there is no variable `{name}`", "unknown")
        return None

    return variable


def _path(compiler: Compiler, node: syntax.Path) -> Code:
    source, name, at = compiler.code(node.source), node.name, node.at
    missing, plain = MISSING, PLAIN

    def path(env: Env) -> object:
        value = source(env)
        if type(value) is dict:
            found = value.get(name, missing)
            if type(found) in plain:
                return found
            if found is not missing:
                return norm(found)
        return _path_of(env, value, name, at)

    if not isinstance(node.source, syntax.Name) or compiled_loops.is_partial(compiler, node.source):
        return path
    whole = node.source.name

    def member(env: Env) -> object:
        value = env.vars.get(whole, missing)
        if type(value) is dict:
            found = value.get(name, missing)
            return found if type(found) in plain else path(env)
        scope = env.parent
        while value is missing and scope is not None:
            value, scope = scope.vars.get(whole, missing), scope.parent
        # Some variables read a member only when it is named; `norm` of the whole would ask for them all.
        if type(value) not in plain and isinstance(value, dict) and name in value:
            return norm(value[name])
        return path(env)

    return member


def _path_of(env: Env, value: object, name: str, at: int) -> object:
    if isinstance(value, list):
        env.run.weigh(value)
        return [_path_of(env, norm(item), name, at) for item in value]
    if isinstance(value, dict):
        if name in value:
            return norm(value[name])
        env.run.fault(at, f"the context has no entry `{name}`", "missing")
        return None
    if type(value) is DateTime:
        env.run.spend(3)
    found = property_of(value, name, MISSING)
    if found is MISSING:
        code = "missing" if value is None else "error"
        env.run.fault(at, f"a value of type {kind_of(value)} has no `{name}`", code)
        return None
    return found


def _instance(compiler: Compiler, node: syntax.InstanceOf) -> Code:
    value, ref, at = compiler.code(node.value), node.type, node.at
    fixed = resolve(ref, None)

    def instance(env: Env) -> object:
        kind = resolve(ref, env.run.types) if fixed is None else fixed
        if kind is None:
            env.run.fault(at, f"there is no type `{ref.name}`")
            return None
        found = value(env)
        if found is None:
            return is_null(ref)
        if isinstance(found, list | dict):
            env.run.weigh(found)
        return kind.has(found)

    return instance


def is_null(ref: syntax.TypeRef) -> bool:
    """Whether the type is the one that only null is of."""
    return ref.name == "Null"


def _if(compiler: Compiler, node: syntax.If) -> Code:
    condition, then, otherwise = (compiler.code(part) for part in (node.condition, node.then, node.otherwise))

    def choice(env: Env) -> object:
        found = condition(env)
        if found is True:
            return then(env)
        if found is not False:
            env.run.fault(node.at, f"the condition of `if` is {kind_of(found)}, not a boolean")
        return otherwise(env)

    return choice


def _range(compiler: Compiler, node: syntax.RangeLiteral) -> Code:
    low, high = compiler.code(node.low), compiler.code(node.high)

    def value(env: Env) -> object:
        a, b = low(env), high(env)
        if a is not None and b is not None and less_or_equal(a, b) is None and less(b, a) is None:
            env.run.fault(node.at, f"a range cannot go from {kind_of(a)} to {kind_of(b)}")
            return None
        return Range(a, b, node.low_closed and a is not None, node.high_closed and b is not None)

    return value


def test_range(op: str, value: object) -> Range:
    """The range of all values that a comparison with its left side left out accepts."""
    if op in ("=", "!="):
        return Range(value, value, op == "=", op == "=", op)
    if op[0] == "<":
        return Range(None, value, False, op == "<=", op)
    return Range(value, None, op == ">=", False, op)


def _test(compiler: Compiler, node: syntax.Test) -> Code:
    operand, op = compiler.code(node.operand), node.op
    return lambda env: test_range(op, operand(env))


def _list(compiler: Compiler, node: syntax.ListLiteral) -> Code:
    items = [compiler.code(item) for item in node.items]

    def values(env: Env) -> object:
        env.run.grown(len(items))
        return [item(env) for item in items]

    return values


def _context(compiler: Compiler, node: syntax.ContextLiteral) -> Code:
    entries: list[tuple[str, Code]] = []
    known: frozenset[str] = frozenset()
    for key, value in node.entries:
        own = {key} if isinstance(value, syntax.FunctionLiteral) and key not in BUILTINS else frozenset()
        entries.append((key, compiler.within(known | own, value)))
        known |= {key}
    doubled = len(known) < len(entries)

    def context(env: Env) -> object:
        if doubled:
            env.run.fault(node.at, "a context has two entries of one name")
            return None
        values: dict[str, object] = {}
        scope = Env(values, env, env.run)
        for key, value in entries:
            values[key] = value(scope)
        return values

    return context


def _unary(compiler: Compiler, node: syntax.UnaryTests) -> Code:
    return compiled_tests.unary_tests(compiler, node)


_CODE: Mapping[type, Callable[..., Code]] = {
    syntax.Literal: _literal,
    syntax.Name: _name,
    syntax.Path: _path,
    syntax.Filter: compiled_loops.filtered,
    syntax.Call: compiled_calls.call,
    syntax.Negation: compiled_operators.negation,
    syntax.Binary: compiled_operators.binary,
    syntax.Logic: compiled_operators.logic,
    syntax.Between: compiled_operators.between,
    syntax.In: compiled_tests.membership,
    syntax.InstanceOf: _instance,
    syntax.If: _if,
    syntax.Loop: compiled_loops.loop,
    syntax.RangeLiteral: _range,
    syntax.Test: _test,
    syntax.ListLiteral: _list,
    syntax.ContextLiteral: _context,
    syntax.FunctionLiteral: compiled_calls.function,
    syntax.UnaryTests: _unary,
}
