"""DMN 1.1 to 1.5: decision tables, boxed expressions, requirement graphs and services, read, checked and decided.

Pure: bytes and values in, values and findings out. The expression language itself is `engine.feel`.
"""

from engine.models.decisions.checks import check
from engine.models.decisions.deciding import Decided, Surroundings, decide, explain, load

__all__ = ["Decided", "Surroundings", "check", "decide", "explain", "load"]
