"""What can be done about a thing as a list shows it: for the pages and the interface alike, which differ in nothing else.

The act itself looks again, under the lock: this only spares callers what would be refused.
"""

from engine.actions import by_hand, renew, untaken
from engine.dossiers.statuses import Status, may_become
from engine.queries.call_list import CallLine
from engine.queries.dossier_list import Line
from engine.queries.exchange import MessageLine
from engine.queries.incident_groups import Chosen

NEEDS_DATA = frozenset({"done", "accept", "skip", "deliver"})
"""Acts on an incident that take data: never done for many at once."""


def acts_on_call(call: CallLine) -> tuple[str, ...]:
    """What can be done about the call as it stands; sending it with a new key is another matter."""
    return by_hand.possible(
        call.status,
        call.repeat,
        has_incident=call.incident is not None,
        held=call.held_at is not None,
        certain=call.certain,
    )


def is_renewable(call: CallLine) -> bool:
    """Whether the call may be sent with a new key by whoever has the right to."""
    return renew.possible(call.status, certain=call.certain, attempts=call.attempt)


_MESSAGE_ACTS = {"deliver": by_hand.UNTAKEN, "offer": untaken.OFFERED, "reject": by_hand.UNTAKEN}


def acts_on_message(message: MessageLine) -> tuple[str, ...]:
    """What can be done about a message: deliver it to a dossier by hand, offer it again, reject it."""
    return tuple(act for act, states in _MESSAGE_ACTS.items() if message.status in states)


def can_act_on_dossier(line: Line, action: str) -> bool:
    """Whether *action* can do anything about the dossier as it stands."""
    if action == "resume":
        return line.suspended
    if action == "suspend":
        return not line.suspended and line.situation != "over"
    if action == "cancel":
        return may_become(Status(line.status), Status.WITHDRAWN)
    if action == "extend":
        return line.situation != "over" and line.finished_at is None and line.due_at is not None
    return line.call is not None and not line.suspended


def can_act_on_incident(one: Chosen, action: str) -> bool:
    """Whether the act, which takes no data, can be done about the incident."""
    return one.status != "closed" and action in one.actions
