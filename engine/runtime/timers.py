"""When a timer of a running instance is due: ISO 8601 as modelers write it, or FEEL.

A legal timer (one that counts working days) also says from when and how many, so that it can be counted again.
"""

from engine import feel
from engine.errors import FeelError
from engine.exchange.ports import Json
from engine.models.expressions import Expression
from engine.models.timing import Due, parse
from engine.runtime.turn import Turn
from engine.runtime.wording import sort_of


def due(expression: Expression, values: dict[str, Json], turn: Turn) -> Due:
    """When the timer written as *expression* is due first.

    Raises:
        FeelError: the expression fails, or its value is no time.
    """
    value = turn.raw(expression, values)
    legal = turn.counted() if expression.legal else None
    text = value if isinstance(value, str) else feel.to_json(value)
    if not isinstance(text, str):
        raise FeelError(expression=expression.text, reason=f"{sort_of(text)} is no time, date or duration")
    found = parse(text, turn.now)
    if found is None:
        raise FeelError(
            expression=expression.text, reason=f"{sort_of(text)} is no time, date or duration with an offset"
        )
    if legal is None:
        return found
    return Due(at=found.at, legal_from=legal[0], legal_days=legal[1])
