"""What a DMN file says, as values: decisions, knowledge, services, item definitions and boxed expressions.

Only the shape is here; `reading` builds it, `compiling` and `tables` make it run.
"""

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A literal expression: FEEL as it was written."""

    text: str
    type: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a boxed context; without a name it is the result. Also a binding and a formal parameter."""

    name: str
    value: "Boxed | None" = None
    type: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A boxed context."""

    entries: tuple[Entry, ...]
    type: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A call of a function with bindings."""

    function: "Boxed | None"
    bindings: tuple[Entry, ...]
    type: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A boxed function; *kind* is FEEL, Java or PMML, and only FEEL is run."""

    params: tuple[Entry, ...]
    body: "Boxed | None"
    kind: str = "FEEL"
    type: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A boxed list."""

    items: "tuple[Boxed | None, ...]"
    type: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A boxed relation: rows of named columns."""

    columns: tuple[Entry, ...]
    rows: "tuple[tuple[Boxed | None, ...], ...]"
    type: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional:
    """A boxed if."""

    condition: "Boxed | None"
    then: "Boxed | None"
    otherwise: "Boxed | None"
    type: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A boxed filter."""

    source: "Boxed | None"
    match: "Boxed | None"
    type: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Iterator:
    """A boxed for, some or every."""

    kind: str
    variable: str
    source: "Boxed | None"
    body: "Boxed | None"
    type: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A column of conditions."""

    expression: Text
    values: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A column of results."""

    name: str
    type: str = ""
    values: str = ""
    default: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row: its cells in the order of the columns."""

    id: str
    tests: tuple[Text, ...]
    results: "tuple[Boxed | None, ...]"
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A decision table."""

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    hit_policy: str = "UNIQUE"
    aggregation: str = ""
    type: str = ""
    line: int = 0


Boxed: TypeAlias = (
    Text | Context | Invocation | Function | Listing | Relation | Conditional | Filter | Iterator | Table
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item definition or one of its components."""

    name: str
    type: str = ""
    components: "tuple[Item, ...]" = ()
    is_collection: bool = False
    allowed: str = ""
    constraint: str = ""
    params: tuple[Entry, ...] | None = None
    result: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A decision, input, business knowledge model or service of the requirement graph.

    *requires* are the hrefs of its information and knowledge requirements; *outputs* and *inputs* those of a service.
    """

    kind: str
    id: str
    name: str
    type: str = ""
    body: Boxed | None = None
    requires: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """Another model under a name."""

    name: str
    namespace: str
    line: int = 0


@dataclass(slots=True, kw_only=True)
class Definitions:
    """One DMN file."""

    name: str
    namespace: str
    nodes: dict[str, Node] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    imports: tuple[Import, ...] = ()

    def named(self, name: str) -> list[Node]:
        """The nodes of that name, else of that id, decisions first."""
        found = [node for node in self.nodes.values() if node.name == name]
        found = found or [node for node in self.nodes.values() if node.id == name]
        return sorted(found, key=lambda node: node.kind != "decision")
