"""The port through which people sign in at an identity provider of their own, and out. What is said with it is the adapter's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOnBegun:
    """Where the browser goes, and what must be there again when it comes back: *state* comes back with it."""

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """Who came back: *subject* is the lasting name that the provider has for them, *id_token* what it said of them, signed."""

    subject: str
    id_token: str = field(repr=False)


class SignOn(Protocol):
    """One identity provider; shared by threads. *title* is what people call it."""

    @property
    def title(self) -> str: ...

    def begin(self, back_to: str) -> SignOnBegun:
        """A new sign-in that ends at our address *back_to*. Raises: SignOnUnavailable."""
        ...

    def finish(self, begun: SignOnBegun, answer: Mapping[str, str], back_to: str) -> Recognised:
        """Who came back.

        *answer* are the parameters that the browser brought.

        Raises:
            SignOnRefused: the provider said no, or what it said cannot be believed. SignOnUnavailable.
        """
        ...

    def ending(self, id_token: str, *, back_to: str, state: str) -> str | None:
        """The address at which the provider ends its own session and sends the browser to *back_to* with *state*.

        *id_token* is what it said when the session began; empty: it will ask the person. None: it offers no such address.
        Raises: SignOnUnavailable.
        """
        ...
