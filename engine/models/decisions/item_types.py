"""Item definitions as FEEL types: structure, collections, and the values that their constraints allow.

A name is looked up when a value meets it, so that definitions may stand in any order and refer to each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine import feel
from engine.errors import FeelError, FeelSyntaxError
from engine.feel.types import ANY, ContextOf, FunctionOf, ListOf, Type, fits, simple
from engine.feel.values import norm
from engine.models.decisions.elements import Item

MAX_DEPTH = 40


@dataclass(slots=True, eq=False)
class ItemType:
    """A type that a model defines."""

    item: Item
    scope: "Mapping[str, Type]" = field(repr=False)
    depth: int = field(default=0, repr=False)

    def has(self, value: object, *, constrained: bool = True) -> bool:
        """Whether the value has the structure and, unless told otherwise, is within the constraints."""
        self.depth += 1
        try:
            return self.depth < MAX_DEPTH and self._has(value, constrained)
        finally:
            self.depth -= 1

    def _has(self, value: object, constrained: bool) -> bool:
        if constrained and not _allowed(self.item.constraint, value):
            return False
        if not self.item.is_collection:
            return self._has_one(value, constrained)
        return isinstance(value, list) and all(
            item is None or self._has_one(norm(item), constrained) for item in value
        )

    def _has_one(self, value: object, constrained: bool) -> bool:
        base = self.base()
        if base is not None and not base.has(value, constrained=constrained):
            return False
        return not constrained or _allowed(self.item.allowed, value)

    def base(self) -> Type | None:
        """The type of the value, or of each item of a collection, without constraints."""
        item = self.item
        if item.params is not None:
            params = tuple(named(self.scope, part.type) or ANY for part in item.params)
            return FunctionOf(params, named(self.scope, item.result) or ANY)
        if item.components:
            return ContextOf(tuple((part.name, ItemType(part, self.scope)) for part in item.components))
        return named(self.scope, item.type) if item.type else None

    def accepts(self, other: Type) -> bool:
        """Whether every value of the other type fits, as far as types can tell."""
        if other is self:
            return True
        base = self.base() or ANY
        whole: Type = ListOf(base) if self.item.is_collection else base
        return whole.accepts(other.base() or ANY if isinstance(other, ItemType) else other)


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


def _allowed(constraint: str, value: object) -> bool:
    if not constraint:
        return True
    try:
        return feel.compile(constraint, unary=True)({"?": value}) is True
    except (FeelSyntaxError, FeelError):
        return False


def fitting(kind: Type | None, value: object) -> bool:
    """Whether a value may stand where that type is declared."""
    return kind is None or fits(value, kind)
