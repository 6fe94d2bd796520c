"""The root of every error that Lienthong raises on purpose; the errors themselves are in `engine.errors`.

Nothing here imports anything of ours.
"""

from collections.abc import Mapping


class _Facts(dict[str, object]):
    """Facts for a message template; a fact that is missing shows as its name instead of failing."""

    def __missing__(self, key: str) -> str:
        return f"<{key}>"


class LienthongError(Exception):
    """The root; never raised itself."""

    code = "internal-error"
    status = 500
    text = "something went wrong"
    remedy = ""

    def __init__(self, **facts: object) -> None:
        self.facts: Mapping[str, object] = facts
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """One sentence built from the class's template and this error's facts."""
        return self.text.format_map(_Facts(self.facts))
