"""What may be told of a partner's secrets, and the port by which a changed one is tested and put in force.

No value of a secret is ever here: only its name, where it comes from and since when it is what it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.exchange.checking import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretTold:
    """A secret of one partner as this process holds it.

    *name* is the variable that it comes by, *source* file, environment, simulator or none. *changed_at* is the age of the
    file that is in force, *waiting_at* that of its newer content, which is not. *trouble*: why the file cannot be read.
    """

    name: str
    source: str
    changed_at: datetime | None = None
    waiting_at: datetime | None = None
    trouble: str | None = None
    revision: int = 0

    @property
    def is_waiting(self) -> bool:
        """Whether the file holds another secret than the one in force."""
        return self.waiting_at is not None


class PartnerSecrets(Protocol):
    """What processes do with partners' secrets; implemented by the adapters."""

    def secrets(self, partner: str) -> Sequence[SecretTold]:
        """Ours at the partner, then what it signs its messages to us with. Raises: PartnerUnknown."""
        ...

    def check_new_secret(self, partner: str) -> Sequence[Stage]:
        """The way to *partner* with the secret that its file holds now; what is in force stays. Only reads there.

        Raises: PartnerUnknown; SettingsError: it comes from no file, or that cannot be read.
        """
        ...

    def use_secret(self, partner: str, revision: int) -> None:
        """Have what the file holds in force, once for each *revision*; a file that cannot be read is told as trouble."""
        ...
