"""Types as they are written in FEEL: `list<number>`, `context<a: string>`, `function<number> -> string`, `tAddress`.

Only the notation is read here; what a type means is in `types`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.feel.names import clean
from engine.feel.scanner import token_at
from engine.feel.syntax import TypeRef

if TYPE_CHECKING:
    from engine.feel.parser import Parser

_LONG = ("date and time", "days and time duration", "years and months duration", "day time duration")


def parse_type(parser: Parser) -> TypeRef:
    """The type that is written here.

    Raises:
        FeelSyntaxError: no type is written here.
    """
    token = parser.token
    parser.depth += 1
    if token.kind not in ("word", "tick") or parser.depth > 60:
        raise parser.refuse("a type")
    name = _type_name(parser)
    made = _parameterised(parser, token.at, name) if parser.is_at("<") else None
    parser.depth -= 1
    return made or TypeRef(token.at, name)


def _type_name(parser: Parser) -> str:
    token = parser.token
    rest = parser.text[token.at :]
    for name in _LONG:
        words = name.split()
        if (
            rest.startswith(words[0])
            and rest.split(None, len(words))[: len(words)] != []
            and _starts(parser, words)
        ):
            return name
    if token.kind == "tick":
        name = clean(parser.advance().text[1:-1])
    else:
        name = parser.long_name(parser.names)
    while parser.is_at(".") and token_at(parser.text, parser.token.end).kind in ("word", "tick"):
        parser.advance()
        name += "." + parser.long_name(parser.keys)
    return name


def _starts(parser: Parser, words: list[str]) -> bool:
    """Step over these words if they all stand here."""
    start = parser.token.at
    for word in words:
        if parser.token.text != word:
            parser.goto(start)
            return False
        parser.advance()
    return True


def _parameterised(parser: Parser, at: int, name: str) -> TypeRef | None:
    if name not in ("list", "range", "context", "function"):
        return None
    parser.advance()
    fields: list[str] = []
    args: list[TypeRef] = []
    while not parser.is_at(">"):
        if name == "context":
            fields.append(_field(parser))
        args.append(parse_type(parser))
        if not parser.accept(","):
            break
    parser.expect(">")
    if name != "function":
        return TypeRef(at, name, tuple(args), tuple(fields))
    parser.expect("->")
    return TypeRef(at, name, tuple(args), (), parse_type(parser))


def _field(parser: Parser) -> str:
    first = parser.token
    end = first
    while end.text != ":":
        if end.kind == "end" or end.text in (">", ","):
            raise parser.refuse("the name of an entry and `:`")
        end = token_at(parser.text, end.end)
    parser.goto(end.end)
    return clean(parser.text[first.at : end.at].strip().strip('`"'))
