"""From syntax tree back to text that means the same: fully bracketed, long names in back-ticks.

For messages, tools and the test that reading and printing agree. Layout and comments of the original are not kept.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from engine.feel import syntax, texts
from engine.feel.names import is_plain
from engine.feel.scanner import KEYWORDS
from engine.feel.syntax import Node, TypeRef


def show(node: Node) -> str:
    """The text of a tree; `compile(show(parse(text)))` means what the text means."""
    return _SHOW[type(node)](node)


def _name(name: str) -> str:
    return name if (is_plain(name) and name not in KEYWORDS) or name == "?" else f"`{name}`"


def quoted(text: str) -> str:
    """A string literal."""
    out = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + out.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def _literal(node: syntax.Literal) -> str:
    value = node.value
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, Decimal):
        return texts.write_number(value)
    return f'@"{texts.write(value)}"'  # type: ignore[arg-type]


def _call(node: syntax.Call) -> str:
    args = [show(arg) for arg in node.args]
    if node.names:
        args = [f"{_name(name)}: {arg}" for name, arg in zip(node.names, args, strict=True)]
    return f"{_operand(node.function)}({', '.join(args)})"


def _operand(node: Node) -> str:
    """A part that binds tightly, in brackets unless it does so by itself."""
    text = show(node)
    alone = isinstance(node, syntax.Name | syntax.Path | syntax.Call | syntax.Filter | syntax.ListLiteral)
    simple = isinstance(node, syntax.Literal) or text.startswith("(")
    return text if alone or (simple and not text.startswith("-")) else f"({text})"


def _binary(node: syntax.Binary) -> str:
    return f"({_side(node.left)} {node.op} {_side(node.right)})"


def _side(node: Node) -> str:
    """An operand of an infix operator; what reaches as far right as it can is put in brackets."""
    text = show(node)
    greedy = isinstance(node, syntax.If | syntax.Loop | syntax.FunctionLiteral | syntax.Test)
    return f"({text})" if greedy and not text.startswith("(") else text


def _in(node: syntax.In) -> str:
    tests = ", ".join(_bare(test) for test in node.tests)
    return f"({_side(node.value)} in ({tests}))"


def _bare(node: Node) -> str:
    """A test among others; a comparison stands without brackets."""
    return f"{node.op} {_side(node.operand)}" if isinstance(node, syntax.Test) else show(node)


def show_type(ref: TypeRef) -> str:
    """A type as it is written."""
    if ref.result is not None:
        return f"function<{', '.join(map(show_type, ref.args))}> -> {show_type(ref.result)}"
    if ref.fields:
        parts = [f"{_name(name)}: {show_type(arg)}" for name, arg in zip(ref.fields, ref.args, strict=True)]
        return f"context<{', '.join(parts)}>"
    return f"{ref.name}<{', '.join(map(show_type, ref.args))}>" if ref.args else ref.name


def _loop(node: syntax.Loop) -> str:
    turns = []
    for turn in node.turns:
        end = f"..{_side(turn.end)}" if turn.end else ""
        turns.append(f"{_name(turn.name)} in {_side(turn.source)}{end}")
    word = "return" if node.kind == "for" else "satisfies"
    return f"({node.kind} {', '.join(turns)} {word} {show(node.body)})"


def _range(node: syntax.RangeLiteral) -> str:
    ends = f"{_side(node.low)}..{_side(node.high)}"
    return f"{'[' if node.low_closed else '('}{ends}{']' if node.high_closed else ')'}"


def _context(node: syntax.ContextLiteral) -> str:
    entries = [
        f"{_name(key) if is_plain(key) else quoted(key)}: {show(value)}" for key, value in node.entries
    ]
    return "{" + ", ".join(entries) + "}"


def _function(node: syntax.FunctionLiteral) -> str:
    params = [_name(one.name) + (f": {show_type(one.type)}" if one.type else "") for one in node.params]
    return f"(function({', '.join(params)}){' external' if node.external else ''} {show(node.body)})"


def _unary(node: syntax.UnaryTests) -> str:
    tests = ", ".join(_bare(test) for test in node.tests) or "-"
    return f"not({tests})" if node.negated else tests


def _if(node: syntax.If) -> str:
    return f"(if {show(node.condition)} then {show(node.then)} else {show(node.otherwise)})"


_SHOW: Mapping[type, Callable[..., str]] = {
    syntax.Literal: _literal,
    syntax.Name: lambda node: _name(node.name),
    syntax.Path: lambda node: f"{_operand(node.source)}.{_name(node.name)}",
    syntax.Filter: lambda node: f"{_operand(node.source)}[{show(node.condition)}]",
    syntax.Call: _call,
    syntax.Negation: lambda node: f"(-{_operand(node.operand)})",
    syntax.Binary: _binary,
    syntax.Logic: lambda node: "(" + f" {node.op} ".join(map(_side, node.terms)) + ")",
    syntax.Between: lambda node: f"({_side(node.value)} between {_side(node.low)} and {_side(node.high)})",
    syntax.In: _in,
    syntax.InstanceOf: lambda node: f"({_side(node.value)} instance of {show_type(node.type)})",
    syntax.If: _if,
    syntax.Loop: _loop,
    syntax.RangeLiteral: _range,
    syntax.Test: lambda node: f"({node.op} {_side(node.operand)})",
    syntax.ListLiteral: lambda node: f"[{', '.join(map(show, node.items))}]",
    syntax.ContextLiteral: _context,
    syntax.FunctionLiteral: _function,
    syntax.UnaryTests: _unary,
}
