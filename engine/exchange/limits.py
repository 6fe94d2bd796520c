"""The limits of the exchange with one partner that a person may set in place of its contract's, and their bounds.

Values only. A limit that is None stands as the contract says; what is set holds for all of the partner's operations.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from engine import errors
from engine.exchange.ports import Json

WORDS_MOST = 200
BOUNDS: Mapping[str, tuple[float, float]] = {
    "window": (1, 1000),
    "total_timeout_s": (0.1, 3600),
    "connect_timeout_s": (0.1, 60),
    "max_attempts": (1, 1000),
}
"""Least and most of each number; within what a contract may say. A lease is the total time-out and a margin."""
WHOLE = frozenset({"window", "max_attempts"})
WORDS = ("rate", "hours")
"""What the partner asks for in its own words: shown to people, nothing acts on them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """*window*: calls under way per worker; time-outs in seconds; *max_attempts*: sent before a person is asked."""

    window: int | None = None
    total_timeout_s: float | None = None
    connect_timeout_s: float | None = None
    max_attempts: int | None = None
    rate: str | None = None
    hours: str | None = None

    def set(self) -> dict[str, Json]:
        """What is set, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}


NAMES = tuple(one.name for one in fields(Limits))


def read(texts: Mapping[str, str]) -> Limits:
    """The limits that a form's *texts* say; an empty one: as the contract says.

    Raises:
        RequestInvalid: names each field that is wrong, and why.
    """
    found: dict[str, int | float | str | None] = {}
    wrong: list[dict[str, str]] = []
    for name in NAMES:
        text = texts.get(name, "").strip()
        try:
            found[name] = (_words(text) if name in WORDS else _number(name, text)) if text else None
        except ValueError as exc:
            wrong.append({"field": name, "reason": str(exc)})
    total, connect = found.get("total_timeout_s"), found.get("connect_timeout_s")
    if isinstance(total, int | float) and isinstance(connect, int | float) and connect > total:
        wrong.append({"field": "connect_timeout_s", "reason": "is longer than the whole time-out"})
    if wrong:
        told: list[Json] = [dict(one) for one in wrong]
        raise errors.RequestInvalid(reason="a limit is not acceptable", fields=told)
    return Limits(**found)  # type: ignore[arg-type]  # each was read as its field's kind


def stored(kept: Json) -> Limits:
    """The limits of a partner's row; what a newer version keeps beside them is left out."""
    known = {name: value for name, value in kept.items() if name in NAMES} if isinstance(kept, dict) else {}
    return Limits(**known)  # type: ignore[arg-type]  # written by `Limits.set`


def _number(name: str, text: str) -> int | float:
    least, most = BOUNDS[name]
    whole = name in WHOLE
    kind = "whole number" if whole else "number"
    wrong = ValueError(f"is no {kind} from {least:g} to {most:g}")
    if not text.isascii() or "_" in text:
        raise wrong
    try:
        number = int(text) if whole else float(text.replace(",", "."))
    except ValueError:
        raise wrong from None
    if not math.isfinite(number) or not least <= number <= most:
        raise wrong
    return number


def _words(text: str) -> str:
    if len(text) > WORDS_MOST:
        raise ValueError(f"is longer than {WORDS_MOST} characters")
    if not text.isprintable():
        raise ValueError("holds what cannot be printed")
    return text
