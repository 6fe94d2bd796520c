"""Constants read from text that comes as data: the ranges that the built-in `range` accepts.

Nothing but literals and the temporal constructors over literals is evaluated.
"""

from engine.errors import FeelSyntaxError
from engine.feel.arithmetic import negate
from engine.feel.comparison import less_or_equal
from engine.feel.names import Names
from engine.feel.parser import parse
from engine.feel.registry import BUILTINS, call_builtin
from engine.feel.runtime import Misuse, Run
from engine.feel.syntax import Call, Literal, Name, Negation, Node, RangeLiteral
from engine.feel.values import Range

_MAKERS = ("date", "time", "date and time", "duration")


def read_range(run: Run, text: str) -> Range | None:
    """The range in *text*, or None if it is none, not of constants, or runs backwards."""
    try:
        tree = parse(text, Names(BUILTINS))
    except FeelSyntaxError:
        return None
    if not isinstance(tree, RangeLiteral):
        return None
    low, high = _constant(run, tree.low), _constant(run, tree.high)
    if low is None or high is None or less_or_equal(low, high) is not True:
        return None
    return Range(low, high, tree.low_closed, tree.high_closed)


def _constant(run: Run, node: Node) -> object:
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Negation) and isinstance(node.operand, Literal):
        return negate(node.operand.value)
    if not isinstance(node, Call) or not isinstance(node.function, Name) or len(node.args) != 1:
        return None
    argument = node.args[0]
    if node.function.name not in _MAKERS or not isinstance(argument, Literal):
        return None
    try:
        return call_builtin(run, node.function.name, [argument.value], None)
    except Misuse:
        return None
