"""Item definitions as FEEL types: structure, collections, and the values that their constraints allow.

A name is looked up when a value meets it, so that definitions may stand in any order and refer to each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine import feel
from engine.errors import FeelSyntaxError
from engine.feel.runtime import Env, Run
from engine.feel.types import ANY, LEVELS, ContextOf, FunctionOf, ListOf, Type, simple
from engine.feel.values import norm
from engine.models.decisions.elements import Item

STEP_DOWN = 5
"""The levels of an evaluation's depth that asking one type takes."""
MAX_ALIASES = 10
"""How many types may name each other before one has a structure of its own."""


@dataclass(slots=True, eq=False)
class ItemType:
    """A type that a model defines."""

    item: Item
    scope: "Mapping[str, Type]" = field(repr=False)
    _base: Type | None = field(default=None, repr=False)
    _keys: frozenset[str] | None = field(default=None, repr=False)

    def has(self, value: object, within: Run | None = None) -> bool:
        """Whether the value has the structure and, in an evaluation, is within the constraints."""
        if within is None:
            return self._has(value, None)
        within.depth -= STEP_DOWN
        if within.depth < 0:
            within.exceeded("a value of more levels than fit into those of the calls around it")
        found = self._allows(self.item.constraint, value, within) and self._has(value, within)
        within.depth += STEP_DOWN
        return found

    def _has(self, value: object, within: Run | None) -> bool:
        if not self.item.is_collection:
            return self._has_one(value, within)
        return isinstance(value, list) and all(
            item is None or self._has_one(norm(item), within) for item in value
        )

    def _has_one(self, value: object, within: Run | None) -> bool:
        base = self.base()
        if base is not None and not base.has(value, within):
            return False
        return within is None or self._allows(self.item.allowed, value, within)

    def _allows(self, constraint: str, value: object, run: Run) -> bool:
        """Whether the constraint is true of the value; its evaluation is quiet, but uses the budgets of *run*."""
        if not constraint:
            return True
        try:
            expression = feel.compile(constraint, self._names(), unary=True)
        except FeelSyntaxError:
            return False
        return run.quietly(lambda: expression.at(Env({"?": value}, None, run))) is True

    def _names(self) -> frozenset[str]:
        """The names of components that the constraints may follow, once they are asked for."""
        if self._keys is None:
            todo = [kind.item for kind in self.scope.values() if isinstance(kind, ItemType)]
            found: set[str] = set()
            while todo:
                parts = todo.pop().components
                found.update(part.name for part in parts)
                todo += parts
            self._keys = frozenset(found)
        return self._keys

    def base(self) -> Type | None:
        """The type of the value, or of each item of a collection, without constraints."""
        if self._base is None:
            self._base = self._find_base()
        return self._base

    def _find_base(self) -> Type | None:
        item = self.item
        if item.params is not None:
            params = tuple(named(self.scope, part.type) or ANY for part in item.params)
            return FunctionOf(params, named(self.scope, item.result) or ANY)
        if item.components:
            return ContextOf(tuple((part.name, ItemType(part, self.scope)) for part in item.components))
        return named(self.scope, item.type) if item.type and not self.is_circle() else None

    def is_circle(self) -> bool:
        """Whether following the names of types leads back here, or on and on, without any structure on the way."""
        seen = {id(self.item)}
        kind = named(self.scope, self.item.type)
        while isinstance(kind, ItemType) and not kind.item.components:
            if id(kind.item) in seen or len(seen) > MAX_ALIASES:
                return True
            seen.add(id(kind.item))
            kind = named(kind.scope, kind.item.type)
        return False

    def accepts(self, other: Type, levels: int = LEVELS) -> bool:
        """Whether every value of the other type fits, as far as types can tell down to some levels."""
        if other is self or levels <= 0:
            return True
        base = self.base() or ANY
        whole: Type = ListOf(base) if self.item.is_collection else base
        return whole.accepts(other.base() or ANY if isinstance(other, ItemType) else other, levels - 1)


def is_function(kind: Type) -> bool:
    """Whether functions may be of the type."""
    base = kind.base() if isinstance(kind, ItemType) else kind
    return base is None or base in (ANY, simple("function")) or isinstance(base, FunctionOf)


def named(scope: Mapping[str, Type], name: str) -> Type | None:
    """The type of that name; a prefix in front of a standard name is left out; None for unknown names."""
    if not name:
        return None
    found = scope.get(name) or simple(name)
    if found is None and ":" in name:
        local = name.rsplit(":", maxsplit=1)[-1]
        imported = (kind for known, kind in scope.items() if known.endswith(f".{local}"))
        return named(scope, local) or next(imported, None)
    return found
