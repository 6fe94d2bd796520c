"""Where a parser stands in its text: the current token, what is expected next, and the names that are known there.

The grammar is in `parser` and `forms`.
"""

from collections.abc import Sequence

from engine.errors import FeelSyntaxError
from engine.feel.names import Names
from engine.feel.scanner import MAX_TEXT, Token, hint, refuse, shown, token_at

PROPERTIES = ("time offset", "start included", "end included")


class Cursor:
    """A place in a text; *names* are the long names that are known around it, *keys* those that may follow a dot."""

    def __init__(self, text: str, names: Names, at: int = 0) -> None:
        if len(text) > MAX_TEXT:
            raise refuse(text[:80], 0, f"at most {MAX_TEXT} characters", str(len(text)))
        self.text = text
        self.names = names
        self.keys = Names(PROPERTIES, names)
        self.token = token_at(text, at)
        self.depth = self.height = 0
        self.advances = 4 * len(text) + 1000

    def advance(self) -> Token:
        """The current token; the next becomes current."""
        token = self.token
        self.token = token_at(self.text, token.end)
        self.advances -= 1
        if self.advances < 0:
            raise self.refuse("a text that can be read without so many second attempts")
        return token

    def goto(self, at: int) -> None:
        """Continue at offset *at*."""
        self.token = token_at(self.text, at)

    def next_is(self, text: str) -> bool:
        """Whether the token after the current one is *text*."""
        return token_at(self.text, self.token.end).text == text

    def is_at(self, text: str) -> bool:
        """Whether the current token is the operator or word *text*."""
        token = self.token
        return token.text == text and token.kind in ("op", "word")

    def accept(self, text: str) -> bool:
        """Step over *text* if it is next."""
        if self.is_at(text):
            self.advance()
            return True
        return False

    def expect(self, text: str) -> Token:
        """Step over *text*.

        Raises:
            FeelSyntaxError: something else is next.
        """
        if not self.is_at(text):
            raise self.refuse(f"`{text}`")
        return self.advance()

    def refuse(self, expected: str) -> FeelSyntaxError:
        """The error that says that *expected* is missing at the current token."""
        found = shown(self.token) + hint(self.text, self.token.at)
        return refuse(self.text, self.token.at, expected, found)

    def binding(self, names: Sequence[str]) -> None:
        """Know these names from here on, until `release`; keys are known to paths for good."""
        self.names = Names(names, self.names)
        self.keys.parent = self.names
        for name in names:
            self.keys.add(name)

    def release(self) -> None:
        """Forget the names of the last `binding`."""
        self.names = self.names.parent or self.names
        self.keys.parent = self.names
