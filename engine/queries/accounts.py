"""The accounts of people, never their passwords."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_LIST = text(
    """
    SELECT a.id, a.name, a.roles, a.unit, a.enabled, a.created_at, a.subject, a.second_factor IS NOT NULL AS second_factor,
        (SELECT max(created_at) FROM session s WHERE s.account_id = a.id) AS signed_in_at,
        (SELECT count(*) FROM session s WHERE s.account_id = a.id AND least(s.expires_at, s.idle_until) > now()) AS sessions
    FROM account a ORDER BY a.name
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """An account as lists show it; *signed_in_at* as far back as its sessions are kept."""

    id: int
    name: str
    roles: tuple[str, ...]
    unit: str | None
    enabled: bool
    created_at: datetime
    subject: str | None
    second_factor: bool
    signed_in_at: datetime | None
    sessions: int


def list_accounts(connection: Connection) -> list[AccountLine]:
    """Every account by name; there are hundreds at most, so no pages."""
    return [
        AccountLine(**{**row, "roles": tuple(row["roles"])}) for row in connection.execute(_LIST).mappings()
    ]
