"""What was compared of one partner's contract and description, and what that came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine.exchange.ports import Json

_OF = text(
    "SELECT kind, about, standing, since, looked_at, tried_at, trouble, facts FROM drift WHERE partner = :partner"
    " ORDER BY standing <> 'differs', kind, about"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One comparison; *standing* holds since *since*, *looked_at* is None where nothing could be compared yet.

    *trouble*: why the last try, at *tried_at*, found nothing to compare with. What *facts* hold depends on the kind.
    """

    kind: str  # contract | workers | description
    about: str
    standing: str  # same | differs | unreached | unreadable
    since: datetime
    looked_at: datetime | None
    tried_at: datetime
    trouble: str | None
    facts: Mapping[str, Json]


def of_partner(connection: Connection, partner: str) -> list[Comparison]:
    """Everything that was compared of *partner*, what differs first."""
    return [Comparison(**row) for row in connection.execute(_OF, {"partner": partner}).mappings()]
