"""From text to syntax tree: a Pratt parser that knows the names in scope, so that names may have spaces and operators.

The pieces that open with a word or bracket of their own are in `forms`; types as written are in `type_syntax`.
"""

from collections.abc import Callable

from engine.feel import forms
from engine.feel.cursor import Cursor
from engine.feel.names import Names, clean
from engine.feel.scanner import KEYWORDS, Token, refuse, shown, token_at, unescape
from engine.feel.syntax import (
    Between,
    Binary,
    Call,
    Filter,
    In,
    InstanceOf,
    Literal,
    Logic,
    Name,
    Node,
    Path,
    Test,
    UnaryTests,
)
from engine.feel.texts import read_number, read_temporal
from engine.feel.type_syntax import parse_type

MAX_DEPTH, MAX_HEIGHT = 100, 200

_BINARY = {"=": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "+": 5, "-": 5, "*": 6, "/": 6, "**": 7}
_WORDS = {"or": 1, "and": 2, "between": 3, "in": 3, "instance": 4}
_POSTFIX = {".": 9, "(": 9, "[": 9}
_OPENING = ("-", "(", "[", "]", "{", "@", "<", "<=", ">", ">=")
_CONTINUING = ("and", "or", "then", "else", "return", "satisfies", "between", "in", "instance")
COMPARE = 3


class Parser(Cursor):
    """One text on its way to a tree; *names* are the long names that are known around it."""

    # -- expressions ----------------------------------------------------------------------------

    def expression(self, power: int = 0) -> Node:
        """The expression that begins here, as far as operators bind tighter than *power*."""
        outer, self.height = self.height, 0
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.refuse(f"at most {MAX_DEPTH} levels of nesting")
        left = self._primary()
        height = self.height + 1
        while True:
            token = self.token
            binds = self._power(token)
            if binds <= power or (token.text == "[" and self._closes_range(token)):
                break
            self.height = 0
            left = self._infix(left, token, binds)
            height = max(height, self.height) + 1
            if height > MAX_HEIGHT:
                raise self.refuse(f"at most {MAX_HEIGHT} operators in a chain")
        self.depth -= 1
        self.height = max(outer, height)
        return left

    def _power(self, token: Token) -> int:
        if token.kind == "op":
            return _BINARY.get(token.text) or _POSTFIX.get(token.text, 0)
        return _WORDS.get(token.text, 0) if token.kind == "word" else 0

    def _closes_range(self, token: Token) -> bool:
        """Whether a `[` after a value can only be the end of a range: `[1..10[`."""
        after = token_at(self.text, token.end)
        if after.kind == "op":
            return after.text not in _OPENING
        return after.kind == "end" or (after.kind == "word" and after.text in _CONTINUING)

    def _infix(self, left: Node, token: Token, power: int) -> Node:
        op = token.text
        if op in _BINARY:
            self.advance()
            return Binary(token.at, op, left, self.expression(power))
        if op in ("and", "or"):
            return self._logic(left, token, power)
        return _INFIX[op](self, left, token)

    def _logic(self, left: Node, token: Token, power: int) -> Node:
        terms = [left]
        while self.accept(token.text):
            terms.append(self.expression(power))
        return Logic(token.at, token.text, tuple(terms))

    def _path(self, left: Node, token: Token) -> Node:
        self.advance()
        head = self.token
        if head.kind == "tick":
            return Path(head.at, left, clean(self.advance().text[1:-1]))
        if head.kind != "word" or head.text == "?":
            raise self.refuse("a name after `.`")
        return Path(head.at, left, self.long_name(self.keys))

    def _filter(self, left: Node, token: Token) -> Node:
        self.advance()
        condition = self.expression()
        self.expect("]")
        return Filter(token.at, left, condition)

    def _call(self, left: Node, token: Token) -> Node:
        self.advance()
        names, args = forms.arguments(self)
        at = left.at if isinstance(left, Name | Path) else token.at
        return Call(at, left, tuple(args), tuple(names) if names else None)

    def _between(self, left: Node, token: Token) -> Node:
        self.advance()
        low = self.expression(COMPARE)
        self.expect("and")
        return Between(token.at, left, low, self.expression(COMPARE))

    def _in(self, left: Node, token: Token) -> Node:
        self.advance()
        if self.is_at("("):
            start = self.token.at
            tests = self._tests_in_parentheses()
            if tests is not None:
                return In(token.at, left, tests)
            self.goto(start)
        return In(token.at, left, (self.test(COMPARE),))

    def _tests_in_parentheses(self) -> tuple[Node, ...] | None:
        """`(a, < 5)`; None where the parenthesis is a range or begins a longer expression."""
        depth, height = self.depth, self.height
        self.advance()
        tests = [self.test()]
        while self.accept(","):
            tests.append(self.test())
        if self.accept(")") and (len(tests) > 1 or self._power(self.token) <= COMPARE):
            return tuple(tests)
        self.depth, self.height = depth, height
        return None

    def _instance(self, left: Node, token: Token) -> Node:
        self.advance()
        self.expect("of")
        return InstanceOf(token.at, left, parse_type(self))

    def test(self, power: int = 0) -> Node:
        """A positive unary test: a comparison without its left side, or an expression."""
        token = self.token
        if token.kind == "op" and token.text in _BINARY and _BINARY[token.text] == COMPARE:
            self.advance()
            return Test(token.at, token.text, self.expression(COMPARE))
        return self.expression(power)

    # -- primaries ------------------------------------------------------------------------------

    def _primary(self) -> Node:
        token = self.token
        kind = token.kind
        if kind == "word":
            form = forms.FORMS.get(token.text)
            return form(self) if form and not self._is_long_name(token) else self._name()
        if kind == "number":
            return self._number()
        if kind == "string":
            return Literal(token.at, unescape(self.advance().text))
        if kind == "tick":
            return Name(token.at, clean(self.advance().text[1:-1]))
        form = forms.FORMS.get(token.text) if kind == "op" else None
        if form is None:
            raise self.refuse("an expression")
        return form(self)

    def _number(self) -> Node:
        token = self.advance()
        value = read_number(token.text)
        if value is None:
            raise refuse(self.text, token.at, "a number of at most 34 digits and 6144 places", shown(token))
        return Literal(token.at, value)

    def _is_long_name(self, token: Token) -> bool:
        """Whether a known name begins here with a word that means something else alone: `in stock`."""
        return self.names.match(self.text, token.at, token.text) is not None

    def _name(self) -> Node:
        token = self.token
        if token.text in KEYWORDS and token.text != "not" and not self._is_long_name(token):
            raise self.refuse("an expression")
        return Name(token.at, self.long_name(self.names))

    def long_name(self, names: Names) -> str:
        """Step over the longest known name here, or the word that is here, and return it."""
        token = self.token
        found = names.match(self.text, token.at, token.text)
        if found is None:
            self.advance()
            return token.text
        self.goto(found[1])
        return found[0]

    def at_literal(self) -> Node:
        """`@"…"`.

        Raises:
            FeelSyntaxError: the text is no temporal value.
        """
        start = self.advance()
        if self.token.kind != "string":
            raise self.refuse("a string after `@`")
        token = self.advance()
        value = read_temporal(unescape(token.text))
        if value is None:
            raise refuse(self.text, token.at, "a date, time, date and time or duration", shown(token))
        return Literal(start.at, value)


_INFIX: dict[str, Callable[[Parser, Node, Token], Node]] = {
    ".": Parser._path,
    "[": Parser._filter,
    "(": Parser._call,
    "between": Parser._between,
    "in": Parser._in,
    "instance": Parser._instance,
}


def parse(text: str, names: Names) -> Node:
    """The tree of an expression.

    Raises:
        FeelSyntaxError: the text is not FEEL; says where, what was expected and what was found.
    """
    parser = Parser(text, names)
    node = parser.expression()
    if parser.token.kind != "end":
        raise parser.refuse("an operator or the end")
    return node


def parse_unary(text: str, names: Names) -> UnaryTests:
    """The tree of a decision table's cell: `-`, tests separated by commas, or `not(…)` around them.

    Raises:
        FeelSyntaxError: the text is neither.
    """
    parser = Parser(text, names)
    if parser.token.kind == "end" or (parser.is_at("-") and parser.next_is("")):
        return UnaryTests(0, ())
    negated = parser.is_at("not") and parser.next_is("(")
    if negated:
        tests = forms.negated_tests(parser)
        if tests is not None:
            return UnaryTests(0, tests, True)
        parser.goto(0)
    found = [parser.test()]
    while parser.accept(","):
        found.append(parser.test())
    if parser.token.kind != "end":
        raise parser.refuse("`,` or the end")
    return UnaryTests(0, tuple(found))
