"""Closures of tests: `in`, and the cells of decision tables; within a test `?` is the value that is tested.

What it means for a value to be in another is in `comparison`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.feel import syntax
from engine.feel.comparison import member
from engine.feel.runtime import Env
from engine.feel.values import kind_of, norm

if TYPE_CHECKING:
    from engine.feel.compiler import Code, Compiler

INPUT = "?"


def membership(compiler: Compiler, node: syntax.In) -> Code:
    """`value in tests`; within the tests `?` is the value, but a test that is only `?` means the `?` around."""
    value = compiler.code(node.value)
    outer = compiler.is_bound(INPUT)
    tests = [
        _outer_test(compiler, test, node.at)
        if outer and _is_part_of_input(test)
        else _one_test(compiler, test, node.at)
        for test in node.tests
    ]

    def found(env: Env) -> object:
        tested = value(env)
        scope = Env({INPUT: tested}, env, env.run)
        return _any(scope, tested, tests)

    return found


def unary_tests(compiler: Compiler, node: syntax.UnaryTests) -> Code:
    """A decision table's cell about `?`: true, false or null."""
    if not node.tests:
        return lambda env: True
    tests = [_one_test(compiler, test, node.at) for test in node.tests]
    compiler.names.discard(INPUT)

    def cell(env: Env) -> object:
        found = _any(env, norm(env.vars.get(INPUT)), tests)
        if node.negated:
            return None if found is None else not found
        return found

    return cell


def _any(env: Env, value: object, tests: list[Callable[[Env, object], bool | None]]) -> bool | None:
    result: bool | None = False
    for test in tests:
        env.run.spend()
        found = test(env, value)
        if found is True:
            return True
        if found is None:
            result = None
    return result


def _one_test(compiler: Compiler, node: syntax.Node, at: int) -> Callable[[Env, object], bool | None]:
    code = compiler.within(frozenset({INPUT}), node)
    if uses_input(node):
        return lambda env, value: _truth(env, value, code(env), at)

    def test(env: Env, value: object) -> bool | None:
        wanted = code(env)
        if wanted is True and not isinstance(value, bool):
            return True
        return _member(env, value, wanted, at)

    return test


def _outer_test(compiler: Compiler, node: syntax.Node, at: int) -> Callable[[Env, object], bool | None]:
    """`value in ?` within a test: whether the value is in what the whole test is about."""
    code = compiler.code(node)
    return lambda env, value: _member(env, value, code(env.parent or env), at)


def _is_part_of_input(node: syntax.Node) -> bool:
    while isinstance(node, syntax.Path):
        node = node.source
    return isinstance(node, syntax.Name) and node.name == INPUT


def _member(env: Env, value: object, wanted: object, at: int) -> bool | None:
    if isinstance(wanted, list):
        env.run.weigh(wanted)
    found = member(value, wanted)
    if found is None:
        env.run.fault(at, f"cannot tell whether {kind_of(value)} is in {kind_of(wanted)}")
    return found


def _truth(env: Env, value: object, found: object, at: int) -> bool | None:
    """What a test that names `?` says: its boolean, else whether the value is what it came to, or in that."""
    if type(found) is bool:
        return found
    if found is None:
        env.run.fault(at, "a test is null, not a boolean")
        return None
    return _member(env, value, found, at)


def uses_input(node: object) -> bool:
    """Whether `?` stands anywhere in a tree."""
    if isinstance(node, syntax.Name):
        return node.name == INPUT
    if isinstance(node, tuple):
        return any(uses_input(part) for part in node)
    fields = getattr(node, "__dataclass_fields__", None)
    return fields is not None and any(uses_input(getattr(node, name)) for name in fields)
