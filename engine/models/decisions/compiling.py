"""Boxed expressions made to run: each becomes a closure over a FEEL scope, its result fitted to its declared type.

Decision tables are compiled in `tables`; which node needs which is in `graph`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TypeAlias

from engine import feel
from engine.errors import FeelSyntaxError
from engine.feel.compiled_calls import guarded, invoke
from engine.feel.compiled_loops import PARTIAL, iterate, nothing, select
from engine.feel.expression import Expression
from engine.feel.runtime import Env, Misuse, Run
from engine.feel.types import Type, coerce
from engine.feel.values import Function as FunctionValue
from engine.feel.values import as_list, kind_of
from engine.models.decisions import elements
from engine.models.decisions.elements import Boxed, Entry, Text
from engine.models.decisions.item_types import is_function, named

Code: TypeAlias = Callable[[Env], object]
Names: TypeAlias = frozenset[str]


@dataclass(slots=True)
class Builder:
    """What the expressions of one model share: the keys they may meet, its types, and the errors found so far."""

    keys: Names
    types: Mapping[str, Type]
    errors: list[tuple[Text, FeelSyntaxError]] = field(default_factory=list)

    def code(self, boxed: Boxed | None, names: Names) -> Code:
        """The closure of an expression where *names* are known; null for a missing one."""
        if boxed is None:
            return _null
        return self.fitted(_BUILD[type(boxed)](self, boxed, names), boxed.type, boxed)

    def expression(self, text: Text, names: Names, *, unary: bool = False) -> Expression | None:
        """The compiled text; None where it is not FEEL, which is kept in *errors*."""
        try:
            return feel.compile(text.text, names | self.keys, unary=unary)
        except FeelSyntaxError as error:
            self.errors.append((text, error))
            return None

    def fitted(self, code: Code, type_name: str, boxed: Boxed | None = None) -> Code:
        """The closure whose result is made to fit the type, or is null where it cannot.

        Of a boxed function, modelers also name the type of what it answers with; then its results are made to fit.
        """
        kind = named(self.types, type_name)
        if kind is None:
            return code
        if isinstance(boxed, elements.Function) and not is_function(kind):
            return lambda env: _answering(code(env), kind)
        return lambda env: fit(env.run, code(env), kind, type_name)


def _answering(value: object, kind: Type) -> object:
    return replace(value, result=kind) if isinstance(value, FunctionValue) else value


def fit(run: Run, value: object, kind: Type | None, type_name: str) -> object:
    """The value made to fit a declared type; null and a warning where it cannot."""
    if kind is None:
        return value
    fitted, fits = coerce(value, kind, run)
    if not fits:
        run.fault(0, f"a value of type {kind_of(value)} does not fit the declared type {type_name}")
    return fitted


def _null(env: Env) -> object:
    env.run.fault(0, "there is no expression here", "missing")
    return None


def _text(builder: Builder, boxed: Text, names: Names) -> Code:
    if not boxed.text:
        return _null
    expression = builder.expression(boxed, names)
    if expression is not None:
        return expression.at
    error = builder.errors[-1][1]
    at = int(str(error.facts.get("at", 0)))

    def broken(env: Env) -> object:
        run = env.run
        outer, run.text = run.text, boxed.text
        run.fault(at, error.message)
        run.text = outer
        return None

    return broken


def _context(builder: Builder, boxed: elements.Context, names: Names) -> Code:
    entries: list[tuple[str, Code]] = []
    for entry in boxed.entries:
        entries.append(
            (entry.name, builder.fitted(builder.code(entry.value, names), entry.type, entry.value))
        )
        names |= {entry.name}
    doubled = len({name for name, _ in entries}) < len(entries)

    def context(env: Env) -> object:
        if doubled:
            env.run.fault(0, "a context has two entries of one name")
            return None
        values: dict[str, object] = {}
        scope = Env(values, env, env.run)
        for name, value in entries:
            found = value(scope)
            if not name:
                return found
            values[name] = found
        return values

    return context


def _function(builder: Builder, boxed: elements.Function, names: Names) -> Code:
    params = tuple(param.name for param in boxed.params)
    types = tuple(named(builder.types, param.type) for param in boxed.params)
    if boxed.kind != "FEEL":
        return lambda env: FunctionValue(f"{boxed.kind} function", params, _external)
    body = builder.code(boxed.body, names | frozenset(params))

    def value(env: Env) -> object:
        def call(run: Run, args: list[object]) -> object:
            return body(Env(dict(zip(params, args, strict=True)), env, run))

        return FunctionValue("function", params, guarded(call, 20), types)

    return value


def _external(run: Run, args: list[object]) -> object:
    raise Misuse("functions in other languages are not run here; write the function in FEEL")


def _invocation(builder: Builder, boxed: elements.Invocation, names: Names) -> Code:
    function = builder.code(boxed.function, names)
    params = tuple(entry.name for entry in boxed.bindings)
    values = [builder.code(entry.value, names) for entry in boxed.bindings]

    def result(env: Env) -> object:
        target = function(env)
        if not isinstance(target, FunctionValue):
            env.run.fault(0, f"what is invoked is {kind_of(target)}, not a function")
            return None
        return invoke(env.run, target, [value(env) for value in values], params)

    return result


def _list(builder: Builder, boxed: elements.Listing, names: Names) -> Code:
    items = [builder.code(item, names) for item in boxed.items]
    return lambda env: [item(env) for item in items]


def _relation(builder: Builder, boxed: elements.Relation, names: Names) -> Code:
    rows = [
        [
            _cell(builder, column, cell, names)
            for column, cell in zip_longest(boxed.columns, row[: len(boxed.columns)])
        ]
        for row in boxed.rows
    ]

    def relation(env: Env) -> object:
        return [{name: cell(env) for name, cell in row} for row in rows]

    return relation


def _cell(builder: Builder, column: Entry, cell: Boxed | None, names: Names) -> tuple[str, Code]:
    return column.name, builder.fitted(builder.code(cell, names), column.type)


def _conditional(builder: Builder, boxed: elements.Conditional, names: Names) -> Code:
    condition, then, otherwise = (
        builder.code(part, names) for part in (boxed.condition, boxed.then, boxed.otherwise)
    )

    def choice(env: Env) -> object:
        found = condition(env)
        if found is not None and not isinstance(found, bool):
            env.run.fault(0, f"the condition is {kind_of(found)}, not a boolean")
            return None
        return then(env) if found else otherwise(env)

    return choice


def _filter(builder: Builder, boxed: elements.Filter, names: Names) -> Code:
    source = builder.code(boxed.source, names)
    match = builder.code(boxed.match, names | {"item"})

    def items(env: Env) -> object:
        found = source(env)
        if found is None:
            nothing(env, 0)
            return None
        return select(env, as_list(found), match, 0)

    return items


def _iterator(builder: Builder, boxed: elements.Iterator, names: Names) -> Code:
    source = builder.code(boxed.source, names)
    body = builder.code(boxed.body, names | {boxed.variable, PARTIAL})
    finish = {"for": _all, "some": _some, "every": _every}[boxed.kind]
    copies = boxed.kind == "for" and mentions(boxed.body, PARTIAL)

    def results(env: Env) -> object:
        found = iterate(env, source(env), 0)
        if found is None:
            return None
        out: list[object] = []
        for value in found:
            env.run.spend()
            scope: dict[str, object] = {boxed.variable: value}
            if copies:
                env.run.scan(len(out))
                scope[PARTIAL] = list(out)
            out.append(body(Env(scope, env, env.run)))
            if len(out) > env.run.limits.items:
                env.run.grown(len(out))
        return finish(env, out)

    return results


def mentions(boxed: object, word: str) -> bool:
    """Whether a word stands in any text of a boxed expression."""
    if isinstance(boxed, Text):
        return word in boxed.text
    if isinstance(boxed, tuple):
        return any(mentions(part, word) for part in boxed)
    fields = getattr(boxed, "__dataclass_fields__", ())
    return any(mentions(getattr(boxed, name), word) for name in fields)


def _all(env: Env, results: list[object]) -> object:
    return results


def _some(env: Env, results: list[object]) -> object:
    return _decided(env, results, True)


def _every(env: Env, results: list[object]) -> object:
    return _decided(env, results, False)


def _decided(env: Env, results: list[object], decisive: bool) -> object:
    if any(result is not None and not isinstance(result, bool) for result in results):
        env.run.fault(0, "the condition of an iterator is not a boolean")
        return None
    if decisive in results:
        return decisive
    return None if None in results else not decisive


def _table(builder: Builder, boxed: elements.Table, names: Names) -> Code:
    from engine.models.decisions.tables import compile_table

    return compile_table(builder, boxed, names)


_BUILD: Mapping[type, Callable[..., Code]] = {
    elements.Text: _text,
    elements.Context: _context,
    elements.Function: _function,
    elements.Invocation: _invocation,
    elements.Listing: _list,
    elements.Relation: _relation,
    elements.Conditional: _conditional,
    elements.Filter: _filter,
    elements.Iterator: _iterator,
    elements.Table: _table,
}
