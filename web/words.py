"""The words of the pages in both languages. What procedures and statuses are called comes from them, not from here."""

from functools import lru_cache
from pathlib import Path
from typing import Final

import yaml

LANGUAGES: Final = ("vi", "en")
_FILE = Path(__file__).parent / "translations" / "words.yaml"


class Words(dict[str, str]):
    """Words by name; one that is missing fails loudly instead of leaving a gap in a page."""

    def __getattr__(self, name: str) -> str:
        return self[name]

    def of(self, group: str, name: str) -> str:
        """What *name* of a group of stable codes is called, such as a call's state; the code where it has no word."""
        return self.get(f"{group}_{name.replace('-', '_')}", name)


@lru_cache(maxsize=len(LANGUAGES))
def words(language: str) -> Words:
    """Every word in *language* by its name."""
    at = LANGUAGES.index(language)
    return Words({name: both[at] for name, both in _every().items()})


@lru_cache(maxsize=1)
def _every() -> dict[str, list[str]]:
    found: dict[str, list[str]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return found
