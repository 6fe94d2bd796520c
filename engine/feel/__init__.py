"""FEEL, the expression language of models, contracts and decision tables: compiled once into Python closures.

Pure: no network, clock or disk; it imports nothing of ours but `engine.errors`.
"""

from engine.feel.expression import Expression, compile, evaluate  # noqa: A004 - read as feel.compile
from engine.feel.json_values import from_json, from_lexical, lexical, to_json
from engine.feel.runtime import Limits, Warning_, WorkingCalendar

__all__ = [
    "Expression",
    "Limits",
    "Warning_",
    "WorkingCalendar",
    "compile",
    "evaluate",
    "from_json",
    "from_lexical",
    "lexical",
    "to_json",
]
