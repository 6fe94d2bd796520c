"""From text to tokens, one at a time. Names are cut as plain words; `names` joins the words of longer names.

Nothing here knows the grammar.
"""

import re
from typing import NamedTuple

from engine.errors import FeelSyntaxError
from engine.feel.runtime import place

MAX_TEXT = 64_000

KEYWORDS = frozenset(
    {
        *("and", "or", "in", "between", "if", "then", "else", "for", "return", "some", "every", "satisfies"),
        *("null", "true", "false", "function", "instance", "not"),
    }
)

_START = r"A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F"
_START += r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
WORD = rf"[{_START}][{_START}0-9\u00B7\u0300-\u036F\u203F-\u2040]*"
_TOKEN = re.compile(
    r"(?P<skip>(?:\s|[\u0085\u180E\u200B\uFEFF]|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)+)"
    r"|(?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w]))"
    rf"|(?P<word>{WORD}|\?)"
    r'|(?P<string>"(?:[^"\\\r\n]|\\.)*")'
    r"|(?P<tick>`[^`\r\n]+`)"
    r"|(?P<op>\*\*|\.\.|<=|>=|!=|->|[-+*/=<>()\[\]{},.:@])",
    re.S,
)


class Token(NamedTuple):
    """A piece of the text; *kind* is number, word, string, tick, op or end."""

    kind: str
    text: str
    at: int
    end: int


def token_at(text: str, at: int) -> Token:
    """The first token at or after offset *at*; `end` at the end, `bad` for what no token begins with."""
    found = _TOKEN.match(text, at)
    if found is not None and found.lastgroup == "skip":
        at = found.end()
        found = _TOKEN.match(text, at)
    if found is not None:
        return Token(found.lastgroup or "", found[0], at, found.end())
    return Token("bad" if at < len(text) else "end", text[at : at + 12], at, at + 1)


_FOREIGN = {
    "==": "equality is `=`",
    "&&": "FEEL writes `and`",
    "||": "FEEL writes `or`",
    "!": "FEEL writes `not(…)`",
    "'": 'strings stand in `"`',
    "<>": "FEEL writes `!=`",
    "?": "FEEL writes `if … then … else …`",
    "%": "the rest is `modulo(a, b)`",
    "$": "names beginning with `$` stand in back-ticks",
}


def hint(text: str, at: int) -> str:
    """How FEEL writes what other languages write as stands here, in brackets; empty where nothing is known."""
    for sign, words in _FOREIGN.items():
        if text.startswith(sign, at) or (len(sign) == 2 and at and text.startswith(sign, at - 1)):
            return f" ({words})"
    return ""


def shown(token: Token) -> str:
    """What was found, in words for an error message."""
    if token.kind == "end":
        return "the end"
    if token.kind == "bad" and token.text[0] == '"':
        return "a string that does not end"
    return f"`{token.text[:40]}`"


def refuse(text: str, at: int, expected: str, found: str) -> FeelSyntaxError:
    """The error for a text that is not FEEL at offset *at*."""
    line, column = place(text, at)
    return FeelSyntaxError(
        text=text[max(0, at - 40) : at + 40], line=line, column=column, expected=expected, found=found, at=at
    )


_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.S)
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_HALF = re.compile("[\ud800-\udfff]")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def unescape(token: str) -> str:
    """The characters that a string token (with its quotes) stands for; surrogate pairs become one character.

    Half a pair is no character: U+FFFD stands for it.
    """
    body = token[1:-1]
    if "\\" not in body:
        return body
    out = _ESCAPE.sub(_escape, body)
    out = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), out)
    return _HALF.sub("\ufffd", out)


def _escape(found: re.Match[str]) -> str:
    code = found[1]
    if len(code) > 1:
        point = int(code[1:], 16)
        return chr(point) if point < 0x110000 else "\ufffd"
    return _LETTERS.get(code) or (code if code in "\"'\\" else found[0])
