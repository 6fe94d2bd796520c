"""The pieces of FEEL that open with a word or bracket of their own: literals, loops, conditions, functions, contexts.

Operators and names are in `parser`, which calls these through the table `FORMS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.feel.names import clean
from engine.feel.scanner import Token, token_at, unescape
from engine.feel.syntax import (
    ContextLiteral,
    FunctionLiteral,
    If,
    ListLiteral,
    Literal,
    Loop,
    Negation,
    Node,
    Param,
    RangeLiteral,
    Test,
    Turn,
)
from engine.feel.type_syntax import parse_type

if TYPE_CHECKING:
    from engine.feel.parser import Parser

_COMPARISONS = ("<", "<=", ">", ">=", "=", "!=")


def arguments(parser: Parser) -> tuple[list[str], list[Node]]:
    """The arguments after `(`, with their names if they are named, through `)`."""
    names: list[str] = []
    args: list[Node] = []
    if parser.accept(")"):
        return names, args
    while True:
        name = _argument_name(parser)
        if (name is None) != (not names) and args:
            raise parser.refuse("either all arguments with names or all without")
        if name is not None:
            names.append(name)
        args.append(parser.expression())
        if parser.accept(")"):
            return names, args
        parser.expect(",")


def _argument_name(parser: Parser) -> str | None:
    token = parser.token
    if token.kind == "tick":
        if not parser.next_is(":"):
            return None
        parser.advance()
        parser.advance()
        return clean(token.text[1:-1])
    if token.kind != "word":
        return None
    after = token
    while after.kind in ("word", "number") or after.text in ("-", "+", "*", "'"):
        after = token_at(parser.text, after.end)
    if after.text != ":":
        return None
    parser.goto(after.end)
    return clean(parser.text[token.at : after.at])


def negated_tests(parser: Parser) -> tuple[Node, ...] | None:
    """`not(a, b)` as a whole cell; None where more follows, as in `not(a) and b`."""
    parser.advance()
    parser.advance()
    tests = [parser.test()]
    while parser.accept(","):
        tests.append(parser.test())
    return tuple(tests) if parser.accept(")") and parser.token.kind == "end" else None


def _constant(value: object) -> Callable[[Parser], Node]:
    return lambda parser: Literal(parser.advance().at, value)


def _negation(parser: Parser) -> Node:
    token = parser.advance()
    operand = parser.expression(8)
    return Negation(token.at, operand)


def _if(parser: Parser) -> Node:
    token = parser.advance()
    condition = parser.expression()
    parser.expect("then")
    then = parser.expression()
    parser.expect("else")
    return If(token.at, condition, then, parser.expression())


def _loop(parser: Parser) -> Node:
    token = parser.advance()
    turns: list[Turn] = []
    while True:
        name = _words(parser, "in", "the name of a variable")
        source = parser.expression()
        end = parser.expression() if parser.accept("..") else None
        turns.append(Turn(name, source, end))
        parser.binding([name])
        if not parser.accept(","):
            break
    parser.binding(["partial"])
    parser.expect("return" if token.text == "for" else "satisfies")
    body = parser.expression()
    for _ in range(len(turns) + 1):
        parser.release()
    return Loop(token.at, token.text, tuple(turns), body)


def _words(parser: Parser, stop: str, expected: str) -> str:
    """The name that stands before the word or sign *stop*, which is stepped over."""
    first = parser.token
    if first.kind == "tick":
        parser.advance()
        parser.expect(stop)
        return clean(first.text[1:-1])
    if first.kind != "word" or first.text == "?":
        raise parser.refuse(expected)
    end = first
    while not _is(end, stop):
        if end.kind == "end" or end.text in "()[]{},":
            parser.goto(end.at)
            raise parser.refuse(f"{expected} and `{stop}`")
        end = token_at(parser.text, end.end)
    parser.goto(end.end)
    return clean(parser.text[first.at : end.at])


def _is(token: Token, text: str) -> bool:
    return token.text == text and token.kind in ("word", "op")


def _function(parser: Parser) -> Node:
    token = parser.advance()
    parser.expect("(")
    params: list[Param] = []
    while not parser.accept(")"):
        params.append(_param(parser))
        if not parser.is_at(")"):
            parser.expect(",")
    parser.binding([param.name for param in params])
    external = parser.accept("external")
    body = parser.expression()
    parser.release()
    return FunctionLiteral(token.at, tuple(params), body, external, parser.height)


def _param(parser: Parser) -> Param:
    first = parser.token
    if first.kind not in ("word", "tick"):
        raise parser.refuse("the name of a parameter")
    end = first
    while end.text not in (":", ",", ")") and end.kind != "end":
        end = token_at(parser.text, end.end)
    name = clean(parser.text[first.at : end.at].strip().strip("`"))
    parser.goto(end.at)
    return Param(name, parse_type(parser) if parser.accept(":") else None)


def _parenthesis(parser: Parser) -> Node:
    start = parser.advance()
    token = parser.token
    if token.kind == "op" and token.text in _COMPARISONS:
        parser.advance()
        node: Node = Test(token.at, token.text, parser.expression(3))
        parser.expect(")")
        return node
    node = parser.expression()
    if parser.accept(".."):
        return _range_end(parser, start, node, False)
    parser.expect(")")
    return node


def _bracket(parser: Parser) -> Node:
    start = parser.advance()
    if parser.accept("]"):
        return ListLiteral(start.at, ())
    items = [parser.test()]
    if parser.accept(".."):
        return _range_end(parser, start, items[0], True)
    while parser.accept(","):
        items.append(parser.test())
    parser.expect("]")
    return ListLiteral(start.at, tuple(items))


def _open_range(parser: Parser) -> Node:
    start = parser.advance()
    low = parser.expression()
    parser.expect("..")
    return _range_end(parser, start, low, False)


def _range_end(parser: Parser, start: Token, low: Node, low_closed: bool) -> Node:
    high = parser.expression()
    if parser.token.text not in (")", "]", "["):
        raise parser.refuse("`]`, `)` or `[` after the range")
    return RangeLiteral(start.at, low, high, low_closed, parser.advance().text == "]")


def _context(parser: Parser) -> Node:
    start = parser.advance()
    entries: list[tuple[str, Node]] = []
    bound = 0
    while not parser.accept("}"):
        key = _key(parser)
        entries.append((key, parser.expression()))
        parser.binding([key])
        bound += 1
        if not parser.is_at("}"):
            parser.expect(",")
            if parser.is_at("}"):
                raise parser.refuse("another entry")
    for _ in range(bound):
        parser.release()
    return ContextLiteral(start.at, tuple(entries))


def _key(parser: Parser) -> str:
    if parser.token.kind == "string":
        key = unescape(parser.advance().text)
        parser.expect(":")
        return key
    return _words(parser, ":", "the name of an entry")


FORMS: dict[str, Callable[[Parser], Node]] = {
    "null": _constant(None),
    "true": _constant(True),
    "false": _constant(False),
    "if": _if,
    "for": _loop,
    "some": _loop,
    "every": _loop,
    "function": _function,
    "-": _negation,
    "(": _parenthesis,
    "[": _bracket,
    "]": _open_range,
    "{": _context,
    "@": lambda parser: parser.at_literal(),
}
