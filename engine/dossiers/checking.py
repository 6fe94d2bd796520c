"""What a submission and a form have in common: single values that are checked, cleaned and complained about.

A value comes back as it is to be stored (text in Unicode NFC without outer blanks, dates in ISO 8601); what is wrong is
collected, so that a sender hears of everything at once. Which fields there are is decided by the callers.
"""

import math
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date

from engine.exchange.ports import Json

MAX_TEXT = 4000  # characters of one field: the longest that the portal takes

_VIETNAMESE_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Unacceptable(Exception):
    """One value is wrong; its text says how. Never leaves the engine."""


@dataclass(slots=True)
class Problems:
    """The fields that are missing or wrong, in the order in which they were met."""

    found: list[dict[str, str]] = field(default_factory=list)

    def add(self, path: str, reason: str) -> None:
        self.found.append({"field": path, "reason": reason})

    def __bool__(self) -> bool:
        return bool(self.found)

    @property
    def first(self) -> str:
        """The first problem as one clause."""
        return f"{self.found[0]['field']} {self.found[0]['reason']}" if self.found else ""


def clean_text(value: Json, longest: int = MAX_TEXT) -> str:
    """*value* as text in NFC without outer blanks.

    Raises:
        Unacceptable: no text, too long, or with characters that are none (controls, lone surrogates).
    """
    if not isinstance(value, str):
        raise Unacceptable("must be text")
    if len(value) > longest:
        raise Unacceptable(f"is longer than {longest} characters")
    if any(unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\r\t" for char in value):
        raise Unacceptable("has control characters")
    return unicodedata.normalize("NFC", value).strip()


def clean_date(value: Json) -> str:
    """*value* as an ISO date; written as ``2026-11-22`` or ``22/11/2026``.

    Raises:
        Unacceptable: not a date that exists.
    """
    text = clean_text(value, 40)
    vietnamese = _VIETNAMESE_DATE.fullmatch(text)
    try:
        if vietnamese:
            day, month, year = map(int, vietnamese.groups())
            return date(year, month, day).isoformat()
        if _ISO_DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Unacceptable("is a date that does not exist") from None
    raise Unacceptable("must be a date: yyyy-MM-dd or dd/MM/yyyy")


def clean_number(value: Json, *, whole: bool = False) -> int | float:
    """*value* when it is a finite number, or with *whole* an integer.

    Raises:
        Unacceptable: neither.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unacceptable("must be a whole number" if whole else "must be a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise Unacceptable("must be a finite number")
    if whole and value != int(value):
        raise Unacceptable("must be a whole number")
    return int(value) if whole else value


def is_empty(value: Json) -> bool:
    """Whether *value* counts as not given: null, blank text, an empty list or object."""
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())
