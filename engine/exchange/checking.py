"""The port for testing the way to a partner: stage by stage, up to the first that fails. Nothing is changed at the partner."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

STAGES = ("dns", "tcp", "tls", "authentication", "contract")
TOTAL_S = 10.0
"""A whole test takes no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What one stage saw, as a stable code, with the other side's own words; *ok* None: it was not tested."""

    stage: str
    ok: bool | None
    saw: str
    detail: str = ""


class Checking(Protocol):
    """Whoever can test the way to a partner; implemented by the adapters, handed to the web by the root."""

    def check(self, partner: str, total_s: float = TOTAL_S) -> Sequence[Stage]:
        """Every stage in the order of `STAGES`, the first failed one being the last. Takes at most about *total_s*.

        Raises: PartnerUnknown.
        """
        ...
