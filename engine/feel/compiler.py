"""From syntax tree to Python closures: values, names, paths, operators and conditions.

Loops and filters are compiled in `compiled_loops`, functions and their calls in `compiled_calls`. A closure takes the scope
(`Env`) and answers with a value; it never raises anything but our own errors.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import TypeAlias

from engine.feel import compiled_calls, compiled_loops, syntax
from engine.feel.arithmetic import OPERATORS, negate
from engine.feel.comparison import between, equal, less, less_or_equal, order
from engine.feel.properties import property_of
from engine.feel.registry import BUILTINS
from engine.feel.runtime import MISSING, Env
from engine.feel.types import fits, resolve
from engine.feel.values import PLAIN, Range, kind_of, norm

Code: TypeAlias = Callable[[Env], object]


class Compiler:
    """One tree on its way to closures; afterwards *names* and *functions* say what it uses from outside."""

    def __init__(self, shadowing: frozenset[str] = frozenset()) -> None:
        self.bound: list[frozenset[str]] = []
        self.names: set[str] = set()
        self.functions: set[str] = set()
        self.shadowing = shadowing

    def code(self, node: syntax.Node) -> Code:
        """The closure of a node."""
        return _CODE[type(node)](self, node)

    def within(self, names: frozenset[str], node: syntax.Node) -> Code:
        """The closure of a node that stands where *names* are bound."""
        self.bound.append(names)
        code = self.code(node)
        self.bound.pop()
        return code

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
    if not compiler.is_bound(name):
        compiler.names.add(name)
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

    return path


def _path_of(env: Env, value: object, name: str, at: int) -> object:
    if isinstance(value, list):
        env.run.grown(len(value))
        return [_path_of(env, norm(item), name, at) for item in value]
    if isinstance(value, dict):
        if name in value:
            return norm(value[name])
        env.run.fault(at, f"the context has no entry `{name}`", "missing")
        return None
    found = property_of(value, name, MISSING)
    if found is MISSING:
        code = "missing" if value is None else "error"
        env.run.fault(at, f"a value of type {kind_of(value)} has no `{name}`", code)
        return None
    return found


def _negation(compiler: Compiler, node: syntax.Negation) -> Code:
    operand, at = compiler.code(node.operand), node.at
    if isinstance(node.operand, syntax.Literal) and isinstance(node.operand.value, Decimal):
        constant = negate(node.operand.value)
        return lambda env: constant

    def negation(env: Env) -> object:
        value = operand(env)
        found = negate(value)
        if found is None:
            env.run.fault(at, f"`-` needs a number or a duration, not {kind_of(value)}")
        return found

    return negation


def _binary(compiler: Compiler, node: syntax.Binary) -> Code:
    left, right, at, op = compiler.code(node.left), compiler.code(node.right), node.at, node.op
    if op in OPERATORS:
        return _arithmetic(op, left, right, at)
    constant = node.right.value if isinstance(node.right, syntax.Literal) else None
    if op in ("=", "!="):
        return _equality(op, left, right, at) if type(constant) is not str else _equals(op, left, constant, at)
    if isinstance(constant, Decimal):
        return _compare_with(op, raw(compiler, node.left), constant, at)
    return lambda env: ordered(env, op, left(env), right(env), at)


def _arithmetic(op: str, left: Code, right: Code, at: int) -> Code:
    apply = OPERATORS[op]

    def arithmetic(env: Env) -> object:
        a, b = left(env), right(env)
        found = apply(_one(a), _one(b))
        if found is None:
            env.run.fault(at, _why(op, a, b))
        elif type(found) is str:
            env.run.written(len(found))
        return found

    return arithmetic


def _one(value: object) -> object:
    """A list of one item stands for its item."""
    return norm(value[0]) if isinstance(value, list) and len(value) == 1 else value


def _why(op: str, a: object, b: object) -> str:
    if type(a) is type(b) and isinstance(a, Decimal):
        return f"`{op}` has no finite result for {a} and {b}"
    return f"`{op}` does not work on {kind_of(a)} and {kind_of(b)}"


def _equality(op: str, left: Code, right: Code, at: int) -> Code:
    wanted = op == "="

    def equality(env: Env) -> object:
        a, b = left(env), right(env)
        if type(a) is str and type(b) is str:
            return (a == b) is wanted
        return _same(env, op, a, b, at)

    return equality


def _same(env: Env, op: str, a: object, b: object, at: int) -> bool | None:
    found = equal(a, b)
    if found is None:
        found = equal(_one(a), _one(b))
    if found is None:
        env.run.fault(at, f"`{op}` cannot compare {kind_of(a)} with {kind_of(b)}")
        return None
    return found is (op == "=")


_COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge}


def _compare_with(op: str, left: Code, limit: Decimal, at: int) -> Code:
    """A comparison with a number that stands in the text; whole numbers of JSON need no conversion for it."""
    apply = _COMPARE[op]
    whole: Decimal | int = int(limit) if limit == limit.to_integral_value() and abs(limit) < 10**34 else limit

    def comparison(env: Env) -> object:
        value = left(env)
        if type(value) is int:
            return apply(value, whole)
        value = norm(value)
        return apply(value, limit) if type(value) is Decimal else ordered(env, op, value, limit, at)

    return comparison


def raw(compiler: Compiler, node: syntax.Node) -> Code:
    """The closure of a node, whose value may be one of JSON that is not yet FEEL's."""
    code = compiler.code(node)
    if not isinstance(node, syntax.Name):
        return code
    name, missing = node.name, MISSING

    def variable(env: Env) -> object:
        value = env.vars.get(name, missing)
        return code(env) if value is missing else value

    return variable


def _equals(op: str, left: Code, text: str, at: int) -> Code:
    """Equality with a string that stands in the text."""
    wanted = op == "="

    def equality(env: Env) -> object:
        value = left(env)
        return (value == text) is wanted if type(value) is str else _same(env, op, value, text, at)

    return equality


def ordered(env: Env, op: str, a: object, b: object, at: int) -> bool | None:
    """`a < b` and its kin; null and a warning where the two cannot be ordered."""
    found = order(_one(a), _one(b))
    if found is None:
        env.run.fault(at, f"`{op}` cannot compare {kind_of(a)} with {kind_of(b)}")
        return None
    return bool(_COMPARE[op](found, 0))


def _logic(compiler: Compiler, node: syntax.Logic) -> Code:
    terms, at, op = [compiler.code(term) for term in node.terms], node.at, node.op
    decisive = op == "or"
    if len(terms) == 2:
        first, second = terms

        def pair(env: Env) -> object:
            a = first(env)
            if a is decisive:
                return a
            b = second(env)
            if b is decisive or (a is b and type(b) is bool):
                return b
            return _undecided(env, op, (a, b), at)

        return pair

    def chain(env: Env) -> object:
        values = []
        for term in terms:
            value = term(env)
            if value is decisive:
                return value
            values.append(value)
        return (not decisive) if all(type(value) is bool for value in values) else _undecided(env, op, values, at)

    return chain


def _undecided(env: Env, op: str, values: "tuple[object, ...] | list[object]", at: int) -> None:
    odd = next(value for value in values if type(value) is not bool)
    env.run.fault(at, f"`{op}` needs booleans, not {kind_of(odd)}")


def _between(compiler: Compiler, node: syntax.Between) -> Code:
    value, low, high = compiler.code(node.value), compiler.code(node.low), compiler.code(node.high)

    def is_between(env: Env) -> object:
        found = between(a := value(env), b := low(env), c := high(env))
        if found is None:
            env.run.fault(node.at, f"cannot tell {kind_of(a)} between {kind_of(b)} and {kind_of(c)}")
        return found

    return is_between


def _instance(compiler: Compiler, node: syntax.InstanceOf) -> Code:
    value, ref, at = compiler.code(node.value), node.type, node.at
    fixed = resolve(ref, None)

    def instance(env: Env) -> object:
        kind = resolve(ref, env.run.types) if fixed is None else fixed
        if kind is None:
            env.run.fault(at, f"there is no type `{ref.name}`")
            return None
        found = value(env)
        return kind.has(found, constrained=False) if found is not None else fixed is not None and fixed.accepts(kind) and is_null(ref)

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
        entries.append((key, compiler.within(known, value)))
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
    return compiled_loops.unary_tests(compiler, node)


_CODE: Mapping[type, Callable[..., Code]] = {
    syntax.Literal: _literal,
    syntax.Name: _name,
    syntax.Path: _path,
    syntax.Filter: compiled_loops.filtered,
    syntax.Call: compiled_calls.call,
    syntax.Negation: _negation,
    syntax.Binary: _binary,
    syntax.Logic: _logic,
    syntax.Between: _between,
    syntax.In: compiled_loops.membership,
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
