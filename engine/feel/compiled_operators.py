"""Closures of the operators: arithmetic, comparison, `and`, `or`, `between` and unary minus.

What an operator does to values is in `arithmetic` and `comparison`; here is how it is reached fast and what it says when
it cannot.
"""

from __future__ import annotations

from decimal import Decimal
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING

from engine.feel import syntax
from engine.feel.arithmetic import OPERATORS, negate
from engine.feel.comparison import between as is_between
from engine.feel.comparison import equal, order
from engine.feel.runtime import MISSING, Env
from engine.feel.temporals import DateTime
from engine.feel.values import kind_of, norm

POWER, MOMENT = 16, 8
"""The steps that a power and a computation on dates with times take, of about a microsecond each."""

if TYPE_CHECKING:
    from engine.feel.compiler import Code, Compiler


def negation(compiler: Compiler, node: syntax.Negation) -> Code:
    """`-operand`."""
    operand, at = compiler.code(node.operand), node.at
    if isinstance(node.operand, syntax.Literal) and isinstance(node.operand.value, Decimal):
        constant = negate(node.operand.value)
        return lambda env: constant

    def negated(env: Env) -> object:
        value = operand(env)
        found = negate(value)
        if found is None:
            env.run.fault(at, f"`-` needs a number or a duration, not {kind_of(value)}")
        return found

    return negated


def binary(compiler: Compiler, node: syntax.Binary) -> Code:
    """Arithmetic and comparison."""
    left, right, at, op = compiler.code(node.left), compiler.code(node.right), node.at, node.op
    if op in OPERATORS:
        return _arithmetic(op, left, right, at)
    constant = node.right.value if isinstance(node.right, syntax.Literal) else None
    if op in ("=", "!="):
        return (
            _equality(op, left, right, at) if type(constant) is not str else _equals(op, left, constant, at)
        )
    if isinstance(constant, Decimal):
        return _compare_with(op, raw(compiler, node.left), constant, at)
    return lambda env: ordered(env, op, left(env), right(env), at)


def _arithmetic(op: str, left: Code, right: Code, at: int) -> Code:
    apply = OPERATORS[op]
    price = POWER if op == "**" else 0

    def arithmetic(env: Env) -> object:
        a, b = left(env), right(env)
        if price:
            env.run.spend(price)
        found = apply(a, b)
        if found is None:
            env.run.fault(at, _why(op, a, b))
        elif type(found) is str:
            env.run.written(len(found))
        elif type(a) is DateTime or type(b) is DateTime:
            env.run.spend(MOMENT)
        return found

    return arithmetic


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
    if isinstance(a, list | dict) and isinstance(b, list | dict):
        env.run.weigh(a)
        env.run.weigh(b)
    elif type(a) is DateTime:
        env.run.spend(MOMENT)
    found = equal(a, b)
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
    if type(a) is DateTime:
        env.run.spend(MOMENT)
    found = order(a, b)
    if found is None:
        env.run.fault(at, f"`{op}` cannot compare {kind_of(a)} with {kind_of(b)}")
        return None
    return bool(_COMPARE[op](found, 0))


def logic(compiler: Compiler, node: syntax.Logic) -> Code:
    """`and` and `or` in three values."""
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
        return (
            (not decisive)
            if all(type(value) is bool for value in values)
            else _undecided(env, op, values, at)
        )

    return chain


def _undecided(env: Env, op: str, values: tuple[object, ...] | list[object], at: int) -> object:
    odd = next(value for value in values if type(value) is not bool)
    env.run.fault(at, f"`{op}` needs booleans, not {kind_of(odd)}")
    return None


def between(compiler: Compiler, node: syntax.Between) -> Code:
    """`value between low and high`."""
    value, low, high = compiler.code(node.value), compiler.code(node.low), compiler.code(node.high)

    def holds(env: Env) -> object:
        found = is_between(a := value(env), b := low(env), c := high(env))
        if found is None:
            env.run.fault(node.at, f"cannot tell {kind_of(a)} between {kind_of(b)} and {kind_of(c)}")
        return found

    return holds
