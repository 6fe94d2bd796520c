"""Not travelling at all: a partner that cannot be called fetches its calls and acknowledges them.

Nothing leaves through here. What is fetched and settled is `engine.actions.mailbox`'s business.
"""

from adapters.transport.travel import Outgoing, Travelled
from engine.errors import CallUnavailable


class MailboxTransport:
    """Sends nothing; whoever tries is told so, and nothing has happened."""

    def carry(self, outgoing: Outgoing) -> Travelled:
        """Raises: CallUnavailable, always."""
        partner, operation = outgoing.label
        raise CallUnavailable(
            partner=partner, operation=operation, reason="the partner fetches its calls itself"
        )
