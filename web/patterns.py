"""English texts with a place for each fact, found again in what was said; the time grows with the text, whatever is in it.

No regular expressions: one with several places tries every way to share a text out among them, and texts come from models
and partners.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pattern:
    """The words between the facts: one more than there are facts, the first and the last may be empty."""

    words: tuple[str, ...]

    def facts(self, text: str) -> tuple[str, ...] | None:
        """What stands in *text* at each place; None where it is another text. An earlier fact takes as much as it can."""
        first, last = self.words[0], self.words[-1]
        if not (text.startswith(first) and text.endswith(last)):
            return None
        if len(self.words) == 1:
            return () if text == first else None
        begin, end = len(first), len(text) - len(last)
        found: list[str] = []
        for word in self.words[-2:0:-1]:
            at = text.rfind(word, begin, end) if begin <= end else -1
            if at < 0:
                return None
            found.append(text[at + len(word) : end])
            end = at
        return (text[begin:end], *reversed(found)) if begin <= end else None


def pattern(english: str) -> Pattern:
    """The one of a text in which ``{}`` stands for each fact."""
    return Pattern(tuple(english.split("{}")))
