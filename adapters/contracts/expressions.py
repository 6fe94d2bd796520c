"""FEEL as contracts use it: compiled once, given JSON, answering JSON.

What the language means is in `engine.feel`; templates built from expressions are in `templates`.
"""

from collections.abc import Iterable, Mapping

from engine import feel
from engine.errors import FeelError
from engine.exchange.ports import Json


class Expression:
    """A compiled expression over named JSON values.

    A part that fails is null, as FEEL says; where null cannot stand, the schema of what is composed refuses it. The
    moments that a mapping needs are among its names, so that the same values give the same request.
    """

    __slots__ = ("_run", "names", "text")

    def __init__(self, text: str, names: Iterable[str]) -> None:
        """Raises: FeelSyntaxError."""
        self.text = text.removeprefix("=").strip()
        self._run = feel.compile(self.text, frozenset(names))
        self.names: frozenset[str] = self._run.names

    def __call__(self, scope: Mapping[str, Json]) -> Json:
        """Raises: FeelError: a function as the result, or a limit exceeded."""
        return feel.to_json(self._run(scope))  # type: ignore[return-value]  # to_json gives JSON values only

    def holds(self, scope: Mapping[str, Json]) -> bool:
        """Whether it is true; null and everything else is not."""
        return self._run(scope) is True

    def text_of(self, scope: Mapping[str, Json]) -> str:
        """Its value as text: strings as they are, null empty, numbers in plain digits.

        Raises:
            FeelError: it is a list or a context.
        """
        value = self(scope)
        if value is None:
            return ""
        if isinstance(value, list | dict):
            raise FeelError(expression=self.text, reason="a text was expected")
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)
