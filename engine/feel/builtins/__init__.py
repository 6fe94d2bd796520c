"""The built-in functions of FEEL; importing this registers them all."""

from engine.feel.builtins import (
    calendar,
    contexts,
    conversions,
    lists,
    moments,
    numbers,
    patterns,
    ranges,
    selection,
    statistics,
    strings,
)

__all__ = [
    "calendar",
    "contexts",
    "conversions",
    "lists",
    "moments",
    "numbers",
    "patterns",
    "ranges",
    "selection",
    "statistics",
    "strings",
]
