"""The port through which people sign in at an identity provider of their own. What is said with it is the adapter's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOnBegun:
    """Where the browser goes, and what must be there again when it comes back: *state* comes back with it."""

    address: str
    state: str
    nonce: str
    verifier: str


class SignOn(Protocol):
    """One identity provider; shared by threads. *title* is what people call it."""

    @property
    def title(self) -> str: ...

    def begin(self, back_to: str) -> SignOnBegun:
        """A new sign-in that ends at our address *back_to*. Raises: SignOnUnavailable."""
        ...

    def finish(self, begun: SignOnBegun, answer: Mapping[str, str], back_to: str) -> str:
        """Who came back, by the lasting name that the provider has for them.

        *answer* are the parameters that the browser brought.

        Raises:
            SignOnRefused: the provider said no, or what it said cannot be believed. SignOnUnavailable.
        """
        ...
