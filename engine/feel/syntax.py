"""The syntax tree of FEEL: what the parser builds, the compiler compiles and the printer prints.

Every node knows the offset of its first character. No behaviour lives here.
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, string, boolean, null or `@"…"` value."""

    at: int
    value: object


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, parameter or built-in."""

    at: int
    name: str


@dataclass(frozen=True, slots=True)
class Path:
    """`source.name`."""

    at: int
    source: "Node"
    name: str


@dataclass(frozen=True, slots=True)
class Filter:
    """`source[condition]`."""

    at: int
    source: "Node"
    condition: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """`function(args)`; *names* is set when the arguments are named."""

    at: int
    function: "Node"
    args: "tuple[Node, ...]"
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Negation:
    """`-operand`."""

    at: int
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic and comparison."""

    at: int
    op: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` or `or` over two or more terms."""

    at: int
    op: str
    terms: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Between:
    """`value between low and high`."""

    at: int
    value: "Node"
    low: "Node"
    high: "Node"


@dataclass(frozen=True, slots=True)
class In:
    """`value in tests`; one test without parentheses or several within."""

    at: int
    value: "Node"
    tests: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A type as written: a name, its parameters, and for contexts and functions their parts."""

    at: int
    name: str
    args: "tuple[TypeRef, ...]" = ()
    fields: tuple[str, ...] = ()
    result: "TypeRef | None" = None


@dataclass(frozen=True, slots=True)
class InstanceOf:
    """`value instance of type`."""

    at: int
    value: "Node"
    type: TypeRef


@dataclass(frozen=True, slots=True)
class If:
    """`if condition then … else …`."""

    at: int
    condition: "Node"
    then: "Node"
    otherwise: "Node"


@dataclass(frozen=True, slots=True)
class Turn:
    """One iterator of a loop: a list, or a sequence of numbers or dates from *source* to *end*."""

    name: str
    source: "Node"
    end: "Node | None" = None


@dataclass(frozen=True, slots=True)
class Loop:
    """`for`, `some` or `every` over one or more iterators."""

    at: int
    kind: str
    turns: tuple[Turn, ...]
    body: "Node"


@dataclass(frozen=True, slots=True)
class RangeLiteral:
    """`[low..high]` in any of its bracketings."""

    at: int
    low: "Node"
    high: "Node"
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True, slots=True)
class Test:
    """A comparison with its left side left out: `< 5`, `= "a"`."""

    at: int
    op: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """`[a, b]`."""

    at: int
    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class ContextLiteral:
    """`{name: value}`."""

    at: int
    entries: "tuple[tuple[str, Node], ...]"


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a function literal."""

    name: str
    type: TypeRef | None = None


@dataclass(frozen=True, slots=True)
class FunctionLiteral:
    """`function(params) body`; *external* for bodies in another language, which are never run."""

    at: int
    params: tuple[Param, ...]
    body: "Node"
    external: bool = False
    height: int = 1


@dataclass(frozen=True, slots=True)
class UnaryTests:
    """What a decision table's cell says about `?`; no tests means any value."""

    at: int
    tests: "tuple[Node, ...]"
    negated: bool = False


Node: TypeAlias = (
    Literal
    | Name
    | Path
    | Filter
    | Call
    | Negation
    | Binary
    | Logic
    | Between
    | In
    | InstanceOf
    | If
    | Loop
    | RangeLiteral
    | Test
    | ListLiteral
    | ContextLiteral
    | FunctionLiteral
    | UnaryTests
)
